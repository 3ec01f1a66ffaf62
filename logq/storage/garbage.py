"""Files that no query may find any more, or not yet, and their removal.

A new file is garbage until the commit that publishes it takes it off the list; a removed one is
garbage from the commit that removes it. So after any crash the catalog knows every file that has
to go, and nobody has to guess from what lies in the directory.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from logq.failpoints import reach
from logq.storage.catalog import Catalog
from logq.storage.disk import Directory

UNPUBLISHED_MS = 3_600_000
"""How long a writer may take from announcing a file to publishing it."""

_AT_ONCE = 100
"""How many files go in one transaction: other writers wait meanwhile."""


def add(connection: sqlite3.Connection, directory: Directory, path: Path, due: int) -> None:
    """Put a file on the list inside a transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO garbage VALUES (?, ?)", (directory.relative(path), due)
    )


def add_segment(
    connection: sqlite3.Connection,
    directory: Directory,
    group_id: int,
    day: str,
    segment_id: str,
    due: int,
) -> None:
    """Put the files of a segment on the list inside a transaction."""
    add(connection, directory, directory.segment(group_id, day, segment_id), due)
    add(connection, directory, directory.grams(group_id, day, segment_id), due)


def take_off(connection: sqlite3.Connection, directory: Directory, paths: Iterable[Path]) -> bool:
    """Take files off the list inside a transaction; False if one was not on it any more."""
    taken = [
        connection.execute(
            "DELETE FROM garbage WHERE path = ?", (directory.relative(path),)
        ).rowcount
        for path in paths
    ]
    return all(taken)


def collect(catalog: Catalog, directory: Directory, now: int) -> tuple[int, int]:
    """Unlink what is due; answers how many files and bytes went.

    The files go while the catalog is locked: nobody can publish one in the same moment.
    """
    files = freed = 0
    if catalog.writing:  # the block around this may yet be taken back; upkeep comes by later
        return files, freed
    failed: set[str] = set()
    while True:
        with catalog.write() as connection:
            due = [
                row[0]
                for row in connection.execute(
                    "SELECT path FROM garbage WHERE due <= ? ORDER BY path LIMIT ?",
                    (now, _AT_ONCE + len(failed)),
                )
                if row[0] not in failed
            ]
            for name in due:
                path = directory.root / name
                try:
                    size = path.stat().st_size
                    path.unlink()
                    files, freed = files + 1, freed + size
                except FileNotFoundError:
                    pass
                except OSError:
                    failed.add(name)  # the next run tries again
                    continue
                reach("garbage.after-unlink")
                connection.execute("DELETE FROM garbage WHERE path = ?", (name,))
                _drop_empty(path.parent, directory.groups)
        if not due:
            return files, freed


def clean_tmp(directory: Directory, older_than: float = 3600.0) -> int:
    """Remove what crashed writers left in ``tmp/``; age in seconds."""
    removed = 0
    limit = time.time() - older_than
    for path in directory.tmp.iterdir():
        try:
            if path.stat().st_mtime < limit:
                path.unlink()
                removed += 1
        except OSError:
            continue
    return removed


def _drop_empty(path: Path, root: Path) -> None:
    if path in (root, root.parent):
        return
    try:
        path.rmdir()
    except OSError:
        return
    _drop_empty(path.parent, root)
