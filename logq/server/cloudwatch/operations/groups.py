"""Log groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from logq.actions import groups
from logq.actions.context import Context
from logq.actions.metric_filters import metric_filter_counts
from logq.arns import group_name
from logq.model import LogGroup
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import Params, Result, operation

_PAGE = 50


@operation("logs", "CreateLogGroup")
def create_log_group(context: Context, params: Params) -> Result:
    name = params["logGroupName"]
    if name.lower().startswith("aws/"):
        raise WireError(
            "InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS."
        )
    groups.create_log_group(
        context,
        name,
        tags=params.get("tags"),
        log_class=params.get("logGroupClass", "STANDARD"),
        kms_key=params.get("kmsKeyId"),
        protected=params.get("deletionProtectionEnabled", False),
    )
    return None


@operation("logs", "DeleteLogGroup")
def delete_log_group(context: Context, params: Params) -> Result:
    groups.delete_log_group(context, params["logGroupName"])
    return None


@operation("logs", "DescribeLogGroups")
def describe_log_groups(context: Context, params: Params) -> Result:
    prefix, pattern = params.get("logGroupNamePrefix"), params.get("logGroupNamePattern")
    if prefix is not None and pattern is not None:
        raise WireError(
            "InvalidParameterException",
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        )
    named = {group_name(identifier) for identifier in params.get("logGroupIdentifiers", ())}
    found = [
        group
        for group in groups.describe_log_groups(context)
        if group.name.startswith(prefix or "") and (pattern or "") in group.name
        if not named or group.name in named
        if params.get("logGroupClass", group.log_class) == group.log_class
    ]
    page, token = _page("DescribeLogGroups", params, found)
    counts = metric_filter_counts(context)
    described = [_described(context, group, counts.get(group.name, 0)) for group in page]
    return {"logGroups": described, "nextToken": token}


@operation("logs", "ListLogGroups")
def list_log_groups(context: Context, params: Params) -> Result:
    for name in ("dataSources", "fieldIndexNames"):
        if name in params:
            raise WireError(
                "InvalidParameterException", f"LogQ cannot look for log groups by {name}."
            )
    fits = _regex(params.get("logGroupNamePattern", ""))
    found = [
        group
        for group in groups.list_log_groups(context)
        if fits(group.name)
        if params.get("logGroupClass", group.log_class) == group.log_class
        if all(_tagged(group, wanted) for wanted in params.get("logGroupTags", ()))
    ]
    page, token = _page("ListLogGroups", params, found)
    listed = [
        {
            "logGroupName": group.name,
            "logGroupArn": context.place.log_group(group.name),
            "logGroupClass": group.log_class,
        }
        for group in page
    ]
    return {"logGroups": listed, "nextToken": token}


@operation("logs", "PutRetentionPolicy")
def put_retention_policy(context: Context, params: Params) -> Result:
    groups.put_retention_policy(context, params["logGroupName"], params["retentionInDays"])
    return None


@operation("logs", "DeleteRetentionPolicy")
def delete_retention_policy(context: Context, params: Params) -> Result:
    groups.delete_retention_policy(context, params["logGroupName"])
    return None


@operation("logs", "PutLogGroupDeletionProtection")
def put_deletion_protection(context: Context, params: Params) -> Result:
    name = group_name(params["logGroupIdentifier"])
    groups.put_deletion_protection(context, name, params["deletionProtectionEnabled"])
    return None


def _page(
    operation: str, params: Params, found: list[LogGroup]
) -> tuple[list[LogGroup], str | None]:
    size = params.get("limit", _PAGE)
    return tokens.page(operation, params, found, lambda group: [group.name], size)


def _described(context: Context, group: LogGroup, filters: int) -> dict[str, Any]:
    arn = context.place.log_group(group.name)
    return {
        "logGroupName": group.name,
        "creationTime": group.created,
        "retentionInDays": group.retention_days,
        "metricFilterCount": filters,
        "arn": f"{arn}:*",
        "storedBytes": group.stored_bytes,
        "kmsKeyId": group.kms_key,
        "logGroupClass": group.log_class,
        "logGroupArn": arn,
        "deletionProtectionEnabled": group.protected or None,
    }


def _regex(pattern: str) -> Callable[[str], bool]:
    """Whether a name holds one of the texts between bars; ``^`` before one: at its start."""
    parts = pattern.split("|")

    def fits(name: str) -> bool:
        return any(
            name.startswith(part[1:]) if part.startswith("^") else part in name for part in parts
        )

    return fits


def _tagged(group: LogGroup, wanted: Params) -> bool:
    key, values = wanted["key"], wanted.get("values")
    return key in group.tags and (not values or group.tags[key] in values)
