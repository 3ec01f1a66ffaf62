"""Actions that look after the data directory; for administrators."""

from __future__ import annotations

from dataclasses import dataclass

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.storage.findings import Report
from logq.storage.sealing import Sealed
from logq.storage.upkeep import Compacted, Retained


@dataclass(frozen=True, slots=True)
class Tidied:
    """What sealing and compaction did."""

    sealed: Sealed
    compacted: Compacted


@action("logq:Compact", Access.MANAGEMENT_WRITE)
def compact(context: Context, group: str | None = None) -> Tidied:
    """Seal the journal and merge small segments, of one log group or of all."""
    context.require("logq:Compact", context.place.log_group(group or "*"))
    storage = context.logq.storage
    if group is not None:
        storage.groups.get(group)
    return Tidied(storage.seal(group), storage.compact(group))


@action("logq:RunRetention", Access.MANAGEMENT_WRITE)
def run_retention(context: Context) -> Retained:
    """Remove the files of events that have expired; queries have not seen them since."""
    context.require("logq:RunRetention", context.place.log_group("*"))
    return context.logq.storage.retention()


@action("logq:CheckData", Access.MANAGEMENT_READ)
def check_data(context: Context, *, repair: bool = False) -> Report:
    """Check every segment, checksum and orphan, and the catalog; ``repair`` mends what can be."""
    context.require("logq:RepairData" if repair else "logq:CheckData", context.place.log_group("*"))
    return context.logq.storage.doctor(repair)
