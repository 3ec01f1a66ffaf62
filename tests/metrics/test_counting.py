"""Metric filters at work: which datapoints a batch of log events makes, and when."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.ingest.incoming import incoming
from logq.ingest.parser import Parser
from logq.metric import Datum, Metric
from logq.metrics.counting import MOST_METRICS, Counting
from logq.metrics.filter import KIND, MetricFilter
from logq.storage import Storage

NOW = 1_780_000_000_000
MINUTE = NOW // 60_000 * 60
GROUP = "/app"


class World:
    """A log group with filters, whose datapoints are kept in a list."""

    def __init__(self, path: Path) -> None:
        self.now = NOW
        self.storage = Storage.open(path, lambda: self.now)
        self.storage.groups.create(GROUP)
        self.data: list[Datum] = []
        self.own: Counter[tuple[str, str]] = Counter()
        self.counting = Counting(
            self.storage.groups,
            self.storage.definitions,
            self.storage.database,
            self._add,
            lambda: self.now,
            self._own,
        )
        self.storage.when_events_come(self.counting.watch)

    def _add(self, connection: sqlite3.Connection, data: Sequence[Datum]) -> None:
        assert connection.in_transaction
        self.data += data

    def _own(self, name: str, dimensions: Any, amount: float) -> None:
        self.own[name, dimensions.get("FilterName", "")] += int(amount)

    def put(self, name: str, pattern: str, **more: Any) -> None:
        wanted = MetricFilter(pattern, "ns", name, **more)
        self.storage.definitions.put(KIND, name, dataclasses.asdict(wanted), group=GROUP)

    def send(self, *events: tuple[int, str] | str) -> None:
        """Events with their seconds after ``MINUTE``; a text alone is of now."""
        timed = [(self.now // 1000 - MINUTE, e) if isinstance(e, str) else e for e in events]
        arriving = incoming(
            [text for _, text in timed],
            [(MINUTE + seconds) * 1000 for seconds, _ in timed],
            ["s"] * len(timed),
        )
        self.storage.events.append(GROUP, Parser("json").accept(arriving, self.now).batch)

    def samples(self, name: str) -> dict[tuple[int, tuple[tuple[str, str], ...]], dict[float, int]]:
        """Values and counts by minute (after ``MINUTE``) and dimensions."""
        found: dict[Any, Counter[float]] = defaultdict(Counter)
        for datum in self.data:
            if datum.metric.name == name:
                for value, count in zip(datum.values, datum.counts or (1,), strict=True):
                    place = (datum.time - MINUTE) // 60, datum.metric.dimensions
                    found[place][value] += int(count)
        return {place: dict(values) for place, values in found.items()}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.storage.close()


def test_matches_count_at_the_minute_of_the_event(world: World) -> None:
    world.put("errors", "ERROR")
    world.send((0, "ERROR a"), (59, "an ERROR"), (60, "ERROR"), (61, "fine"), (-1, "ERROR"))

    assert world.samples("errors") == {(0, ()): {1.0: 2}, (1, ()): {1.0: 1}, (-1, ()): {1.0: 1}}


def test_values_and_dimensions_come_from_the_event(world: World) -> None:
    world.put("ms", "{ $.ms = * }", value="$.ms", unit="Milliseconds", dimensions={"R": "$.r"})
    world.send(
        '{"ms": 5, "r": "/a"}',
        '{"ms": "5", "r": "/a"}',
        '{"ms": 7.5, "r": "/b"}',
        '{"ms": "slow", "r": "/a"}',
        '{"ms": 9}',
        '{"ms": 1e400, "r": "/a"}',
    )

    assert world.samples("ms") == {
        (0, (("R", "/a"),)): {5.0: 2},
        (0, (("R", "/b"),)): {7.5: 1},
    }
    assert {datum.unit for datum in world.data} == {"Milliseconds"}
    assert world.own["FilterValueErrors", "ms"] == 2
    assert world.own["FilterDimensionErrors", "ms"] == 1


def test_events_too_old_or_too_new_are_told_and_not_counted(world: World) -> None:
    world.put("n", "x")
    world.send((-13 * 86_400, "x"), (-14 * 86_400 - 60, "x"), (7_000, "x"), (7_300, "x"))

    assert sorted(minute for minute, _ in world.samples("n")) == [-13 * 1440, 116]
    assert world.own["FilterEventsRejected", "n"] == 2


def test_a_filter_looks_only_at_events_that_come_after_it(world: World) -> None:
    world.send("x", "x")
    world.put("n", "x")
    world.send("x")
    world.put("n", "x", value="3")
    world.send("x")
    world.storage.definitions.delete(KIND, "n", group=GROUP)
    world.send("x")

    assert world.samples("n") == {(0, ()): {1.0: 1, 3.0: 1}}


def test_a_minute_with_events_and_no_match_gets_the_default_once(world: World) -> None:
    world.put("n", "x", default=0.0)
    world.send((0, "x"), (1, "y"), (60, "y"), (61, "y"))  # and nothing in the minute after
    world.send((180, "y"))

    world.now = (MINUTE + 129) * 1000
    assert world.counting.close_minutes() == 0
    world.now = (MINUTE + 130) * 1000  # ten seconds after the minute
    assert world.counting.close_minutes() == 1
    assert world.counting.close_minutes() == 0
    assert world.samples("n") == {(0, ()): {1.0: 1}, (1, ()): {0.0: 1}}

    world.send((62, "x"), (63, "y"))  # late: both samples stay
    world.now = (MINUTE + 600) * 1000
    assert world.counting.close_minutes() == 1  # the last one
    assert world.samples("n")[1, ()] == {0.0: 1, 1.0: 1}
    assert world.samples("n")[3, ()] == {0.0: 1}


def test_two_events_a_minute_as_in_the_guide_of_cloudwatch(world: World) -> None:
    world.put("n", "ERROR", default=0.0)
    world.send((0, "ERROR"), (1, "ERROR"), (60, "fine"), (61, "fine"))
    world.now = (MINUTE + 900) * 1000
    world.counting.close_minutes()

    sums = {
        m: sum(v * n for v, n in values.items()) for (m, _), values in world.samples("n").items()
    }
    assert sums == {0: 2, 1: 0}


def test_a_filter_that_is_gone_gives_no_default(world: World) -> None:
    world.put("n", "x", default=0.0)
    world.send((0, "y"))
    world.storage.definitions.delete(KIND, "n", group=GROUP)
    world.now = (MINUTE + 900) * 1000

    assert world.counting.close_minutes() == 0
    assert world.data == []


def test_what_is_not_accepted_does_not_count(world: World) -> None:
    from logq.errors import CheckpointConflict
    from logq.model import Checkpoint

    world.put("n", "x", default=0.0)
    before = len(world.data)
    batch = Parser("json").accept(incoming(["y"], [NOW], ["s"]), NOW).batch
    with pytest.raises(CheckpointConflict):
        world.storage.events.append(
            GROUP, batch, [Checkpoint("a", "k", "1", expected="0", check=True)]
        )
    world.now += 900_000
    assert world.counting.close_minutes() == 0
    assert len(world.data) == before


def test_a_dimension_that_never_repeats_is_cut_off(world: World) -> None:
    world.put("n", "{ $.id = * }", dimensions={"Id": "$.id"})
    world.send(*[f'{{"id": "{n}"}}' for n in range(MOST_METRICS + 5)])
    world.send('{"id": "0"}', '{"id": "new"}')

    assert len(world.samples("n")) == MOST_METRICS
    assert world.own["FilterMetricsOverLimit", "n"] == 6


def test_more_values_than_a_datum_may_have_become_several(world: World) -> None:
    world.put("v", "{ $.v = * }", value="$.v")
    world.send(*[f'{{"v": {n}}}' for n in range(400)])

    assert max(len(datum.values) for datum in world.data) <= 150
    assert world.samples("v") == {(0, ()): {float(n): 1 for n in range(400)}}


def test_many_filters_of_a_group_each_find_their_own(world: World) -> None:
    for number in range(30):
        world.put(f"f{number}", f"{{ $.n = {number} }}")
    world.send(*[f'{{"n": {n % 30}}}' for n in range(90)])

    assert {datum.metric.name: datum.counts for datum in world.data} == {
        f"f{n}": (3,) for n in range(30)
    }


EVENT = """{"_aws": {"Timestamp": %d, "CloudWatchMetrics": [{"Namespace": "shop",
 "Dimensions": [["Service"], []], "Metrics": [{"Name": "Latency", "Unit": "Milliseconds"},
 {"Name": "Missing"}]}]}, "Service": "cart", "Latency": [3, 4.5]}"""


def test_embedded_metrics_count_where_they_are_switched_on(world: World) -> None:
    event = (EVENT % NOW).replace("\n", "")
    world.send(event)
    assert world.data == []

    world.storage.groups.set(GROUP, embedded_metrics=True)
    world.send(event, '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}}', 'no JSON "_aws"')

    made = {datum.metric: (datum.time, datum.values, datum.unit) for datum in world.data}
    expected = (MINUTE, (3.0, 4.5), "Milliseconds")
    assert made == {
        Metric("shop", "Latency", (("Service", "cart"),)): expected,
        Metric("shop", "Latency"): expected,
    }
    assert world.own["EmbeddedMetricErrors", ""] == 1


EVENTS = st.lists(
    st.tuples(
        st.integers(-400, 400),
        st.integers(0, 3),
        st.one_of(st.none(), st.integers(-3, 3), st.just("x")),
    ),
    max_size=30,
)


@settings(max_examples=30)
@given(batches=st.lists(EVENTS, max_size=4))
def test_samples_are_those_that_a_loop_would_make(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[int, int, Any]]]
) -> None:
    import json

    world = World(tmp_path_factory.mktemp("world"))
    world.put("m", "{ $.k < 2 }", value="$.v", dimensions={"K": "$.k"})
    expected: dict[Any, Counter[float]] = defaultdict(Counter)
    for batch in batches:
        if not batch:
            continue
        world.send(*[(at, json.dumps({"k": k, "v": v})) for at, k, v in batch])
        for at, k, v in batch:
            if k < 2 and isinstance(v, int):
                expected[at // 60, (("K", str(k)),)][float(v)] += 1

    assert world.samples("m") == {place: dict(values) for place, values in expected.items()}
    world.storage.close()
