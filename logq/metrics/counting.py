"""Metric filters at work: datapoints from log events, in the transaction that accepts them."""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from logq.database import Database
from logq.metric import Datum, Metric
from logq.metrics import minutes
from logq.metrics.embedded import embedded
from logq.metrics.filter import KIND, MetricFilter, filter_of
from logq.metrics.samples import Samples, Times, samples
from logq.model import Definition, LogGroup

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.query.filter_pattern import Compiled

UNWATCHED = ("/logq/alarm-history", "/logq/dead-letters")
"""Log groups that alarms write to: what counted there could make the next alarm."""
MOST_METRICS = 1_000
"""Sets of dimensions that one filter may name in an hour."""

Add = Callable[[sqlite3.Connection, Sequence[Datum]], object]
"""Stores datapoints inside a transaction."""
Own = Callable[[str, Mapping[str, str], float], object]
"""Counts for a metric of LogQ itself: its name, dimensions and how much."""


class Groups(Protocol):
    """The log groups."""

    def get(self, name: str) -> LogGroup: ...


class Definitions(Protocol):
    """What is defined for log groups."""

    def mark(self, group: str | None = None) -> Hashable: ...

    def list(self, kind: str, *, group: str | None = None) -> Sequence[Definition]: ...


@dataclass(frozen=True, slots=True)
class _Filters:
    """The metric filters of one log group, ready to run."""

    mark: Hashable
    named: tuple[tuple[str, MetricFilter, float | None], ...]
    """Name, filter, and its value where that is a number."""
    compiled: Compiled | None
    embedded: bool


class Counting:
    """Runs the metric filters of a log group over each batch that it accepts."""

    def __init__(
        self,
        groups: Groups,
        definitions: Definitions,
        database: Database,
        add: Add,
        clock: Callable[[], int],
        own: Own,
    ) -> None:
        self._groups = groups
        self._definitions = definitions
        self._database = database
        self._add = add
        self._clock = clock
        self._own = own
        self._guard = threading.Lock()
        self._filters: dict[str, _Filters] = {}
        self._hour = 0
        self._metrics: dict[tuple[str, str], set[Metric]] = defaultdict(set)

    def watch(self, group: str, batch: pa.Table) -> Callable[[sqlite3.Connection], None] | None:
        """What the batch counts for, to be stored in its transaction."""
        if group in UNWATCHED:
            return None
        filters = self._filters_of(group)
        if filters.compiled is None and not filters.embedded:
            return None
        now = self._clock()
        times = Times.of(batch, now)
        seen = times.seen()
        data: list[Datum] = []
        tracked: list[tuple[str, Mapping[int, int]]] = []
        found = filters.compiled.run(batch) if filters.compiled is not None else []
        for (name, wanted, constant), each in zip(filters.named, found, strict=True):
            made = samples(wanted, each, times, constant)
            if wanted.default is not None:
                tracked.append((name, made.matched if made else {}))
            if made is not None:
                self._tell(group, name, made)
                data += self._within_limit(group, name, made.data, now)
        if filters.embedded:
            inside = embedded(batch, now)
            data += inside.data
            self._count("EmbeddedMetricErrors", {"LogGroupName": group}, inside.errors)
        if not data and not tracked:
            return None

        def store(connection: sqlite3.Connection) -> None:
            if data:
                self._add(connection, data)
            for name, matched in tracked:
                minutes.record(connection, group, name, seen, matched, now // 1000)

        return store

    def close_minutes(self) -> int:
        """Give the default value to the minutes that are over without a match; how many."""
        now = self._clock() // 1000
        with self._database.write() as connection:
            over = minutes.close(connection, now)
            known = {(one.group, one.name): filter_of(one.body) for one in self._all(over)}
            data = [
                Datum(Metric(f.namespace, f.metric), minute, (f.default,), unit=f.unit)
                for group, name, minute in over
                if (f := known.get((group, name))) is not None and f.default is not None
            ]
            if data:
                self._add(connection, data)
        return len(data)

    def _all(self, over: Sequence[object]) -> Sequence[Definition]:
        return self._definitions.list(KIND) if over else ()

    def _filters_of(self, group: str) -> _Filters:
        """Those in force; another process may have changed them."""
        mark = self._definitions.mark(group)
        with self._guard:
            known = self._filters.get(group)
        if known is not None and known.mark == mark:
            return known
        found = self._load(group, mark)
        with self._guard:
            self._filters[group] = found
        return found

    def _load(self, group: str, mark: Hashable) -> _Filters:
        stored = self._definitions.list(KIND, group=group)
        embedded_metrics = self._groups.get(group).embedded_metrics
        if not stored:
            return _Filters(mark, (), None, embedded_metrics)

        # Only here: what follows loads the query engine, 30 MB that few who accept events need.
        from logq.query.filter_pattern import Filter, compile_filters, parse_pattern, read_value

        named: list[tuple[str, MetricFilter, float | None]] = []
        wanted: list[Filter] = []
        for one in stored:
            each = filter_of(one.body)
            pattern = parse_pattern(each.pattern)
            value = read_value(pattern, each.value)
            constant = value if isinstance(value, float) else None
            named.append((one.name, each, constant))
            plain = constant is not None and not each.dimensions
            wanted.append(Filter(pattern, None if plain else each.value, each.dimensions))
        return _Filters(mark, tuple(named), compile_filters(wanted), embedded_metrics)

    def _within_limit(
        self, group: str, name: str, data: Sequence[Datum], now: int
    ) -> Sequence[Datum]:
        """Without what would be one metric too many: a dimension that never repeats fills disks."""
        if not any(datum.metric.dimensions for datum in data):
            return data
        with self._guard:
            if self._hour != now // 3_600_000:
                self._hour = now // 3_600_000
                self._metrics.clear()
            known = self._metrics[group, name]
            kept = []
            for datum in data:
                if datum.metric in known or len(known) < MOST_METRICS:
                    known.add(datum.metric)
                    kept.append(datum)
        lost = sum(sum(d.counts) for d in data) - sum(sum(d.counts) for d in kept)
        self._count("FilterMetricsOverLimit", {"LogGroupName": group, "FilterName": name}, lost)
        return kept

    def _tell(self, group: str, name: str, made: Samples) -> None:
        dimensions = {"LogGroupName": group, "FilterName": name}
        self._count("FilterEventsRejected", dimensions, made.outside)
        self._count("FilterValueErrors", dimensions, made.valueless)
        self._count("FilterDimensionErrors", dimensions, made.dimensionless)

    def _count(self, metric: str, dimensions: Mapping[str, str], events: float) -> None:
        if events:
            self._own(metric, dimensions, events)
