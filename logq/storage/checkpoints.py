"""How far each source has been read: owner, key, value."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from logq.errors import CheckpointConflict
from logq.model import Checkpoint
from logq.storage.catalog import Catalog

_SELECT = "SELECT value FROM checkpoints WHERE owner = ? AND key = ?"


def advance(connection: sqlite3.Connection, checkpoints: Iterable[Checkpoint]) -> None:
    """Store checkpoints inside a transaction; raises CheckpointConflict if one was moved."""
    for checkpoint in checkpoints:
        if checkpoint.check:
            row = connection.execute(_SELECT, (checkpoint.owner, checkpoint.key)).fetchone()
            stored = row[0] if row else None
            if stored != checkpoint.expected:
                raise CheckpointConflict(
                    f"{checkpoint.key} was read on by another process in between",
                    hint="let one process read a source at a time; nothing was stored twice",
                )
        connection.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)",
            (checkpoint.owner, checkpoint.key, checkpoint.value),
        )


class Checkpoints:
    """Read and forget checkpoints; appending events is what moves them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def get(self, owner: str, key: str) -> str | None:
        """The stored value, or None."""
        with self._catalog.read() as connection:
            row = connection.execute(_SELECT, (owner, key)).fetchone()
        return str(row[0]) if row else None

    def list(self, owner: str) -> dict[str, str]:
        """All checkpoints of an owner by key."""
        with self._catalog.read() as connection:
            rows = connection.execute(
                "SELECT key, value FROM checkpoints WHERE owner = ? ORDER BY key", (owner,)
            ).fetchall()
        return dict(rows)

    def set(self, checkpoint: Checkpoint) -> None:
        """Move a checkpoint without events; raises CheckpointConflict."""
        with self._catalog.write() as connection:
            advance(connection, [checkpoint])

    def delete(self, owner: str, key: str) -> None:
        """Forget a checkpoint; nothing happens if there is none."""
        with self._catalog.write() as connection:
            connection.execute("DELETE FROM checkpoints WHERE owner = ? AND key = ?", (owner, key))
