"""Batches that a client of LogQ has made of its files, stored exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.checkpoints import owned
from logq.actions.context import Context
from logq.actions.reserved import check_writable
from logq.audit.call import Access
from logq.errors import CheckpointConflict, InvalidValue, UnknownLogGroup
from logq.model import (
    BATCH_METADATA,
    INGESTION_TIME,
    LOG_STREAM,
    MESSAGE,
    SEQ,
    SYSTEM_COLUMNS,
    Accepted,
    BatchInfo,
    Checkpoint,
)

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a batch."""

    accepted: Accepted
    repeated: bool = False
    """It had been stored before, by the same request; nothing was stored twice."""


@action("logq:AppendBatch", Access.DATA_WRITE, hide=("batch", "checkpoints"))
def append_batch(
    context: Context,
    group: str,
    batch: pa.Table,
    checkpoints: Sequence[Checkpoint] = (),
    *,
    create: bool = False,
) -> Appended:
    """Store a batch and move the caller's checkpoints, together and durably.

    A batch whose checkpoints all stand already where it moves them was stored before: the answer
    says so, and nothing happens. Hence a client may send a batch again whenever it did not see
    the answer. Asks for ``logs:PutLogEvents`` on every stream and, where ``create`` makes the log
    group, for ``logs:CreateLogGroup``. Raises AccessDenied, InvalidValue for what is no batch,
    UnknownLogGroup without ``create``, CheckpointConflict, and StorageError.
    """
    check_writable(group)
    table = checked(batch, context.logq.settings.max_event_bytes)
    place = context.place
    for stream in table.column(LOG_STREAM).unique().to_pylist():
        context.require("logs:PutLogEvents", place.log_stream(group, stream))
    if table.num_rows == 0:
        context.require("logs:PutLogEvents", place.log_stream(group, "*"))
    marks = [owned(context, checkpoint) for checkpoint in checkpoints]
    storage = context.logq.storage
    try:
        try:
            return Appended(storage.events.append(group, table, marks))
        except UnknownLogGroup:
            if not create:
                raise
        context.require("logs:CreateLogGroup", place.log_group(group))
        context.logq.ensure_group(group)
        return Appended(storage.events.append(group, table, marks))
    except CheckpointConflict:
        held = [storage.checkpoints.get(mark.owner, mark.key) for mark in marks]
        if held != [mark.value for mark in marks]:
            raise
        import pyarrow.compute as pc

        size = pc.sum(pc.binary_length(table.column(MESSAGE))).as_py() or 0
        return Appended(Accepted(table.num_rows, int(size), 0), repeated=True)


def checked(batch: pa.Table, max_event_bytes: int) -> pa.Table:
    """A batch from elsewhere without what only storage may say; raises InvalidValue.

    Its bytes are not trusted: lengths and UTF-8 are looked at in full before anything reads them.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from logq.storage.batch import canonical

    try:
        batch.validate(full=True)
        names = [name for name in batch.column_names if name not in (SEQ, INGESTION_TIME)]
        table = batch.select([batch.column_names.index(name) for name in names])
        metadata = (batch.schema.metadata or {}).get(BATCH_METADATA)
        info = BatchInfo.from_json(metadata) if metadata is not None else BatchInfo()
        held = [field.column for field in info.fields.values() if field.column is not None]
        folded = {column.lower() for column in held}
        if len(folded) != len(held) or folded & {name.lower() for name in SYSTEM_COLUMNS}:
            raise InvalidValue("two fields of this batch have one column")
        table = canonical(table)
    except (pa.ArrowException, ValueError, TypeError, LookupError) as error:
        raise InvalidValue(f"this is no batch of events: {_first(error)}") from error
    longest = pc.max(pc.binary_length(table.column(MESSAGE))).as_py() or 0
    if longest > max_event_bytes:
        raise InvalidValue(
            f"an event has {longest:,} bytes, {max_event_bytes:,} are allowed",
            hint="cut it and say so in @truncated, or raise the setting max_event_bytes",
        )
    return table


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
