"""Log groups and log streams."""

from __future__ import annotations

from collections.abc import Mapping

from logq.actions import groups, streams, tags
from logq.actions.context import Context
from logq.arns import RESERVED
from logq.declared.kind import Body, Field, Key, Kind, register
from logq.errors import InvalidValue
from logq.model import LogGroup


def _there(context: Context) -> Mapping[Key, Body]:
    found = groups.describe_log_groups(context)
    return {(one.name,): _body(one) for one in found if not one.name.startswith(RESERVED)}


def _body(group: LogGroup) -> Body:
    return {
        "retention": group.retention_days,
        "format": group.format,
        "tags": dict(group.tags),
        "protected": group.protected,
        "embedded_metrics": group.embedded_metrics,
        "class": group.log_class,
    }


def _put(context: Context, key: Key, body: Body, before: Body | None) -> None:
    (name,) = key
    if before is None:
        groups.create_log_group(
            context,
            name,
            retention_days=body["retention"],
            format=body["format"],
            tags=body["tags"],
            log_class=body["class"],
            protected=body["protected"],
        )
        if body["embedded_metrics"]:
            groups.set_embedded_metrics(context, name, True)
        return
    if body["class"] != before["class"]:
        raise InvalidValue(
            f"the class of the log group {name} cannot change from {before['class']}",
            hint="it is fixed when a log group is made",
        )
    if body["retention"] != before["retention"]:
        if body["retention"] is None:
            groups.delete_retention_policy(context, name)
        else:
            groups.put_retention_policy(context, name, body["retention"])
    if body["format"] != before["format"]:
        groups.set_format(context, name, body["format"])
    if gone := sorted(before["tags"].keys() - body["tags"].keys()):
        tags.untag_log_group(context, name, gone)
    changed = {k: v for k, v in body["tags"].items() if before["tags"].get(k) != v}
    if changed:
        tags.tag_log_group(context, name, changed)
    if body["protected"] != before["protected"]:
        groups.put_deletion_protection(context, name, body["protected"])
    if body["embedded_metrics"] != before["embedded_metrics"]:
        groups.set_embedded_metrics(context, name, body["embedded_metrics"])


def _delete(context: Context, key: Key) -> None:
    groups.delete_log_group(context, key[0])


def _streams(context: Context) -> Mapping[Key, Body]:
    found: dict[Key, Body] = {}
    for group in groups.describe_log_groups(context):
        arn = context.place.log_group(group.name)
        if context.may("logs:DescribeLogStreams", arn):
            for stream in context.logq.storage.groups.streams(group.name):
                found[group.name, stream.name] = {}
    return found


def _put_stream(context: Context, key: Key, body: Body, before: Body | None) -> None:
    streams.create_log_stream(context, *key)


def _delete_stream(context: Context, key: Key) -> None:
    streams.delete_log_stream(context, *key)


register(
    Kind(
        "log group",
        "groups",
        0,
        (
            Field("retention", "whole", summary="days; none to keep events for ever"),
            Field("format", "text", "auto"),
            Field("tags", "map", {}),
            Field("protected", "flag", False, summary="whether it may not be deleted"),
            Field("embedded_metrics", "flag", False),
            Field("class", "text", "STANDARD"),
        ),
        _there,
        _put,
        _delete,
    )
)
register(Kind("log stream", "streams", 1, (), _streams, _put_stream, _delete_stream, grouped=True))
