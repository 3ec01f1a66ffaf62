"""Notice cheaply that something in a data directory has changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path


class Changes:
    """Tells whether anybody, in any process, has changed the catalog since the last question."""

    def __init__(self, catalog: Path) -> None:
        # A connection of its own: data_version counts only what other connections do.
        self._connection = sqlite3.connect(catalog, isolation_level=None, check_same_thread=False)
        self._version = self._read()

    def _read(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def any(self) -> bool:
        """Whether there was a change; takes some microseconds."""
        before, self._version = self._version, self._read()
        return before != self._version

    def close(self) -> None:
        """Give the catalog back."""
        self._connection.close()
