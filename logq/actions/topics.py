"""Actions on topics: named points to which notifications go, and what is published to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.subscriptions import may_see_group
from logq.audit.call import Access
from logq.errors import AlreadyExists, InvalidValue, TooManyTags
from logq.notification import Notification, Subject
from logq.notify.notifier import notifier
from logq.notify.sending import Attempt
from logq.notify.telling import one_line
from logq.notify.topic import Subscription, Topic, check_name, parts

if TYPE_CHECKING:
    from logq.notify.topics import Topics

MAX_MESSAGE = 262_144
MAX_SUBJECT = 100
MAX_TAGS = 50
SAID = 300
"""Bytes that are shown of what a known service answers."""
MAX_GROUP_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Tested:
    """What a receiver answered to a test."""

    subscription: str
    protocol: str
    shown: str
    outcome: str
    """``delivered``, ``later`` (it would be tried again), ``never`` or ``gone``."""
    why: str
    said: str
    """What the service itself answered; empty for receivers that LogQ does not know."""


@action("sns:CreateTopic", Access.MANAGEMENT_WRITE)
def create_topic(
    context: Context,
    topic: str,
    *,
    display_name: str = "",
    group_seconds: int = 0,
    attributes: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Topic:
    """Make a topic, or get the one of this name; raises InvalidValue."""
    arn = context.place.topic(check_name(topic))
    context.require("sns:CreateTopic", arn)
    _check(display_name, group_seconds, tags or {})
    wanted = Topic(topic, arn, display_name, group_seconds, attributes or {}, tags or {})
    try:
        return _topics(context).create(wanted)
    except AlreadyExists:
        return _topics(context).get(topic)


@action("sns:SetTopicAttributes", Access.MANAGEMENT_WRITE)
def set_topic(
    context: Context,
    topic: str,
    *,
    display_name: str | None = None,
    group_seconds: int | None = None,
    attributes: Mapping[str, str] | None = None,
) -> Topic:
    """Change what is given of a topic; raises UnknownTopic and InvalidValue."""
    context.require("sns:SetTopicAttributes", _arn(context, topic))
    with context.logq.storage.database.write():
        old = _topics(context).get(topic)
        new = replace(
            old,
            display_name=old.display_name if display_name is None else display_name,
            group_seconds=old.group_seconds if group_seconds is None else group_seconds,
            attributes={**old.attributes, **(attributes or {})},
        )
        _check(new.display_name, new.group_seconds, {})
        return _topics(context).change(new)


@action("sns:GetTopicAttributes", Access.MANAGEMENT_READ)
def get_topic(context: Context, topic: str) -> Topic:
    """A topic by name or ARN, with its subscriptions counted; raises UnknownTopic."""
    context.require("sns:GetTopicAttributes", _arn(context, topic))
    found = _topics(context).get(topic)
    ones = _topics(context).subscriptions(found.name)
    pending = sum(one.pending for one in ones)
    return replace(found, subscriptions=len(ones) - pending, pending=pending)


@action("sns:ListTopics", Access.MANAGEMENT_READ)
def list_topics(context: Context) -> tuple[Topic, ...]:
    """The topics that the caller may see, in name order."""
    return tuple(one for one in _topics(context).list() if context.may("sns:ListTopics", one.arn))


@action("sns:DeleteTopic", Access.MANAGEMENT_WRITE)
def delete_topic(context: Context, topic: str) -> bool:
    """Delete a topic with its subscriptions; whether it was there."""
    arn = _arn(context, topic)
    context.require("sns:DeleteTopic", arn)
    return _topics(context).delete(parts(arn)[0])


@action("sns:Publish", Access.DATA_WRITE, hide=("message", "subject"))
def publish(
    context: Context,
    topic: str,
    message: str,
    *,
    subject: str = "",
    attributes: Mapping[str, str] | None = None,
) -> str:
    """Tell every subscriber of a topic; the id of the message. Raises UnknownTopic."""
    arn = _arn(context, topic)
    context.require("sns:Publish", arn)
    if not message or len(message.encode("utf-8", "replace")) > MAX_MESSAGE:
        raise InvalidValue(f"a message has 1 to {MAX_MESSAGE:,} bytes")
    if len(subject) > MAX_SUBJECT or "\n" in subject:
        raise InvalidValue(f"a subject is one line of at most {MAX_SUBJECT} characters")
    now = context.logq.clock()
    told = Notification(
        str(uuid4()),
        "message",
        "",
        "",
        "",
        Subject(subject, arn),
        now,
        message=message,
        attributes=attributes or {},
    )
    notify = context.logq.monitoring.notify
    with notify.database.write() as connection:
        notify.publish(connection, arn, told)
    return told.id


@action("logq:TestTopic", Access.MANAGEMENT_WRITE)
def test_topic(context: Context, topic: str) -> tuple[Tested, ...]:
    """Send a test to every subscriber at once; what each answered. Raises UnknownTopic."""
    context.require("logq:TestTopic", _arn(context, topic))
    notify = context.logq.monitoring.notify
    found = notify.topics.get(topic)
    return tuple(
        _tested(one, notify.try_out(one))
        for one in notify.topics.subscriptions(found.name)
        if may_see_group(context, one)
    )


@action("sns:TagResource", Access.MANAGEMENT_WRITE)
def tag_topic(context: Context, topic: str, tags: Mapping[str, str]) -> None:
    """Give a topic tags; raises UnknownTopic and TooManyTags."""
    context.require("sns:TagResource", _arn(context, topic))
    with context.logq.storage.database.write():
        old = _topics(context).get(topic)
        new = {**old.tags, **tags}
        _check("", 0, new)
        _topics(context).change(replace(old, tags=new))


@action("sns:UntagResource", Access.MANAGEMENT_WRITE)
def untag_topic(context: Context, topic: str, keys: list[str]) -> None:
    """Take tags from a topic; raises UnknownTopic."""
    context.require("sns:UntagResource", _arn(context, topic))
    with context.logq.storage.database.write():
        old = _topics(context).get(topic)
        left = {name: value for name, value in old.tags.items() if name not in keys}
        _topics(context).change(replace(old, tags=left))


@action("sns:ListTagsForResource", Access.MANAGEMENT_READ)
def list_topic_tags(context: Context, topic: str) -> Mapping[str, str]:
    """The tags of a topic; raises UnknownTopic."""
    context.require("sns:ListTagsForResource", _arn(context, topic))
    return _topics(context).get(topic).tags


def message_of(structure: str, message: str) -> str:
    """The text for our subscribers of a message with one for each protocol; raises InvalidValue."""
    if structure != "json":
        return message
    try:
        texts = json.loads(message)
        return str(texts["default"])
    except (ValueError, KeyError, TypeError):
        raise InvalidValue("the message is no JSON object with the member 'default'") from None


def _tested(one: Subscription, attempt: Attempt) -> Tested:
    body = attempt.reply.body if attempt.reply else b""
    known = notifier(one.protocol).speaks(one.lane)
    said = one_line(body[:SAID].decode("utf-8", "replace")) if known else ""
    verdict = attempt.verdict
    return Tested(one.arn, one.protocol, one.shown, str(verdict.outcome), verdict.why, said)


def _topics(context: Context) -> Topics:
    return context.logq.monitoring.notify.topics


def _arn(context: Context, topic: str) -> str:
    """The ARN of a topic given by ARN or name; raises InvalidValue."""
    if topic.startswith("arn:"):
        name, subscription = parts(topic)
        if subscription is None:
            return topic
        return context.place.topic(name)
    return context.place.topic(check_name(topic))


def _check(display_name: str, group_seconds: int, tags: Mapping[str, str]) -> None:
    if len(display_name) > 100 or not 0 <= group_seconds <= MAX_GROUP_SECONDS:
        raise InvalidValue(
            "a display name has at most 100 characters, and notifications are held back for at most"
            f" {MAX_GROUP_SECONDS} seconds"
        )
    if len(tags) > MAX_TAGS:
        raise TooManyTags(f"a topic has at most {MAX_TAGS} tags", hint="remove some first")
