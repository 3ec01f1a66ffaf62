"""What watches a data directory: metrics, alarms, events and notifications, wired to each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from logq.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.metrics.metrics import Metrics
    from logq.storage import Storage
    from logq.storage.events import Effect, Watch


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
