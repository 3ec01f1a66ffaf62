"""Metrics: datapoints that come in and the statistics that are asked of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from logq.database import Database
from logq.metric import Datum, MetricStat, Value, Window
from logq.metrics import cells, reading
from logq.metrics.checking import check
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
