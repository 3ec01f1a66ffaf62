"""What storage needs to know of a batch of events, and the form in which it keeps one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from logq.errors import InvalidValue
from logq.model import (
    BATCH_METADATA,
    INGESTION_TIME,
    LOG_STREAM,
    MESSAGE,
    RAW,
    SEQ,
    SYSTEM_COLUMNS,
    TIMESTAMP,
    TRUNCATED,
    BatchInfo,
    Kind,
)

MILLISECONDS = pa.timestamp("ms")  # UTC by contract; no zone, so that DuckDB needs none either
DAY = 86_400_000
EVENT_OVERHEAD = 26
"""Bytes that CloudWatch adds to every event when it counts what is stored."""

COLUMN_TYPES: Mapping[Kind, pa.DataType] = {
    Kind.INT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.BOOL: pa.bool_(),
    Kind.TEXT: pa.string(),
    Kind.JSON: pa.string(),
}

SYSTEM_TYPES: Mapping[str, pa.DataType] = {
    **dict.fromkeys(SYSTEM_COLUMNS, pa.string()),
    TIMESTAMP: MILLISECONDS,
    INGESTION_TIME: MILLISECONDS,
    SEQ: pa.int64(),
    RAW: pa.binary(),
    TRUNCATED: pa.int64(),
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31


@dataclass(frozen=True, slots=True)
class StreamPart:
    """What one batch holds of one log stream; times in epoch milliseconds."""

    events: int
    first: int
    last: int
    ingested: int


def info_of(table: pa.Table) -> BatchInfo:
    """What a batch says of itself."""
    metadata = table.schema.metadata or {}
    text = metadata.get(BATCH_METADATA)
    return BatchInfo.from_json(text) if text is not None else BatchInfo()


def with_info(table: pa.Table, info: BatchInfo) -> pa.Table:
    """The same batch, saying ``info`` of itself."""
    return table.replace_schema_metadata({BATCH_METADATA: info.to_json().encode()})


def canonical(table: pa.Table) -> pa.Table:
    """The batch with exactly the column types that the model names; raises InvalidValue."""
    info = info_of(table)
    wanted = dict(SYSTEM_TYPES)
    for field in info.fields.values():
        if field.column is not None:
            wanted[field.column] = COLUMN_TYPES[field.kind]
    present = set(table.column_names)
    missing = ({TIMESTAMP, MESSAGE, LOG_STREAM} | (wanted.keys() - SYSTEM_TYPES.keys())) - present
    if missing or len(present) != table.num_columns:
        raise InvalidValue(f"a batch of events lacks columns or repeats them: {sorted(missing)}")
    for name in (TIMESTAMP, MESSAGE, LOG_STREAM):
        if table.column(name).null_count:
            raise InvalidValue(f"a batch of events has an event without {name}")
    names = [n for n in SYSTEM_COLUMNS if n in present]
    names += [f.column for f in info.fields.values() if f.column is not None]
    columns = [_cast(table.column(name), wanted[name]) for name in names]
    return with_info(pa.table(columns, names=names), info)


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    return column if column.type == wanted else column.cast(wanted)


def stamp(table: pa.Table, first_seq: int, ingested: int) -> pa.Table:
    """The batch with what storage adds: ``@ingestionTime`` and ``@seq`` in order of arrival."""
    rows = table.num_rows
    at = table.column_names.index(LOG_STREAM) + 1
    return table.add_column(
        at, INGESTION_TIME, pa.repeat(pa.scalar(ingested, MILLISECONDS), rows)
    ).add_column(at + 1, SEQ, pa.arange(first_seq, first_seq + rows))


def times(table: pa.Table) -> tuple[int, int]:
    """Oldest and newest event time, epoch milliseconds."""
    ends = pc.min_max(table.column(TIMESTAMP).cast(pa.int64())).as_py()
    return ends["min"], ends["max"]


def message_bytes(table: pa.Table) -> int:
    """How long the messages are, together."""
    return int(pc.sum(pc.binary_length(table.column(MESSAGE))).as_py() or 0)


def in_time_order(table: pa.Table) -> pa.Table:
    """The batch sorted by ``@timestamp`` and, within one millisecond, by ``@seq``."""
    order = time_order(table)
    return table if order is None else table.take(order)


def time_order(table: pa.Table) -> Any:
    """The row numbers of a batch in time order; None if they are in order already."""
    time = table.column(TIMESTAMP).cast(pa.int64())
    seq = table.column(SEQ)
    if _rises(time, seq):
        return None
    return pc.sort_indices(
        pa.table({"t": time, "s": seq}), sort_keys=[("t", "ascending"), ("s", "ascending")]
    )


def _rises(time: pa.ChunkedArray, seq: pa.ChunkedArray) -> bool:
    if len(time) < 2:
        return True
    before, after = time.slice(0, len(time) - 1), time.slice(1)
    if not pc.all(pc.less_equal(before, after)).as_py():
        return False
    arrived = pc.less(seq.slice(0, len(seq) - 1), seq.slice(1))
    if pc.all(arrived).as_py():
        return True
    return bool(pc.all(pc.or_(arrived, pc.less(before, after))).as_py())


def day_of(time: int) -> str:
    """The UTC day of an event time, as ``dt=`` writes it."""
    number = min(max(time // DAY, _FIRST_DAY), _LAST_DAY)
    return (_EPOCH + timedelta(days=number)).date().isoformat()


def by_day(table: pa.Table) -> list[tuple[str, pa.Table]]:
    """A batch in time order cut where the UTC day changes."""
    first, last = times(table)
    if day_of(first) == day_of(last):
        return [(day_of(first), table)]
    days = pc.floor_temporal(table.column(TIMESTAMP), unit="day").cast(pa.int64())
    parts: list[tuple[str, pa.Table]] = []
    start = 0
    for run in pc.value_counts(days).to_pylist():
        parts.append((day_of(run["values"]), table.slice(start, run["counts"])))
        start += run["counts"]
    return parts


def stream_parts(table: pa.Table) -> dict[str, StreamPart]:
    """What the batch holds of each of its log streams; needs ``@ingestionTime``."""
    names = pc.unique(table.column(LOG_STREAM))
    if len(names) == 1:  # as most batches are: no threads for a handful of events
        ingested = pc.max(table.column(INGESTION_TIME).cast(pa.int64())).as_py()
        return {names[0].as_py(): StreamPart(table.num_rows, *times(table), ingested)}
    numbers = pa.table(
        {
            "s": table.column(LOG_STREAM),
            "t": table.column(TIMESTAMP).cast(pa.int64()),
            "i": table.column(INGESTION_TIME).cast(pa.int64()),
        }
    )
    groups = numbers.group_by("s").aggregate([("t", "count"), ("t", "min_max"), ("i", "max")])
    rows = zip(
        groups["s"].to_pylist(),
        groups["t_count"].to_pylist(),
        groups["t_min_max"].to_pylist(),
        groups["i_max"].to_pylist(),
        strict=True,
    )
    return {name: StreamPart(n, t["min"], t["max"], i) for name, n, t, i in rows}


def add_parts(parts: Mapping[str, StreamPart], more: dict[str, StreamPart]) -> None:
    """Count ``parts`` into ``more``."""
    for name, part in parts.items():
        old = more.get(name)
        more[name] = (
            part
            if old is None
            else StreamPart(
                old.events + part.events,
                min(old.first, part.first),
                max(old.last, part.last),
                max(old.ingested, part.ingested),
            )
        )


def parts_to_json(parts: Mapping[str, StreamPart]) -> str:
    """Stream parts as the catalog keeps them."""
    rows: dict[str, Any] = {
        name: [p.events, p.first, p.last, p.ingested] for name, p in parts.items()
    }
    return json.dumps(rows, ensure_ascii=False)


def parts_from_json(text: str) -> dict[str, StreamPart]:
    """The inverse of ``parts_to_json``."""
    return {name: StreamPart(*values) for name, values in json.loads(text).items()}
