"""Actions that write log events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.put_rules import Verdict, judge
from logq.actions.reserved import check_writable
from logq.audit.call import Access
from logq.errors import UnknownLogGroup
from logq.model import Accepted

if TYPE_CHECKING:
    from logq.ingest.incoming import Incoming


@action("logq:AcceptEvents", Access.DATA_WRITE, hide=("incoming",))
def accept_events(
    context: Context, group: str, incoming: Incoming, *, create: bool = False
) -> Accepted:
    """Store events that a sender states, durably; log streams are made as they are named.

    Asks for ``logs:PutLogEvents`` on every stream and, where ``create`` makes the log group, for
    ``logs:CreateLogGroup``. Raises AccessDenied, InvalidValue for a reserved log group,
    UnknownLogGroup without ``create``, and StorageError; then nothing is stored.
    """
    check_writable(group)
    place = context.place
    for stream in _streams(incoming):
        context.require("logs:PutLogEvents", place.log_stream(group, stream))
    try:
        return context.logq.accept(group, incoming)
    except UnknownLogGroup:
        if not create:
            raise
        context.require("logs:CreateLogGroup", place.log_group(group))
        context.logq.ensure_group(group)
        return context.logq.accept(group, incoming)


@dataclass(frozen=True, slots=True)
class Put:
    """What became of the events that a client put into a log stream."""

    verdict: Verdict
    last_seq: int
    """The number of the newest event that was taken, or 0."""


@action("logs:PutLogEvents", Access.DATA_WRITE, hide=("times", "messages"))
def put_log_events(
    context: Context, group: str, stream: str, times: Sequence[int], messages: Sequence[str]
) -> Put:
    """Store events of one log stream durably, by the rules of CloudWatch.

    Times are epoch milliseconds. Raises AccessDenied, UnknownLogGroup, NotFound for a missing log
    stream, InvalidValue for a batch that breaks a rule, and StorageError; then nothing is stored.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from logq.ingest.incoming import Incoming

    check_writable(group)
    context.require("logs:PutLogEvents", context.place.log_stream(group, stream))
    logq = context.logq
    retention = logq.storage.groups.retention_of(group, stream)
    texts = pa.array(messages, pa.string())
    size = pc.sum(pc.binary_length(texts)).as_py() or 0
    verdict = judge(times, size, logq.clock(), retention, logq.settings.put_oldest_days)
    count = verdict.end - verdict.first
    if not count:
        return Put(verdict, 0)
    stamps = pa.array(times, pa.int64()).cast(pa.timestamp("ms"))
    if count < len(times):
        stamps, texts = (array.slice(verdict.first, count) for array in (stamps, texts))
    accepted = logq.accept(group, Incoming(texts, stamps, stream))
    return Put(verdict, accepted.first_seq + accepted.events - 1)


def _streams(incoming: Incoming) -> list[str]:
    if isinstance(incoming.streams, str):
        return [incoming.streams]
    names: list[str] = incoming.streams.unique().to_pylist()
    return names
