"""Metrics: datapoints that come in and the statistics that are asked of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence

from logq.database import Database
from logq.metric import DataQuery, Datum, Metric, MetricStat, Value, Window
from logq.metrics import aging, cells, data, names, reading
from logq.metrics.checking import check
from logq.metrics.data import Result
from logq.metrics.names import Known
from logq.metrics.statistic import statistic
from logq.settings import Settings


class Metrics:
    """The metrics of one data directory; safe to use from several threads."""

    def __init__(self, database: Database, clock: Callable[[], int], settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    def put(self, data: Sequence[Datum]) -> None:
        """Store samples durably, all or none; raises InvalidValue."""
        check(data, self._clock() // 1000)
        with self._database.write() as connection:
            self.add(connection, data)

    def add(self, connection: sqlite3.Connection, data: Sequence[Datum]) -> None:
        """Store samples, known to be valid, in a transaction that is under way."""
        cells.add(connection, data)

    def windows(
        self, asks: Sequence[tuple[MetricStat, Sequence[Window]]]
    ) -> list[list[Value | None]]:
        """For each ask a value a window, None where there are no samples; raises InvalidValue.

        A datapoint belongs to the window in which it starts, if the window's length is a multiple
        of the datapoint's.
        """
        with self._database.read() as connection:
            return reading.windows(connection, asks)

    def evaluate(
        self, queries: Sequence[DataQuery], windows: Sequence[Window]
    ) -> Mapping[str, list[Value | None]]:
        """The values over given windows of the queries that are to be returned.

        Windows are of one length, and that is the period. Of an expression the number of samples is
        not known and 0. Raises InvalidValue and QueryError; SEARCH is refused.
        """
        with self._database.read() as connection:
            return data.evaluate(connection, queries, windows)

    def check_queries(self, queries: Sequence[DataQuery], *, alarm: bool = False) -> None:
        """Raise InvalidValue or QueryError for queries that no data could make valid."""
        data.check_queries(queries, alarm=alarm)

    def data(
        self,
        queries: Sequence[DataQuery],
        start: int,
        end: int,
        visible: Callable[[Metric], bool] = lambda _: True,
    ) -> list[Result]:
        """The series of those queries that are to be returned, oldest point first.

        Periods are counted from 1970; epoch seconds, ``end`` is exclusive. SEARCH finds what is
        ``visible``. Raises InvalidValue and QueryError.
        """
        now = self._clock() // 1000
        with self._database.read() as connection:
            return data.data(connection, queries, (start, end), now, visible)

    def statistics(
        self, stats: Sequence[MetricStat], start: int, end: int
    ) -> list[dict[int, Value]]:
        """Values of statistics by the start of their period; epoch seconds, ``end`` exclusive.

        Raises InvalidValue.
        """
        for stat in stats:
            data.check_period(stat.period)
        with self._database.read() as connection:
            return reading.series(connection, stats, start, end)

    def check(self, stats: Sequence[str], period: int) -> None:
        """Raise InvalidValue unless these are statistics and datapoints are read by this period."""
        data.check_period(period)
        for stat in stats:
            statistic(stat)

    def units(self, metric: Metric, start: int, end: int, period: int) -> set[str]:
        """The units that a metric was measured in."""
        found: set[str] = set()
        with self._database.read() as connection:
            for id in names.find_ids(connection, [metric]).values():
                first, last = start // period * period, -(-end // period) * period
                held = reading.load(connection, [id], first, last, [period]).get(id, [])
                found.update(cell.place.unit for cell in held)
        return found

    def list_metrics(
        self,
        namespace: str | None = None,
        name: str | None = None,
        dimensions: Sequence[tuple[str, str | None]] = (),
        since: int | None = None,
    ) -> Iterator[Known]:
        """Metrics in the order of their names that were measured in the last two weeks.

        ``dimensions`` are names that a metric has to have, with their values or None for any;
        ``since`` is another time in epoch seconds.
        """
        oldest = self._clock() // 1000 - data.ACTIVE_SECONDS if since is None else since
        with self._database.read() as connection:
            known = list(names.known(connection, namespace=namespace, name=name, since=oldest))
        for each in sorted(known, key=lambda each: each.metric):
            held = dict(each.metric.dimensions)
            if all(key in held and value in (None, held[key]) for key, value in dimensions):
                yield each

    def delete(self, metrics: Sequence[Metric]) -> int:
        """Delete metrics with all that was measured of them; how many there were."""
        with self._database.write() as connection:
            ids = names.find_ids(connection, metrics)
            names.forget(connection, ids.values())
        return len(ids)

    def upkeep(self, now: int) -> bool:
        """Pack, roll up and delete a part of what is old enough at ``now``, epoch milliseconds.

        One short transaction; False if nothing was left to do.
        """
        return aging.step(self._database, now // 1000, self._settings)
