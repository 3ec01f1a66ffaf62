"""What watching costs: metric filters where events are accepted, and the evaluation of alarms."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.bench import corpus
from tests.bench.measuring import Cost, Goal, Row, alternate, child, run
from tests.bench.scenes import Bench

FILTERS = 20
EVENTS = 100_000
GROUPS = 10


def filters(bench: Bench) -> Iterator[Row]:
    """20 filters on a load; a thousand on as many events as come in a busy minute."""
    paths = list(map(str, corpus.json_files(bench.cache, bench.events)))
    counts: list[int] = []

    def load(number: int) -> Cost:
        data = bench.fresh("filters.logq")
        cost, found = child("logq.watched_load", data=data, files=paths, filters=number)
        if number:
            counts.append(found["counted"])
        return cost

    mine, theirs = alternate(bench.repeats, lambda: load(FILTERS), lambda: load(0))
    expected = child("logq.would_count", files=paths, filters=FILTERS)[1]
    yield Row(
        f"load json with {FILTERS} filters",
        mine,
        theirs,
        Goal("cpu", 1.3),
        set(counts) == {expected},
        "against none",
    )
    events = min(EVENTS, bench.events)
    each = 1_000 // GROUPS

    def minute(number: int) -> Cost:
        data = bench.fresh("minute.logq")
        cost, _ = child(
            "logq.minute", data=data, file=paths[0], events=events, groups=GROUPS, filters=number
        )
        return cost

    mine, theirs = alternate(1, lambda: minute(each), lambda: minute(0))
    yield Row(
        f"1,000 filters, {events:,} events a minute",
        replace(mine, disk=0),
        theirs,
        Goal("cpu", 0, 60),
        None,
        "against none; a minute has 60 s",
    )


MONTH = 100_000
"""Events, one in 26 seconds."""
BURSTS, BURST = 5, 200
"""Times of nothing but errors, and how many these are."""
ALARM = """
operator = ">"
threshold = 1
missing = "notBreaching"
periods = 3
datapoints = 2
[metric]
namespace = "bench"
name = "errors"
statistic = "Sum"
"""


def alarms(bench: Bench) -> Iterator[Row]:
    """A minute of ten thousand alarms; a month of one alarm, replayed."""
    count = min(10_000, bench.events // 10)
    cost, found = child("logq.alarms", data=bench.fresh("alarms.logq"), count=count)
    for name in ("steady", "flip"):
        yield Row(
            f"{count:,} alarms a minute: {name}",
            Cost(cpu=found[name], memory=cost.memory),
            Cost(),
            Goal("cpu", 0, 60),
            found["ringing"] == count,
            "a minute has 60 s; memory with all of the data",
        )
    data = bench.fresh("month.logq")
    child("logq.month", data=data, events=MONTH, apart=MONTH // BURSTS, burst=BURST)
    definition = Path(data).with_suffix(".toml")
    definition.write_text(ALARM, encoding="utf-8")
    command = [sys.executable, "-m", "logq", "--data", data, "alarms", "backtest", str(definition)]
    cost, printed = run([*command, "-g", "bench", "--pattern", "{ $.level = ERROR }", "-o", "json"])
    yield Row(
        "backtest of a month, one-minute periods",
        cost,
        Cost(),
        Goal("wall", 0, 5),
        [row["after"] for row in json.loads(printed)].count("ALARM") == BURSTS,
        "the whole command, from stored events",
    )
