"""Deleted log streams: their events vanish at once, their bytes with the next rewriting.

A segment cannot be changed, so the catalog notes per segment and journal batch which streams are
*hidden*: all events of such a stream in it were deleted. Whoever reads events leaves these out,
whoever writes them anew (sealing, compaction) drops them. A stream of the same name made later
is in later segments and batches only, where nothing is hidden.
"""

from __future__ import annotations

import difflib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from logq.errors import UnknownLogStream
from logq.model import LOG_STREAM, BatchInfo, fields_by_path
from logq.storage import segments
from logq.storage.disk import Directory

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.storage.batch import StreamPart
    from logq.storage.groups import Row

_HOLDING = """
SELECT id, rows, bytes, streams, hidden, hidden_rows, hidden_bytes FROM {table}
WHERE group_id = ? AND instr(streams, ?)
"""


def delete(
    connection: sqlite3.Connection, directory: Directory, group: Row, stream: str, due: int
) -> None:
    """Delete a log stream inside a transaction; raises UnknownLogStream.

    Segments with no other events go as a whole: their files are unlinked when ``due``.
    """
    gone = connection.execute(
        "DELETE FROM log_streams WHERE group_id = ? AND name = ?", (group.id, stream)
    )
    if not gone.rowcount:
        raise unknown(connection, group, stream)
    for table in ("journal", "segments"):
        written = json.dumps(stream, ensure_ascii=False)
        for row in connection.execute(_HOLDING.format(table=table), (group.id, written)).fetchall():
            hide(connection, directory, table, row, {stream}, due)


def hide(
    connection: sqlite3.Connection,
    directory: Directory,
    table: str,
    row: tuple[Any, ...],
    names: set[str],
    due: int,
) -> None:
    """Note that the events of some streams in a segment or batch (see ``_HOLDING``) are deleted."""
    from logq.storage.batch import parts_from_json, parts_to_json

    key, rows, size, text, hidden, hidden_rows, hidden_bytes = row
    parts = parts_from_json(text)
    mine = [parts.pop(name) for name in sorted(names & parts.keys())]
    if not mine:
        return
    if not parts and (table == "journal" or segments.remove(connection, directory, [key], due)):
        connection.execute(f"DELETE FROM {table} WHERE id = ?", (key,))
        return
    count = sum(part.events for part in mine)
    values: dict[str, object] = {
        "streams": parts_to_json(parts),
        "hidden": json.dumps(sorted({*json.loads(hidden), *names}), ensure_ascii=False),
        "hidden_rows": hidden_rows + count,
        # How long their messages are only the segment knows.
        "hidden_bytes": hidden_bytes + (size - hidden_bytes) * count // (rows - hidden_rows),
    }
    if parts:
        values |= _span(parts)
    if table == "segments":
        names_left = sorted(parts) if len(parts) <= segments.MANY_STREAMS else []
        values["stream_names"] = json.dumps(names_left, ensure_ascii=False)
    changes = ", ".join(f"{column} = ?" for column in values)
    connection.execute(f"UPDATE {table} SET {changes} WHERE id = ?", (*values.values(), key))


def _span(parts: Mapping[str, StreamPart]) -> dict[str, object]:
    return {
        "first": min(part.first for part in parts.values()),
        "last": max(part.last for part in parts.values()),
    }


def hide_again(
    connection: sqlite3.Connection, directory: Directory, segment_id: str, names: set[str]
) -> None:
    """Hide in a segment what an older catalog says was deleted; see ``rebuild``."""
    query = _HOLDING.format(table="segments").partition("WHERE")[0] + "WHERE id = ?"
    for row in connection.execute(query, (segment_id,)).fetchall():
        hide(connection, directory, "segments", row, names, 0)


def unknown(connection: sqlite3.Connection, group: Row, stream: str) -> UnknownLogStream:
    """The error for a name that no stream of the log group has."""
    rows = connection.execute("SELECT name FROM log_streams WHERE group_id = ?", (group.id,))
    near = difflib.get_close_matches(stream, [row[0] for row in rows], n=3, cutoff=0.5)
    hint = f"'logq streams list {group.name}' lists its log streams"
    return UnknownLogStream(
        f"log group {group.name!r} has no log stream {stream!r}",
        hint=f"did you mean {' or '.join(near)}?" if near else hint,
    )


def visible(table: pa.Table, hidden: Iterable[str]) -> pa.Table:
    """The events of a batch that are not of hidden streams."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = sorted(hidden)
    if not names:
        return table
    kept = pc.is_in(table.column(LOG_STREAM), value_set=pa.array(names, pa.string()))
    return table.filter(pc.invert(kept))


def shared(info: BatchInfo, rows: int, kept: int) -> BatchInfo:
    """``info`` for ``kept`` of its ``rows`` events: counts are their share, rounded up."""
    fields = [replace(f, count=-(-f.count * kept // rows)) for f in info.fields.values()]
    return replace(info, fields=fields_by_path(fields))
