"""Make a lost catalog anew from the footers of the segments.

What only the old catalog knew (the journal, checkpoints, tags, definitions) is taken from it as
far as SQLite can still read it; the old file stays in quarantine.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from logq.failpoints import reach
from logq.storage import footers, groups, segments
from logq.storage.catalog import Catalog
from logq.storage.disk import Directory, sync_directory
from logq.storage.events import note_streams
from logq.storage.findings import Finding
from logq.storage.footers import Found
from logq.storage.opening import make, mark
from logq.storage.streams import hide_again

_BESIDE = ("", "-wal", "-shm")
_SALVAGED = (
    *("log_groups", "log_streams", "schemas", "checkpoints", "counters"),
    "definitions",
)


def rebuild(directory: Directory, now: int) -> tuple[Finding, ...]:
    """Replace the catalog by one made from the segments; answers what was found and lost."""
    make(directory)
    old = _put_aside(directory, now)
    new = directory.root / "catalog.rebuilding.sqlite"
    for suffix in _BESIDE:
        new.with_name(new.name + suffix).unlink(missing_ok=True)
    findings: list[Finding] = []
    found = list(_readable(directory, findings))
    replaced = frozenset[str]().union(*(f.replaces for f in found))
    kept = [
        one
        for files in _by_place(f for f in found if f.segment.id not in replaced)
        for one in footers.once(directory, files, now)
    ]
    catalog = Catalog(new)
    try:
        catalog.migrate()
        with catalog.write() as connection:
            saved = _salvage(connection, old) if old is not None else 0
            _fill(connection, directory, kept, _deleted(old, kept) if old is not None else {})
        catalog.fold()
    finally:
        catalog.close()
    reach("rebuild.before-rename")
    new.rename(directory.catalog)
    sync_directory(directory.root)
    mark(directory)
    paths = {one.path for one in kept}
    for one in found:
        if one.path not in paths:
            one.path.unlink(missing_ok=True)
    events = sum(one.segment.rows for one in kept)
    text = f"the catalog was lost; {len(kept)} segments hold {events} events"
    text += f", {saved} more were saved from the old catalog" if saved else ""
    findings.append(Finding("catalog", text, "rebuilt from the segments"))
    return tuple(findings)


def _put_aside(directory: Directory, now: int) -> Path | None:
    target = directory.quarantine / f"catalog-{now}.sqlite"
    for suffix in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            source = directory.root / f"{directory.catalog.name}{suffix}"
            source.rename(target.with_name(target.name + suffix))
    return target if target.exists() else None


def _readable(directory: Directory, findings: list[Finding]) -> Iterator[Found]:
    for path in sorted(directory.segment_files()):
        try:
            yield footers.read(path)
        except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
            path.rename(directory.quarantine / path.name)
            text = f"{path.name}: it cannot be read ({error})"
            findings.append(Finding("damaged", text, "in quarantine"))


def _by_place(found: Iterator[Found]) -> list[list[Found]]:
    places: dict[tuple[int, str], list[Found]] = {}
    for one in found:
        places.setdefault((one.segment.group_id, one.segment.day), []).append(one)
    return list(places.values())


def _deleted(old: Path, kept: Sequence[Found]) -> dict[str, set[str]]:
    """The streams that the old catalog hides, by segment."""
    with contextlib.closing(sqlite3.connect(old)) as source:
        rows = [*_rows(source, "SELECT id, hidden FROM segments WHERE hidden <> '[]'")]
    known: dict[str, set[str]] = {str(key): set(json.loads(str(text))) for key, text in rows}
    hidden = {}
    for one in kept:
        ids = {one.segment.id, *one.replaces}
        if names := set[str]().union(*(known[key] for key in ids & known.keys())):
            hidden[one.segment.id] = names
    return hidden


def _fill(
    connection: sqlite3.Connection,
    directory: Directory,
    kept: Sequence[Found],
    deleted: Mapping[str, set[str]],
) -> None:
    for one in sorted(kept, key=lambda f: f.segment.id, reverse=True):  # the newest knows best
        group_id, streams = one.segment.group_id, one.segment.streams
        created = min(part.ingested for part in streams.values())
        for name in (one.group, f"{one.group}.recovered-{group_id}"):
            connection.execute(
                "INSERT OR IGNORE INTO log_groups (id, name, created, retention_days, format, tags)"
                " VALUES (?, ?, ?, ?, 'auto', '{}')",
                (group_id, name, created, one.retention_days),
            )
        gone = deleted.get(one.segment.id, set())
        note_streams(connection, group_id, streams.keys() - gone, created)
    made = [one.segment for one in kept]
    paths = [directory.segment(s.group_id, s.day, s.id) for s in made]
    segments.announce(connection, directory, paths, 0)
    segments.publish(connection, directory, made)
    for segment_id, names in deleted.items():
        hide_again(connection, directory, segment_id, names)
    last = segments.take_seqs(connection, 0) - 1
    segments.take_seqs(connection, max(0, *(one.last_seq - last for one in kept), 0))


def _salvage(connection: sqlite3.Connection, old: Path) -> int:
    """Copy what the old catalog still gives; answers how many events of its journal."""
    events = 0
    with contextlib.closing(sqlite3.connect(old)) as source:
        with contextlib.suppress(sqlite3.Error):
            source.execute("PRAGMA writable_schema = ON")  # read on past a broken table
        for table in _SALVAGED:
            # An older catalog has fewer columns, the new ones at the end.
            names = [str(row[1]) for row in _rows(source, f"PRAGMA table_info({table})")]
            for row in _rows(source, f"SELECT * FROM {table}"):
                _insert(connection, f"{table} ({', '.join(names)})", row)
        known = {row.id for row in groups.matching(connection)}
        named = "SELECT name FROM pragma_table_info('journal')"
        columns = [str(row[0]) for row in _rows(source, named)]
        for row in _rows(source, f"SELECT {', '.join(columns)} FROM journal"):
            values: dict[str, Any] = dict(zip(columns, row, strict=True))
            if values["group_id"] in known and zlib.crc32(values["data"]) == values["crc"]:
                _insert(connection, f"journal ({', '.join(columns)})", row)
                events += values["rows"]
    return events


def _rows(source: sqlite3.Connection, query: str) -> Iterator[tuple[object, ...]]:
    with contextlib.suppress(sqlite3.Error):
        yield from source.execute(query)


def _insert(connection: sqlite3.Connection, table: str, row: tuple[object, ...]) -> None:
    marks = ", ".join("?" * len(row))
    with contextlib.suppress(sqlite3.Error):
        connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)
