"""Write one segment: a Parquet file in time order whose footer tells where it came from.

Footer metadata: ``logq`` is the ``BatchInfo`` as in every batch; ``logq.segment`` is a JSON object
``{id, group, days, replaces, journal, first_seq, last_seq}`` from which a lost catalog is rebuilt.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from logq.model import (
    INGESTION_TIME,
    JSON_DOCUMENT,
    LABELS,
    MESSAGE,
    RAW,
    SEQ,
    SYSTEM_COLUMNS,
    TIMESTAMP,
    BatchInfo,
    RowGroup,
)
from logq.storage.batch import StreamPart, add_parts, message_bytes, stream_parts
from logq.storage.disk import Directory, new_file
from logq.storage.grams import GramsBuilder

SEGMENT_METADATA = b"logq.segment"
ROW_GROUP_ROWS = 65_536

_LONG = frozenset({MESSAGE, JSON_DOCUMENT, RAW})
_SAMPLE = 4_096
_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the events of a segment come from, for a catalog that must be rebuilt."""

    group: str
    retention_days: int | None = None
    replaces: tuple[str, ...] = ()
    journal: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A written segment as the catalog lists it."""

    id: str
    group_id: int
    day: str
    rows: int
    bytes: int
    disk_bytes: int
    first: int
    last: int
    sha256: str
    info: BatchInfo
    columns: tuple[str, ...]
    row_groups: tuple[RowGroup, ...]
    streams: dict[str, StreamPart] = field(default_factory=dict)
    grams_sha256: str | None = None


def new_id(now: int) -> str:
    """A segment id: unique, and in order of creation when sorted."""
    return f"{now:012x}{secrets.token_hex(6)}"


class SegmentWriter:
    """Write one segment from tables that come in time order."""

    def __init__(
        self,
        sink: Any,
        schema: pa.Schema,
        sample: pa.Table,
        grams: GramsBuilder | None = None,
    ) -> None:
        """With ``grams``, index the text and build Bloom filters too: this segment is to stay."""
        dictionary, selective = encodings(sample)
        self._writer = pq.ParquetWriter(
            sink,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=dictionary,
            column_encoding=dict.fromkeys(packed(schema, dictionary), "DELTA_BINARY_PACKED"),
            write_statistics=[n for n in schema.names if n not in _LONG],
            write_page_checksum=True,
            bloom_filter_options=(
                {name: {"ndv": ROW_GROUP_ROWS, "fpp": 0.01} for name in selective}
                if grams
                else None
            ),
        )
        self._grams = grams
        self.rows = 0
        self.bytes = 0
        self.row_groups: list[RowGroup] = []
        self.streams: dict[str, StreamPart] = {}
        self._first_seq: int | None = None
        self._last_seq = 0

    def add(self, table: pa.Table) -> None:
        """Append a table as row groups of its own."""
        self._writer.write_table(table, ROW_GROUP_ROWS)
        for start in range(0, table.num_rows, ROW_GROUP_ROWS):
            part = table.slice(start, ROW_GROUP_ROWS)
            time = part.column(TIMESTAMP).cast(pa.int64())
            self.row_groups.append(RowGroup(part.num_rows, time[0].as_py(), time[-1].as_py()))
            if self._grams is not None:
                self._grams.add(part.column(MESSAGE))
        seqs = pc.min_max(table.column(SEQ)).as_py()
        self._first_seq = (
            seqs["min"] if self._first_seq is None else min(self._first_seq, seqs["min"])
        )
        self._last_seq = max(self._last_seq, seqs["max"])
        self.rows += table.num_rows
        self.bytes += message_bytes(table)
        add_parts(stream_parts(table), self.streams)

    def close(self, segment_id: str, origin: Origin) -> None:
        """Write the footer."""
        about = {
            "id": segment_id,
            "group": origin.group,
            "days": origin.retention_days,
            "replaces": list(origin.replaces),
            "journal": list(origin.journal),
            "first_seq": self._first_seq,
            "last_seq": self._last_seq,
        }
        self._writer.add_key_value_metadata({SEGMENT_METADATA: json.dumps(about).encode()})
        self._writer.close()


def write(
    directory: Directory,
    target: Path,
    tables: Iterable[pa.Table],
    info: BatchInfo,
    origin: Origin,
    place: tuple[str, int, str],
    index: Path | None = None,
) -> Segment:
    """Write tables in time order as one durable segment at ``target``.

    ``place`` is segment id, group id and day; ``index`` is where a text index is to be.
    Raises DiskFull or StorageError and leaves nothing.
    """
    grams = GramsBuilder() if index is not None else None
    segment_id, group_id, day = place
    writer: SegmentWriter | None = None
    with new_file(directory, target) as sink:
        for table in tables:
            if writer is None:
                writer = SegmentWriter(sink, table.schema, table, grams)
                columns = tuple(n for n in table.column_names if n in SYSTEM_COLUMNS)
            writer.add(table)
        assert writer is not None, "a segment has at least one event"
        writer.close(segment_id, origin)
        size, digest = sink.tell(), sink.sha256
    grams_digest = None
    if grams is not None and index is not None:
        with new_file(directory, index) as sink:
            sink.write(grams.to_bytes())
            grams_digest = sink.sha256
    groups = tuple(writer.row_groups)
    return Segment(
        segment_id,
        group_id,
        day,
        writer.rows,
        writer.bytes,
        size,
        groups[0].start,
        groups[-1].end,
        digest,
        info,
        columns,
        groups,
        writer.streams,
        grams_digest,
    )


def packed(schema: pa.Schema, dictionary: Collection[str]) -> list[str]:
    """Columns of whole numbers and times without a dictionary: packed into the bits they need.

    Measured on a million events against eight bytes each under zstd: half the time to write, and
    16 instead of 29 ms to count the distinct values of one.
    """
    return [
        f.name
        for f in schema
        if f.name not in dictionary and (pa.types.is_int64(f.type) or pa.types.is_timestamp(f.type))
    ]


def encodings(sample: pa.Table) -> tuple[list[str], list[str]]:
    """Columns worth a dictionary, and text columns worth a Bloom filter, judged from a sample."""
    step = max(1, sample.num_rows - _SAMPLE)
    parts = [sample.slice(0, _SAMPLE // 2), sample.slice(step, _SAMPLE // 2)]
    rows = pa.concat_tables(parts)
    dictionary: list[str] = []
    selective: list[str] = []
    for name in sample.column_names:
        if name in _LONG or name in (SEQ, TIMESTAMP):
            continue
        column = rows.column(name)
        kind = column.type
        if kind == pa.bool_():
            continue
        present = len(column) - column.null_count
        distinct = pc.count_distinct(column).as_py()
        if name in (INGESTION_TIME, LABELS) or distinct <= max(1, present // 4):
            dictionary.append(name)
        elif kind == pa.string() and distinct > present // 2 and _is_short(column):
            selective.append(name)
    return dictionary, selective


def _is_short(column: pa.ChunkedArray) -> bool:
    """Whether a text column holds names and ids, which people ask for by equality."""
    return bool(pc.mean(pc.binary_length(column)).as_py() <= _LONGEST_ID)
