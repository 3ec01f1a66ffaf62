"""Topics and their subscriptions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

from logq.actions import subscriptions, topics
from logq.actions.context import Context
from logq.arns import group_name
from logq.declared.kind import Body, Field, Key, Kind, register
from logq.notify.secrets import shown
from logq.notify.topic import Options, Subscription

_OPTIONS = tuple(field.name for field in fields(Options))


def _topics(context: Context) -> Mapping[Key, Body]:
    return {
        (one.name,): {
            "display_name": one.display_name,
            "group_seconds": one.group_seconds,
            "tags": dict(one.tags),
        }
        for one in topics.list_topics(context)
    }


def _put_topic(context: Context, key: Key, body: Body, before: Body | None) -> None:
    (name,) = key
    display_name, seconds = body["display_name"], body["group_seconds"]
    if before is None:
        topics.create_topic(
            context, name, display_name=display_name, group_seconds=seconds, tags=body["tags"]
        )
        return
    if (display_name, seconds) != (before["display_name"], before["group_seconds"]):
        topics.set_topic(context, name, display_name=display_name, group_seconds=seconds)
    if gone := sorted(before["tags"].keys() - body["tags"].keys()):
        topics.untag_topic(context, name, gone)
    if changed := {k: v for k, v in body["tags"].items() if before["tags"].get(k) != v}:
        topics.tag_topic(context, name, changed)


def _delete_topic(context: Context, key: Key) -> None:
    topics.delete_topic(context, key[0])


def _named(given: Mapping[str, Any]) -> str:
    """What tells subscriptions of a topic apart, without what is secret in it."""
    protocol, endpoint = str(given.get("protocol")), str(given.get("endpoint"))
    if protocol == subscriptions.GROUP:
        return f"{protocol} {group_name(endpoint)}"
    digest = hashlib.sha256(endpoint.encode("utf-8", "replace")).hexdigest()
    return f"{protocol} {shown(endpoint)} {digest[:8]}"


def _found(context: Context) -> Iterator[tuple[Key, Subscription, str]]:
    for one in subscriptions.list_subscriptions(context):
        if subscriptions.may_see_group(context, one):
            seals = context.logq.monitoring.notify.seals
            endpoint = str(seals.open(one.sealed, one.id)["url"])
            name = _named({"protocol": one.protocol, "endpoint": endpoint})
            yield (one.topic, name), one, endpoint


def _subscriptions(context: Context) -> Mapping[Key, Body]:
    return {
        key: {"protocol": one.protocol, "endpoint": endpoint, **asdict(one.options)}
        for key, one, endpoint in _found(context)
    }


def _options(body: Body) -> dict[str, Any]:
    return {name: body[name] for name in _OPTIONS}


def _put_subscription(context: Context, key: Key, body: Body, before: Body | None) -> None:
    if before is None:
        subscriptions.subscribe(
            context,
            key[0],
            body["protocol"],
            body["endpoint"],
            options=Options(**_options(body)),
        )
        return
    changes = {name: one for name, one in _options(body).items() if before[name] != one}
    subscriptions.set_subscription(context, _arn(context, key), changes=changes)


def _delete_subscription(context: Context, key: Key) -> None:
    subscriptions.unsubscribe(context, _arn(context, key))


def _arn(context: Context, key: Key) -> str:
    return next(one.arn for known, one, _ in _found(context) if known == key)


register(
    Kind(
        "topic",
        "topics",
        4,
        (
            Field("display_name", "text", ""),
            Field("group_seconds", "whole", 0, summary="how long notifications wait for others"),
            Field("tags", "map", {}),
        ),
        _topics,
        _put_topic,
        _delete_topic,
    )
)
register(
    Kind(
        "subscription",
        "subscriptions",
        5,
        (
            Field("protocol", "text", needed=True, summary="slack, teams, webhook, log-group, ..."),
            Field("endpoint", "text", needed=True, summary="an address, or a log group"),
            Field("send_ok", "flag", True),
            Field("repeat_seconds", "whole", 0),
            Field("resolve_through_mute", "flag", True),
            Field("raw", "flag", False),
            Field("filter_policy", "any"),
            Field("filter_scope", "text", "MessageAttributes"),
            Field("per_second", "number"),
            Field("retries", "whole"),
            Field("min_delay", "whole", 20),
            Field("max_delay", "whole", 20),
            Field("backoff", "text", "linear"),
        ),
        _subscriptions,
        _put_subscription,
        _delete_subscription,
        grouped=True,
        within="topic",
        named=_named,
    )
)
