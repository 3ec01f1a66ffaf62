"""What watches a data directory: metrics, alarms, events and notifications, wired to each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.storage.events import Effect, Watch


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
