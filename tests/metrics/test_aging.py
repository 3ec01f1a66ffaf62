"""Datapoints grow old: packing changes nothing, rolling up changes only how fine they are."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from logq.metric import Datum, Metric, MetricStat, StatisticSet, Window
from logq.metrics.metrics import Metrics
from logq.settings import Settings
from logq.storage import Storage
from tests.metrics.building import CPU, NOW, Clock, Memory, ask, datum, numbers
from tests.storage.killing import Tell, die_at

HOUR, DAY = 3_600, 86_400
STATS = ("SampleCount", "Sum", "Minimum", "Maximum", "p50", "tm90")


def tables(storage: Storage) -> tuple[int, int]:
    """How many rows there are of datapoints, and how many blocks."""
    with storage.database.read() as connection:
        rows = connection.execute("SELECT count(*) FROM datapoints").fetchone()[0]
        return rows, connection.execute("SELECT count(*) FROM datapoint_blocks").fetchone()[0]


def age(metrics: Metrics, clock: Clock, seconds: int) -> int:
    """Let time pass, do all that is due then, and tell how many steps that took."""
    clock.now += seconds * 1000
    steps = 0
    while metrics.upkeep(clock.now):
        steps += 1
    return steps


def test_packed_datapoints_read_as_before_and_take_late_ones(
    metrics: Metrics, storage: Storage, clock: Clock
) -> None:
    chance = random.Random(5)
    for minute in range(90):
        metrics.put([datum(*(chance.random() for _ in range(3)), at=NOW + 60 * minute)])
    periods = [(60 * minute, 60 * minute + 60) for minute in range(90)]
    spans = [(600 * at, 600 * at + 600) for at in range(9)]
    before = [ask(metrics, stat, *over) for stat in STATS for over in (periods, spans)]

    age(metrics, clock, 8 * HOUR)

    assert tables(storage) == (0, 1)
    assert [ask(metrics, stat, *over) for stat in STATS for over in (periods, spans)] == before
    assert age(metrics, clock, 0) == 0

    metrics.put([datum(7, at=NOW + 60), datum(8, at=NOW + 60, unit="Count")])
    late = [ask(metrics, stat, (60, 120)) for stat in ("Maximum", "p100", "SampleCount", "TC(0:)")]
    assert late == [[8], [8], [5], [5]]
    age(metrics, clock, 8 * HOUR)
    assert tables(storage) == (0, 1)
    again = [ask(metrics, stat, (60, 120)) for stat in ("Maximum", "p100", "SampleCount", "TC(0:)")]
    assert again == late
    assert ask(metrics, "Maximum", (60, 120), unit="Count") == [8]


def test_the_latest_datapoints_are_not_packed(
    metrics: Metrics, storage: Storage, clock: Clock
) -> None:
    metrics.put([datum(1)])

    assert age(metrics, clock, 1_700) == 0
    assert tables(storage) == (1, 0)


def test_old_datapoints_are_rolled_up_from_tier_to_tier_and_then_deleted(
    metrics: Metrics, storage: Storage, clock: Clock
) -> None:
    start = NOW // HOUR * HOUR - NOW
    seconds = [datum(n, at=NOW + start + n, resolution=1) for n in range(120)]
    metrics.put([*seconds, *(datum(n, at=NOW + start + 60 * n) for n in range(60))])
    sums = {
        1: [(start + 5, start + 6)],
        60: [(start, start + 60), (start + 60, start + 120)],
        300: [(start, start + 300)],
        3600: [(start, start + 3600)],
    }
    assert ask(metrics, "Sum", *sums[1]) == [5]
    whole = ask(metrics, "Sum", *sums[3600])

    def read() -> dict[int, list[float | None]]:
        return {length: ask(metrics, "Sum", *over) for length, over in sums.items()}

    age(metrics, clock, 4 * HOUR)
    assert read() == {1: [None], 60: [1770, 5371], 300: [7150], 3600: whole}
    age(metrics, clock, 17 * DAY)
    assert read() == {1: [None], 60: [None, None], 300: [7150], 3600: whole}
    age(metrics, clock, 53 * DAY)
    assert read() == {1: [None], 60: [None, None], 300: [None], 3600: whole}
    assert ask(metrics, "p50", *sums[3600]) == [44]
    age(metrics, clock, 460 * DAY)
    assert tables(storage) == (0, 0)
    assert list(metrics.list_metrics(since=0)) == []


def test_how_long_each_tier_is_kept_can_be_set(storage: Storage, clock: Clock) -> None:
    metrics = Metrics(storage.database, clock, Settings(metric_days_60s=1))
    metrics.put([datum(1)])

    age(metrics, clock, 2 * DAY + HOUR)

    assert ask(metrics, "Sum", (0, 60)) == [None]
    start = NOW // 300 * 300 - NOW
    assert ask(metrics, "Sum", (start, start + 300)) == [1]


def test_statistic_sets_stay_what_they_are_through_packing_and_rolling_up(
    metrics: Metrics, clock: Clock
) -> None:
    start = NOW // HOUR * HOUR
    metrics.put(
        [
            Datum(CPU, start, statistics=StatisticSet(4, 20, 1, 9)),
            datum(*range(150), at=start + 60),
            datum(*range(200, 300), at=start + 60),
        ]
    )
    windows = [(start - NOW, start - NOW + HOUR)]

    def read() -> list[list[float | None]]:
        stats = ("Sum", "p50", "Maximum", "SampleCount")
        return [ask(metrics, stat, *windows) for stat in stats]

    before = read()
    assert before == [[20 + 11175 + 24950], [None], [299], [254]]
    for days in (1, 17, 60):
        age(metrics, clock, days * DAY)
        assert read() == before


@dataclass
class Reading:
    """One sample of the property below."""

    metric: int
    minute: int
    value: float


@hypothesis(max_examples=30)
@given(
    st.lists(
        st.builds(
            Reading,
            st.integers(0, 20),
            st.integers(0, 400),
            st.one_of(st.integers(0, 9).map(float), st.floats(-1e6, 1e6)),
        ),
        min_size=1,
        max_size=60,
    ),
    st.data(),
)
def test_calls_and_packing_in_any_order_give_the_statistics_of_all_samples(
    readings: list[Reading], data: st.DataObject
) -> None:
    clock = Clock()
    hosts = [Metric("App", "cpu", (("host", str(n)),)) for n in range(21)]
    samples = [
        datum(each.value, at=NOW + 60 * each.minute, metric=hosts[each.metric]) for each in readings
    ]
    clock.now += 400 * 60_000
    asks = [
        (MetricStat(host, stat, length), [Window(at, at + length)])
        for host in sorted({sample.metric for sample in samples})
        for stat in STATS
        for length, at in ((60, samples[0].time), (24_000, NOW))
    ]
    metrics = Metrics(Memory(), clock, Settings())
    rest = list(samples)
    while rest:
        size = data.draw(st.integers(1, 20))
        metrics.put(rest[:size])
        rest = rest[size:]
        clock.now += data.draw(st.integers(0, 5)) * 1_000_000
        for _ in range(data.draw(st.integers(0, 3))):
            metrics.upkeep(clock.now)
    at_once = Metrics(Memory(), clock, Settings())
    at_once.put(samples)

    found = [numbers(each) for each in metrics.windows(asks)]
    expected = [numbers(each) for each in at_once.windows(asks)]

    for (stat, _), one, other in zip(asks, found, expected, strict=True):
        if stat.stat in ("Sum", "tm90"):
            assert [each is None for each in one] == [each is None for each in other]
            held = [each for each in other if each is not None]
            assert [each for each in one if each is not None] == pytest.approx(held, abs=1e-6)
        else:
            assert one == other


POINTS = ("metrics.in-packing", "metrics.packed", "metrics.in-roll-up", "metrics.rolled-up")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("time", [1, 2])
def test_a_crash_while_datapoints_age_loses_and_doubles_nothing(
    tmp_path: Path, clock: Clock, point: str, time: int
) -> None:
    hosts = [Metric("App", "cpu", (("host", str(n)),)) for n in range(40)]
    place = tmp_path / "data"
    hour = NOW // HOUR * HOUR - NOW

    def work(tell: Tell) -> None:
        with Storage.open(place, clock) as storage:
            metrics = Metrics(storage.database, clock, Settings())
            for minute in range(0, 60, 7):
                data = [datum(minute, at=NOW + hour + minute * 60, metric=host) for host in hosts]
                metrics.put(data)
            tell("put")
            age(metrics, clock, 17 * DAY)
            tell("aged")

    told, died = die_at(f"{point}:{time}", work)

    assert died
    assert told == ["put"]
    clock.now = NOW * 1000
    with Storage.open(place, clock) as storage:
        metrics = Metrics(storage.database, clock, Settings())
        for seconds in (0, 17 * DAY, 60 * DAY):
            age(metrics, clock, seconds)
            for host in hosts:
                assert ask(metrics, "Sum", (hour, hour + HOUR), metric=host) == [252]
                assert ask(metrics, "SampleCount", (hour, hour + HOUR), metric=host) == [9]
        assert tables(storage)[0] == 0
