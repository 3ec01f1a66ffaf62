"""Actions on log groups."""

from __future__ import annotations

from collections.abc import Mapping

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.model import LogGroup


@action("logs:CreateLogGroup", Access.MANAGEMENT_WRITE)
def create_log_group(
    context: Context, name: str, *, tags: Mapping[str, str] | None = None
) -> LogGroup:
    """Make a log group; raises AlreadyExists and InvalidValue."""
    context.require("logs:CreateLogGroup", context.place.log_group(name))
    return context.logq.storage.groups.create(name, tags=tags)


@action("logs:DeleteLogGroup", Access.MANAGEMENT_WRITE)
def delete_log_group(context: Context, name: str) -> None:
    """Delete a log group with everything in it; raises UnknownLogGroup."""
    context.require("logs:DeleteLogGroup", context.place.log_group(name))
    context.logq.storage.groups.delete(name)


@action("logs:DescribeLogGroups", Access.MANAGEMENT_READ)
def describe_log_groups(context: Context, pattern: str = "*") -> tuple[LogGroup, ...]:
    """The log groups that the caller may see and whose names fit a pattern with ``*``."""
    return tuple(
        group
        for group in context.logq.storage.groups.list(pattern)
        if context.may("logs:DescribeLogGroups", context.place.log_group(group.name))
    )
