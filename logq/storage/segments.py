"""The catalog's list of segments: announce, publish, take away."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from logq.model import RowGroup
from logq.storage import garbage, schemas
from logq.storage.disk import Directory

if TYPE_CHECKING:
    from logq.storage.segment import Segment

MANY_STREAMS = 256
"""A segment with more streams than this does not list them for the planner."""

_ROW_GROUP = struct.Struct("<qqq")


def take_seqs(connection: sqlite3.Connection, count: int) -> int:
    """Reserve ``count`` sequence numbers inside a transaction; answers the first."""
    (last,) = connection.execute("SELECT value FROM counters WHERE name = 'seq'").fetchone()
    connection.execute("UPDATE counters SET value = value + ? WHERE name = 'seq'", (count,))
    return int(last) + 1


def announce(
    connection: sqlite3.Connection, directory: Directory, paths: Iterable[Path], now: int
) -> None:
    """Note inside a transaction that files are going to be written: garbage until published."""
    for path in paths:
        garbage.add(connection, directory, path, now + garbage.UNPUBLISHED_MS)


def publish(
    connection: sqlite3.Connection, directory: Directory, segments: Sequence[Segment]
) -> bool:
    """List segments inside a transaction; False if their files have been given up meanwhile."""
    from logq.storage.batch import parts_to_json

    paths = [directory.segment(s.group_id, s.day, s.id) for s in segments]
    paths += [directory.grams(s.group_id, s.day, s.id) for s in segments if s.grams_sha256]
    if not garbage.take_off(connection, directory, paths):
        return False
    for s in segments:
        schema, counts = schemas.encode(s.info)
        names = sorted(s.streams) if len(s.streams) <= MANY_STREAMS else []
        connection.execute(
            "INSERT INTO segments (id, group_id, day, rows, bytes, disk_bytes, first, last, sha256,"
            " schema_id, columns, counts, row_groups, stream_names, grams_sha256, streams)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                s.id,
                s.group_id,
                s.day,
                s.rows,
                s.bytes,
                s.disk_bytes,
                s.first,
                s.last,
                s.sha256,
                schemas.schema_id(connection, schema),
                json.dumps(s.columns),
                counts,
                b"".join(_ROW_GROUP.pack(g.rows, g.start, g.end) for g in s.row_groups),
                json.dumps(names, ensure_ascii=False),
                s.grams_sha256,
                parts_to_json(s.streams),
            ),
        )
    return True


def row_groups(data: bytes) -> tuple[RowGroup, ...]:
    """The row groups of a segment as ``publish`` kept them."""
    return tuple(RowGroup(*numbers) for numbers in _ROW_GROUP.iter_unpack(data))


def are_as(connection: sqlite3.Connection, hidden: Mapping[str, Sequence[str]]) -> bool:
    """Whether nothing more has been hidden in segments (by id) since they were read."""
    query = "SELECT 1 FROM segments WHERE id = ? AND hidden = ?"
    return all(
        connection.execute(query, (key, json.dumps(list(names), ensure_ascii=False))).fetchone()
        for key, names in hidden.items()
    )


def remove(
    connection: sqlite3.Connection, directory: Directory, ids: Sequence[str], due: int
) -> bool:
    """Take healthy segments off the list inside a transaction; False if one was gone already."""
    for segment_id in ids:
        row = connection.execute(
            "SELECT group_id, day FROM segments WHERE id = ? AND damage IS NULL", (segment_id,)
        ).fetchone()
        if row is None:
            return False
        garbage.add_segment(connection, directory, row[0], row[1], segment_id, due)
        connection.execute("DELETE FROM segments WHERE id = ?", (segment_id,))
    return True
