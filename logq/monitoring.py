"""What watches a data directory: metrics, alarms, events and notifications, wired to each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from logq.metric import Datum, Metric
from logq.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.metrics.counting import Counting
    from logq.metrics.metrics import Metrics
    from logq.storage import Storage
    from logq.storage.events import Effect, Watch


OWN_NAMESPACE = "LogQ/Logs"
"""Metrics of LogQ itself."""


class Monitoring:
    """The engines that watch one data directory; each is built when it is first asked for."""

    def __init__(self, storage: Storage, clock: Callable[[], int], settings: Settings) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings

    @cached_property
    def metrics(self) -> Metrics:
        """Datapoints and their statistics."""
        from logq.metrics.metrics import Metrics

        return Metrics(self._storage.database, self._clock, self._settings)

    @cached_property
    def counting(self) -> Counting:
        """The metric filters at work."""
        from logq.metrics.counting import Counting

        storage = self._storage
        return Counting(
            storage.groups,
            storage.definitions,
            storage.database,
            self.metrics.add,
            self._clock,
            self._count,
        )

    @cached_property
    def watch(self) -> Watch:
        """What looks at every batch of events that is accepted."""
        return watching([self.counting.watch])

    def _count(self, name: str, dimensions: Mapping[str, str], amount: float) -> None:
        metric = Metric(OWN_NAMESPACE, name, tuple(sorted(dimensions.items())))
        self.metrics.put([Datum(metric, self._clock() // 1000, (amount,), unit="Count")])


def watching(watches: Sequence[Watch]) -> Watch:
    """Several watches as one; the effects of all are one effect."""

    def watch(group: str, batch: pa.Table) -> Effect | None:
        effects = [effect for each in watches if (effect := each(group, batch)) is not None]
        if not effects:
            return None

        def together(connection: sqlite3.Connection) -> None:
            for effect in effects:
                effect(connection)

        return together

    return watch
