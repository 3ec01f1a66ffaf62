"""Actions that write log events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.context import Context
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


def _streams(incoming: Incoming) -> list[str]:
    if isinstance(incoming.streams, str):
        return [incoming.streams]
    names: list[str] = incoming.streams.unique().to_pylist()
    return names
