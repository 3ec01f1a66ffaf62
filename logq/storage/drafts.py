"""Cut a stamped batch into segments, one per UTC day, and write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from logq.model import BatchInfo, fields_by_path
from logq.storage import segment
from logq.storage.batch import by_day, in_time_order, info_of, with_info
from logq.storage.disk import Directory
from logq.storage.segment import Origin, Segment


@dataclass(frozen=True, slots=True)
class Draft:
    """A segment that is going to be written."""

    id: str
    group_id: int
    day: str
    table: pa.Table

    def path(self, directory: Directory) -> Path:
        """Where it will be."""
        return directory.segment(self.group_id, self.day, self.id)


def cut(table: pa.Table, group_id: int, now: int) -> list[Draft]:
    """The segments that a batch with all its columns makes."""
    return [
        Draft(segment.new_id(now), group_id, day, part)
        for day, part in by_day(in_time_order(table))
    ]


def write(directory: Directory, drafts: Sequence[Draft], origin: Origin) -> list[Segment]:
    """Write drafts as durable segments; raises DiskFull or StorageError and leaves nothing."""
    written: list[Segment] = []
    total = sum(d.table.num_rows for d in drafts)
    try:
        for draft in drafts:
            info = info_of(draft.table)
            if len(drafts) > 1:
                info = _counted(info, draft.table, total)
            table = with_info(draft.table, info)
            place = (draft.id, draft.group_id, draft.day)
            written.append(
                segment.write(directory, draft.path(directory), [table], info, origin, place)
            )
    except BaseException:
        discard(directory, drafts)
        raise
    return written


def discard(directory: Directory, drafts: Sequence[Draft]) -> None:
    """Remove the files of drafts that will not be published."""
    for draft in drafts:
        draft.path(directory).unlink(missing_ok=True)


def _counted(info: BatchInfo, part: pa.Table, total: int) -> BatchInfo:
    """``info`` for a part of its rows; without a column a count is the part's share."""
    fields = [
        replace(
            f,
            count=part.num_rows - part.column(f.column).null_count
            if f.column
            else -(-f.count * part.num_rows // total),
        )
        for f in info.fields.values()
    ]
    return replace(info, fields=fields_by_path(fields))
