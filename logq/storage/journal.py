"""The journal: small batches kept in the catalog database until they are sealed into segments.

A row is an Arrow stream (zstd) of the batch in order of arrival, without ``@seq`` and
``@ingestionTime``, which the row itself implies. SQLite does not notice a flipped bit, so every
row has a CRC-32.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.errors import StorageError
from logq.storage import schemas

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.model import BatchInfo
    from logq.storage.batch import StreamPart


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal without its data; times in epoch milliseconds."""

    id: int
    written: int
    rows: int
    bytes: int
    first: int
    last: int
    first_seq: int
    schema_id: int
    counts: str
    crc: int
    hidden: str = "[]"
    """JSON list of the log streams whose events are deleted."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A batch in the form in which the journal keeps it."""

    data: bytes
    rows: int
    bytes: int
    first: int
    last: int
    schema: str
    counts: str


COLUMNS = "id, written, rows, bytes, first, last, first_seq, schema_id, counts, crc, hidden"


def encode(table: pa.Table, info: BatchInfo, size: int, span: tuple[int, int]) -> Encoded:
    """A canonical batch of ``size`` message bytes, ready for ``insert``."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())
    data = sink.getvalue().to_pybytes()
    return Encoded(data, table.num_rows, size, *span, *schemas.encode(info))


def insert(
    connection: sqlite3.Connection,
    group_id: int,
    batch: Encoded,
    first_seq: int,
    written: int,
    streams: Mapping[str, StreamPart],
) -> None:
    """Add a row to the journal inside a transaction."""
    from logq.storage.batch import parts_to_json

    connection.execute(
        "INSERT INTO journal (group_id, written, rows, bytes, first, last, first_seq, schema_id,"
        " counts, streams, crc, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            group_id,
            written,
            batch.rows,
            batch.bytes,
            batch.first,
            batch.last,
            first_seq,
            schemas.schema_id(connection, batch.schema),
            batch.counts,
            parts_to_json(streams),
            zlib.crc32(batch.data),
            batch.data,
        ),
    )


def entries(connection: sqlite3.Connection, group_id: int) -> list[Entry]:
    """The journal of a log group, oldest first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM journal WHERE group_id = ? ORDER BY id", (group_id,)
    )
    return [Entry(*row) for row in rows]


def data_of(connection: sqlite3.Connection, entry: Entry) -> bytes:
    """The stored bytes of a row."""
    row = connection.execute("SELECT data FROM journal WHERE id = ?", (entry.id,)).fetchone()
    return bytes(row[0])


def is_whole(entry: Entry, data: bytes) -> bool:
    """Whether the stored bytes of a row are those that were written."""
    return zlib.crc32(data) == entry.crc


def decode(entry: Entry, data: bytes) -> pa.Table:
    """The batch of a row with all its columns, without what is hidden.

    Raises StorageError if it is damaged.
    """
    import pyarrow as pa

    from logq.storage.batch import stamp
    from logq.storage.streams import visible

    if not is_whole(entry, data):
        raise StorageError(
            f"journal batch {entry.id} is damaged: its {entry.rows} events cannot be read",
            hint="run 'logq doctor --repair'",
        )
    with pa.ipc.open_stream(data) as reader:
        table = reader.read_all()
    return visible(stamp(table, entry.first_seq, entry.written), json.loads(entry.hidden))


def together(
    batches: Sequence[tuple[Entry, pa.Table, BatchInfo]],
) -> tuple[pa.Table, BatchInfo]:
    """Decoded rows as one batch, in no particular order.

    Batches that share a schema are joined first: there are many, and of few schemas. A schema
    says nothing of the system columns, nor of the order of columns.
    """
    import pyarrow as pa

    from logq.storage.merge import merge

    alike: dict[tuple[int, frozenset[str]], list[tuple[Entry, pa.Table, BatchInfo]]] = {}
    for batch in batches:
        columns = frozenset(batch[1].column_names)
        alike.setdefault((batch[0].schema_id, columns), []).append(batch)
    joined = []
    for parts in alike.values():
        counts = [
            sum(numbers)
            for numbers in zip(*(_counts(e, table) for e, table, _ in parts), strict=True)
        ]
        info = schemas.counted(parts[0][2], counts)
        names = parts[0][1].column_names
        joined.append((pa.concat_tables([table.select(names) for _, table, _ in parts]), info))
    return merge(joined)


def _counts(entry: Entry, table: pa.Table) -> list[int]:
    """How many of the visible events of a row have each field; an estimate if some are hidden."""
    counts: list[int] = json.loads(entry.counts)
    if table.num_rows == entry.rows:
        return counts
    return [-(-count * table.num_rows // entry.rows) for count in counts]


def are_as(connection: sqlite3.Connection, read: Sequence[Entry]) -> bool:
    """Whether nothing more has been hidden in rows since they were read."""
    query = "SELECT 1 FROM journal WHERE id = ? AND hidden = ?"
    return all(connection.execute(query, (e.id, e.hidden)).fetchone() for e in read)


def delete(connection: sqlite3.Connection, ids: Sequence[int]) -> bool:
    """Remove rows inside a transaction; False if any of them was gone already."""
    gone = 0
    for number in ids:
        gone += connection.execute("DELETE FROM journal WHERE id = ?", (number,)).rowcount
    return gone == len(ids)
