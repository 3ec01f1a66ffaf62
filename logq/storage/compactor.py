"""Merge segments: read them in time order, write one, exchange them in one commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from logq.errors import StorageError
from logq.failpoints import reach
from logq.model import TIMESTAMP, BatchInfo
from logq.storage import merge, segment, segments
from logq.storage.batch import in_time_order, time_order
from logq.storage.catalog import Catalog
from logq.storage.compaction import Candidate
from logq.storage.disk import Directory, disk_errors, is_damage, sha256
from logq.storage.groups import Row
from logq.storage.segment import ROW_GROUP_ROWS, Origin, Segment
from logq.storage.streams import shared, visible

_EXACT = 1 << 53


class Unreadable(StorageError):
    """A segment that compaction cannot read."""

    def __init__(self, segment_id: str, reason: str) -> None:
        super().__init__(f"segment {segment_id} is damaged: {reason}")
        self.segment_id = segment_id
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Input:
    """A segment to be merged."""

    listed: Candidate
    info: BatchInfo
    path: Path


def exchange(
    catalog: Catalog,
    directory: Directory,
    group: Row,
    inputs: Sequence[Input],
    now: int,
    grace_ms: int,
) -> Segment | None:
    """Merge segments into one; None if another process changed one of them meanwhile.

    Raises Unreadable for a damaged input, DiskFull or StorageError; then nothing has changed.
    """
    segment_id, day = segment.new_id(now), inputs[0].listed.day
    target = directory.segment(group.id, day, segment_id)
    index = directory.grams(group.id, day, segment_id)
    with catalog.write() as connection:
        segments.announce(connection, directory, (target, index), now)
    reach("compaction.announced")
    ids = tuple(i.listed.id for i in inputs)
    origin = Origin(group.name, group.retention_days, replaces=ids)
    won = False
    try:
        footers = [_footer(i) for i in inputs]
        plan = merge.unify([_source(i, f) for i, f in zip(inputs, footers, strict=True)])
        place = (segment_id, group.id, day)
        tables = _merged(inputs, footers, plan)
        made = segment.write(directory, target, tables, plan.info, origin, place, index)
        reach("compaction.before-commit")
        with catalog.write() as connection:
            won = (
                segments.are_as(connection, {i.listed.id: i.listed.hidden for i in inputs})
                and segments.remove(connection, directory, ids, now + grace_ms)
                and segments.publish(connection, directory, [made])
            )
            if not won:
                connection.execute("ROLLBACK")
    finally:
        pa.default_memory_pool().release_unused()
        if not won:
            target.unlink(missing_ok=True)
            index.unlink(missing_ok=True)
    reach("compaction.after-commit")
    return made if won else None


def _footer(source: Input) -> Any:
    """The Parquet metadata of a segment whose bytes are as they were written."""
    with _reading(source):
        if sha256(source.path) != source.listed.sha256:
            raise Unreadable(source.listed.id, "its bytes have changed (SHA-256)")
        return pq.read_metadata(source.path)


@contextmanager
def _reading(source: Input) -> Iterator[None]:
    with disk_errors("reading a segment"):
        try:
            yield
        except FileNotFoundError as error:
            raise Unreadable(source.listed.id, "its file is missing") from error
        except (OSError, pa.ArrowException) as error:
            if not is_damage(error):
                raise
            raise Unreadable(source.listed.id, f"it cannot be read: {error}") from error


def _source(source: Input, footer: Any) -> merge.Source:
    names = footer.schema.to_arrow_schema().names

    def exact(column: str) -> bool:
        place = names.index(column)
        for number in range(footer.num_row_groups):
            group = footer.row_group(number)
            found = group.column(place).statistics
            if found is None or not found.has_min_max:
                if found is None or found.null_count != group.num_rows:
                    return False
            elif found.min < -_EXACT or found.max > _EXACT:
                return False
        return True

    kept = source.listed.rows - source.listed.hidden_rows
    info = shared(source.info, source.listed.rows, kept) if source.listed.hidden else source.info
    return merge.Source(info, frozenset(merge.system_columns(names)), exact)


def _merged(
    inputs: Sequence[Input], footers: Sequence[Any], plan: merge.Plan
) -> Iterator[pa.Table]:
    """All rows in time order, in tables of whole row groups but for the last.

    Holds only row groups that overlap in time, and copies what it keeps: a slice would keep all
    of the table it was cut from.
    """
    spans = sorted(
        (g.start, number, place)
        for number, source in enumerate(inputs)
        for place, g in enumerate(source.listed.row_groups)
    )
    held: list[pa.Table] = []
    rows, enough = 0, ROW_GROUP_ROWS
    for start, number, place in spans:
        if rows >= enough:
            yield from _ready(held, start)
            rows = sum(table.num_rows for table in held)
            enough = max(ROW_GROUP_ROWS, 2 * rows)
        part = _row_group(inputs[number], footers[number], place)
        part = merge.conform(part, inputs[number].info, plan, number)
        part = visible(part, inputs[number].listed.hidden)
        held.append(part)
        rows += part.num_rows
    rest = pa.concat_tables(held)
    if rest.num_rows:
        yield in_time_order(rest)


def _ready(held: list[pa.Table], time: int) -> Iterator[pa.Table]:
    """Whole row groups of events older than ``time``; the rest stays in ``held``."""
    table = pa.concat_tables(held)
    older = pc.less(table.column(TIMESTAMP).cast(pa.int64()), time)
    count = int(pc.sum(older.cast(pa.int64())).as_py() or 0)
    count -= count % ROW_GROUP_ROWS
    if count == 0:
        return
    held.clear()
    order = time_order(table)
    if order is None:
        held.append(table.slice(count))
        first = table.slice(0, count)
    else:
        held.append(table.take(order.slice(count)))
        first = table.take(order.slice(0, count))
    del table
    yield first


def _row_group(source: Input, footer: Any, place: int) -> pa.Table:
    """One row group; the file is open only meanwhile, there may be many."""
    with (
        _reading(source),
        pq.ParquetFile(source.path, metadata=footer, page_checksum_verification=True) as file,
    ):
        return file.read_row_group(place, use_threads=False)
