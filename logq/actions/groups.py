"""Actions on log groups."""

from __future__ import annotations

from collections.abc import Mapping

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.reserved import check_writable
from logq.actions.tags import check_tags
from logq.audit.call import Access
from logq.model import LogGroup


@action("logs:CreateLogGroup", Access.MANAGEMENT_WRITE)
def create_log_group(
    context: Context,
    name: str,
    *,
    retention_days: int | None = None,
    format: str = "auto",
    tags: Mapping[str, str] | None = None,
    log_class: str = "STANDARD",
    kms_key: str | None = None,
    protected: bool = False,
) -> LogGroup:
    """Make a log group; raises AlreadyExists and InvalidValue."""
    context.require("logs:CreateLogGroup", context.place.log_group(name))
    check_writable(name)
    check_tags(tags or {})
    return context.logq.storage.groups.create(
        name,
        retention_days,
        format,
        tags,
        log_class=log_class,
        kms_key=kms_key,
        protected=protected,
    )


@action("logs:DeleteLogGroup", Access.MANAGEMENT_WRITE)
def delete_log_group(context: Context, name: str) -> None:
    """Delete a log group with everything in it; raises UnknownLogGroup and Protected."""
    context.require("logs:DeleteLogGroup", context.place.log_group(name))
    check_writable(name)
    context.logq.storage.groups.delete(name)


@action("logs:DescribeLogGroups", Access.MANAGEMENT_READ)
def describe_log_groups(context: Context, pattern: str = "*") -> tuple[LogGroup, ...]:
    """The log groups that the caller may see and whose names fit a pattern with ``*``."""
    return _visible(context, "logs:DescribeLogGroups", pattern)


@action("logs:ListLogGroups", Access.MANAGEMENT_READ)
def list_log_groups(context: Context, pattern: str = "*") -> tuple[LogGroup, ...]:
    """The log groups that the caller may see, for CloudWatch's newer call."""
    return _visible(context, "logs:ListLogGroups", pattern)


@action("logs:PutRetentionPolicy", Access.MANAGEMENT_WRITE)
def put_retention_policy(context: Context, name: str, days: int) -> LogGroup:
    """Let a log group's events expire after some days; raises UnknownLogGroup, InvalidValue."""
    context.require("logs:PutRetentionPolicy", context.place.log_group(name))
    return context.logq.storage.groups.set(name, retention_days=days)


@action("logs:DeleteRetentionPolicy", Access.MANAGEMENT_WRITE)
def delete_retention_policy(context: Context, name: str) -> LogGroup:
    """Keep a log group's events for ever; raises UnknownLogGroup."""
    context.require("logs:DeleteRetentionPolicy", context.place.log_group(name))
    return context.logq.storage.groups.set(name, retention_days=None)


@action("logs:PutLogGroupDeletionProtection", Access.MANAGEMENT_WRITE)
def put_deletion_protection(context: Context, name: str, enabled: bool) -> LogGroup:
    """Say whether a log group may be deleted; raises UnknownLogGroup."""
    context.require("logs:PutLogGroupDeletionProtection", context.place.log_group(name))
    return context.logq.storage.groups.set(name, protected=enabled)


@action("logq:SetEmbeddedMetrics", Access.MANAGEMENT_WRITE)
def set_embedded_metrics(context: Context, name: str, enabled: bool) -> LogGroup:
    """Say whether a log group's events may name metrics themselves; raises UnknownLogGroup."""
    context.require("logq:SetEmbeddedMetrics", context.place.log_group(name))
    return context.logq.storage.groups.set(name, embedded_metrics=enabled)


@action("logq:SetFormat", Access.MANAGEMENT_WRITE)
def set_format(context: Context, name: str, format: str) -> LogGroup:
    """Say what format a log group's lines have; raises UnknownLogGroup."""
    context.require("logq:SetFormat", context.place.log_group(name))
    return context.logq.storage.groups.set(name, format=format)


@action("logq:ShowLogGroup", Access.MANAGEMENT_READ)
def show_log_group(context: Context, name: str) -> LogGroup:
    """One log group by its exact name, as ``logs:DescribeLogGroups``; raises UnknownLogGroup."""
    context.require("logs:DescribeLogGroups", context.place.log_group(name))
    return context.logq.storage.groups.get(name)


def _visible(context: Context, name: str, pattern: str) -> tuple[LogGroup, ...]:
    return tuple(
        group
        for group in context.logq.storage.groups.list(pattern)
        if context.may(name, context.place.log_group(group.name))
    )
