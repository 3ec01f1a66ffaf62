"""Actions on log streams."""

from __future__ import annotations

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.reserved import check_writable
from logq.audit.call import Access
from logq.model import LogStream


@action("logs:CreateLogStream", Access.MANAGEMENT_WRITE)
def create_log_stream(context: Context, group: str, stream: str) -> None:
    """Make an empty log stream; raises UnknownLogGroup, AlreadyExists and InvalidValue."""
    context.require("logs:CreateLogStream", context.place.log_group(group))
    check_writable(group)
    context.logq.storage.groups.create_stream(group, stream)


@action("logs:DeleteLogStream", Access.MANAGEMENT_WRITE)
def delete_log_stream(context: Context, group: str, stream: str) -> None:
    """Delete a log stream and its events.

    Raises UnknownLogGroup, UnknownLogStream, and Protected where the log group is.
    """
    context.require("logs:DeleteLogStream", context.place.log_stream(group, stream))
    check_writable(group)
    context.logq.storage.groups.delete_stream(group, stream)


@action("logs:DescribeLogStreams", Access.MANAGEMENT_READ)
def describe_log_streams(context: Context, group: str, prefix: str = "") -> tuple[LogStream, ...]:
    """The streams of a log group whose names begin so, in name order; raises UnknownLogGroup."""
    context.require("logs:DescribeLogStreams", context.place.log_group(group))
    streams = context.logq.storage.groups.streams(group)
    return tuple(stream for stream in streams if stream.name.startswith(prefix))
