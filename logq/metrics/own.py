"""Metrics of LogQ itself: counted in the process, stored once a minute.

The form is that of Amazon's AWS/Logs, in the namespace ``LogQ/Logs``.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from logq.database import Database
from logq.metric import MINUTE, Datum, Metric, StatisticSet

if TYPE_CHECKING:
    import pyarrow as pa

NAMESPACE = "LogQ/Logs"
GROUP = "LogGroupName"

_UNITS = {
    "IncomingBytes": "Bytes",
    "ForwardedBytes": "Bytes",
    "AlarmEvaluationLag": "Seconds",
}
"""What is not just counted."""

Add = Callable[[sqlite3.Connection, Sequence[Datum]], object]
_Key = tuple[int, str, tuple[tuple[str, str], ...]]


class Own:
    """What this process has counted and not yet stored; safe to use from several threads."""

    def __init__(self, database: Database, clock: Callable[[], int], add: Add) -> None:
        self._database = database
        self._clock = clock
        self._add = add
        self._lock = threading.Lock()
        self._held: dict[_Key, StatisticSet] = {}

    def count(self, name: str, dimensions: Mapping[str, str], amount: float = 1.0) -> None:
        """Take note of something that happens now."""
        minute = self._clock() // 1000 // MINUTE * MINUTE
        key = (minute, name, tuple(sorted(dimensions.items())))
        with self._lock:
            self._keep(key, StatisticSet(1.0, amount, amount, amount))

    def _keep(self, key: _Key, new: StatisticSet) -> None:
        old = self._held.get(key)
        if old is not None:
            new = StatisticSet(
                old.samples + new.samples,
                old.sum + new.sum,
                min(old.minimum, new.minimum),
                max(old.maximum, new.maximum),
            )
        self._held[key] = new

    def watch(self, group: str, batch: pa.Table) -> Callable[[sqlite3.Connection], None] | None:
        """Count a batch of events; what it does in their transaction is to store older counts.

        So a process that only takes in events needs nobody who comes by every minute.
        """
        import pyarrow.compute as pc

        size = float(pc.sum(pc.binary_length(batch.column("@message"))).as_py() or 0)
        dimensions = {GROUP: group}
        self.count("IncomingBytes", dimensions, size)
        self.count("IncomingLogEvents", dimensions, float(batch.num_rows))
        taken = self._take(self._clock() // 1000 // MINUTE * MINUTE)
        if not taken:
            return None
        return lambda connection: self._store(connection, taken)

    def publish(self, *, whole: bool = False) -> None:
        """Store what was counted in minutes that are over, or all of it; raises StorageError."""
        now = self._clock() // 1000 // MINUTE * MINUTE
        taken = self._take(now + MINUTE if whole else now)
        if not taken:
            return
        try:
            with self._database.write() as connection:
                self._store(connection, taken)
        except BaseException:
            with self._lock:
                for key, figures in taken.items():
                    self._keep(key, figures)
            raise

    def _take(self, before: int) -> dict[_Key, StatisticSet]:
        with self._lock:
            if not any(minute < before for minute, _, _ in self._held):
                return {}
            taken = {key: held for key, held in self._held.items() if key[0] < before}
            self._held = {key: held for key, held in self._held.items() if key[0] >= before}
            return taken

    def _store(self, connection: sqlite3.Connection, taken: Mapping[_Key, StatisticSet]) -> None:
        self._add(
            connection,
            [
                Datum(
                    Metric(NAMESPACE, name, dimensions),
                    minute,
                    statistics=figures,
                    unit=_UNITS.get(name, "Count"),
                )
                for (minute, name, dimensions), figures in taken.items()
            ],
        )
