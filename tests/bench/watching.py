"""What metric filters cost where events are accepted, against the same events without them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.bench import corpus
from tests.bench.measuring import Cost, Goal, Row, alternate, child
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
