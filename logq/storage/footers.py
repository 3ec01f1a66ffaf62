"""What segment files tell of themselves when the catalog cannot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from logq.model import (
    BATCH_METADATA,
    INGESTION_TIME,
    LOG_STREAM,
    MESSAGE,
    SEQ,
    TIMESTAMP,
    BatchInfo,
    RowGroup,
)
from logq.storage import drafts
from logq.storage.batch import StreamPart, add_parts, message_bytes, stream_parts, with_info
from logq.storage.disk import Directory, sha256
from logq.storage.merge import system_columns
from logq.storage.segment import SEGMENT_METADATA, Origin, Segment


@dataclass(frozen=True, slots=True)
class Found:
    """A readable segment file."""

    path: Path
    group: str
    retention_days: int | None
    replaces: frozenset[str]
    last_seq: int
    segment: Segment


def read(path: Path) -> Found:
    """Everything the catalog needs of a file.

    Raises OSError, ArrowException, ValueError, KeyError or TypeError for one that is damaged.
    """
    row_groups: list[RowGroup] = []
    streams: dict[str, StreamPart] = {}
    size = 0
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        names, metadata, rows = (
            file.schema_arrow.names,
            file.metadata.metadata,
            file.metadata.num_rows,
        )
        for number in range(file.metadata.num_row_groups):
            columns = [TIMESTAMP, MESSAGE, LOG_STREAM, INGESTION_TIME]
            part = file.read_row_group(number, columns=columns, use_threads=False)
            time = part.column(TIMESTAMP).cast(pa.int64())
            row_groups.append(RowGroup(part.num_rows, time[0].as_py(), time[-1].as_py()))
            size += message_bytes(part)
            add_parts(stream_parts(part), streams)
    about = json.loads(metadata[SEGMENT_METADATA])
    segment = Segment(
        path.stem,
        int(path.parent.parent.name),
        path.parent.name.removeprefix("dt="),
        rows,
        size,
        path.stat().st_size,
        row_groups[0].start,
        row_groups[-1].end,
        sha256(path),
        BatchInfo.from_json(metadata[BATCH_METADATA]),
        tuple(system_columns(names)),
        tuple(row_groups),
        streams,
    )
    replaces = frozenset[str](about["replaces"])
    return Found(path, about["group"], about["days"], replaces, about["last_seq"], segment)


def seqs_of(path: Path) -> Any:
    """The ``@seq`` of every event of a segment file."""
    return pq.read_table(path, columns=[SEQ], partitioning=None).column(SEQ).combine_chunks()


def uncovered(path: Path, others: Iterable[Path]) -> int:
    """How many events of a file are in none of the other files."""
    missing = seqs_of(path)
    for other in others:
        missing = missing.filter(pc.invert(pc.is_in(missing, value_set=seqs_of(other))))
    return len(missing)


def once(directory: Directory, found: Sequence[Found], now: int) -> Iterator[Found]:
    """Files of one group and day such that each event is in exactly one of them.

    A crash or a compaction leaves events in two files. The larger file wins; of another one
    what is new in it is written anew.
    """
    every = [seqs_of(f.path) for f in found]
    left = pc.unique(pa.concat_arrays(every))
    if len(left) == sum(map(len, every)):
        yield from found
        return
    for number in sorted(range(len(found)), key=lambda n: (-len(every[n]), found[n].segment.id)):
        fresh = pc.is_in(every[number], value_set=left)
        if pc.all(fresh).as_py():
            yield found[number]
        elif pc.any(fresh).as_py():
            yield _only(directory, found[number], fresh, now)
        left = left.filter(pc.invert(pc.is_in(left, value_set=every[number])))


def _only(directory: Directory, one: Found, rows: Any, now: int) -> Found:
    table = pq.read_table(one.path, partitioning=None).filter(rows)
    planned = drafts.cut(with_info(table, one.segment.info), one.segment.group_id, now)
    origin = Origin(one.group, one.retention_days, replaces=(one.segment.id,))
    (written,) = drafts.write(directory, planned, origin)
    replaces = one.replaces | {one.segment.id}
    return replace(one, path=planned[0].path(directory), segment=written, replaces=replaces)
