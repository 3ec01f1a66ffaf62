"""Open a data directory: tell a fresh one from one whose catalog has been lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

from logq.errors import CatalogMissing, StorageError
from logq.storage.catalog import Catalog, CatalogDamaged
from logq.storage.disk import Directory, disk_errors, sync_directory

FORMAT = 1
"""Version of the directory's layout; the catalog has its own."""


def open_directory(path: Path) -> tuple[Directory, Catalog]:
    """Open or make a data directory; raises CatalogMissing or StorageError."""
    directory = Directory(path.absolute())
    with disk_errors(f"opening the data directory {path}"):
        marked = _check_marker(directory)
        make(directory)
        if not directory.catalog.exists():
            _refuse_if_used(directory, marked)
    try:
        catalog = Catalog(directory.catalog)
    except CatalogDamaged as error:
        raise _missing(directory, "is not a database or is damaged") from error
    try:
        if catalog.version == 0:
            _refuse_if_used(directory, marked)
        catalog.migrate()
        if not marked:
            with disk_errors(f"opening the data directory {path}"):
                mark(directory)
    except BaseException:
        catalog.close()
        raise
    return directory, catalog


def _check_marker(directory: Directory) -> bool:
    try:
        text = directory.marker.read_text()
    except FileNotFoundError:
        return False
    try:
        version = int(json.loads(text)["format"])
    except (ValueError, KeyError, TypeError):
        return True  # a damaged marker still marks
    if version > FORMAT:
        raise StorageError(
            f"{directory.root} was written by a newer LogQ (directory format {version})",
            hint="upgrade LogQ, or use another data directory",
        )
    return True


def make(directory: Directory) -> None:
    """Make the directories that are not there."""
    if not directory.root.is_dir():
        directory.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (directory.groups, directory.tmp, directory.quarantine):
        path.mkdir(mode=0o700, exist_ok=True)


def _refuse_if_used(directory: Directory, marked: bool) -> None:
    if marked or next(directory.segment_files(), None) is not None:
        raise _missing(directory, "is missing or empty")


def _missing(directory: Directory, state: str) -> CatalogMissing:
    return CatalogMissing(
        f"the catalog {directory.catalog} {state}, but there is data beside it",
        hint="run 'logq doctor --repair' to rebuild it from the segments",
    )


def mark(directory: Directory) -> None:
    """Mark a directory that has a catalog: from now on a missing one is a loss."""
    unfinished = directory.tmp / f"LOGQ.{os.getpid()}"
    with unfinished.open("w") as file:
        file.write(json.dumps({"format": FORMAT}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(directory.marker)
    sync_directory(directory.root)
