"""Reading back what was recorded: every stored event of a log group, oldest segment first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from logq.model import LOG_STREAM, MESSAGE, TIMESTAMP, Kind, Piece, Snapshot

_ROWS = 10_000
_COMPARED = frozenset({Kind.TEXT, Kind.INT, Kind.BOOL})


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as it is stored, with the columns that queries read in place of its text."""

    text: str
    time: int
    """Epoch milliseconds."""
    stream: str
    columns: Mapping[str, Any]
    """Values of fields by path; absent where the event has none."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A segment that cannot be read."""

    piece: Piece
    reason: str


def stored(
    snapshot: Snapshot, start: int | None = None, end: int | None = None
) -> Iterator[Stored | Unreadable]:
    """The events between two times, both inclusive, piece by piece in order of their beginning."""
    for piece in sorted(snapshot.pieces, key=lambda piece: (piece.start, piece.end)):
        if (start is not None and piece.end < start) or (end is not None and piece.start > end):
            continue
        try:
            for batch in _batches(piece):
                for event in _events(piece, batch):
                    if (start is None or event.time >= start) and (
                        end is None or event.time <= end
                    ):
                        yield event
        except (OSError, pa.ArrowException) as error:
            yield Unreadable(piece, str(error).splitlines()[0] if str(error) else "damaged")


def _batches(piece: Piece) -> Iterator[pa.RecordBatch]:
    if piece.table is not None:
        yield from piece.table.to_batches(max_chunksize=_ROWS)
    else:
        with pq.ParquetFile(piece.path) as file:
            yield from file.iter_batches(batch_size=_ROWS)


def _events(piece: Piece, batch: pa.RecordBatch) -> Iterator[Stored]:
    names = {
        field.path: field.column
        for field in piece.info.fields.values()
        if field.column is not None and field.kind in _COMPARED
    }
    texts = batch.column(MESSAGE).to_pylist()
    times = batch.column(TIMESTAMP).cast(pa.int64()).to_pylist()
    streams = batch.column(LOG_STREAM).to_pylist()
    there = set(batch.schema.names)
    columns = {
        path: batch.column(name).to_pylist() for path, name in names.items() if name in there
    }
    for row, (text, time, stream) in enumerate(zip(texts, times, streams, strict=True)):
        held = {path: values[row] for path, values in columns.items() if values[row] is not None}
        yield Stored(text, time, stream, held)


def differing(event: Stored) -> str | None:
    """The first field whose column says something else than the event's text; None: all agree."""
    document = json.loads(event.text)
    for path, value in event.columns.items():
        if _at(document, path) != value:
            return path
    return None


def _at(document: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(document, Mapping) or name not in document:
            return None
        document = document[name]
    return document
