"""Topics and subscriptions as values: who is told, where, and under which conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from logq.errors import InvalidValue, NotFound
from logq.model import Definition

TOPIC = "topic"
SUBSCRIPTION = "subscription"
"""The kinds of definitions."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
_ARN = re.compile(r"arn:[^:]*:sns:[^:]*:[^:]*:([^:]+)(?::([^:]+))?")


class UnknownTopic(NotFound):
    """No topic has this name."""


class UnknownSubscription(NotFound):
    """No subscription has this name."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A named point to which notifications go, and from there to all subscriptions."""

    name: str
    arn: str
    display_name: str = ""
    group_seconds: int = 0
    """How long notifications wait for others, to go out in one message; 0: not at all."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Others that clients of Amazon SNS gave; nothing here depends on them."""
    tags: Mapping[str, str] = field(default_factory=dict)
    created: int = 0
    """Epoch milliseconds."""
    subscriptions: int = 0
    pending: int = 0
    """How many are confirmed, and how many wait for it."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a subscriber wants to be told, and how fast."""

    send_ok: bool = True
    """Whether it is told that an alarm is over."""
    repeat_seconds: int = 0
    """How often it is reminded of what is still an alarm; 0: never."""
    resolve_through_mute: bool = True
    """Whether, while muted, it is told the end of an alarm that it was told of."""
    raw: bool = False
    """For ``sns-http``: the message alone, without an envelope."""
    filter_policy: Mapping[str, Any] | None = None
    filter_scope: str = "MessageAttributes"
    """``MessageAttributes`` or ``MessageBody``: what the filter policy looks at."""
    per_second: float | None = None
    """Messages a second; None for what the service takes."""
    retries: int | None = None
    """How often it is tried again; None for as often as there is time."""
    min_delay: int = 20
    max_delay: int = 20
    """Seconds between attempts, where ``retries`` is given."""
    backoff: str = "linear"
    """How the delay grows: ``linear``, ``arithmetic``, ``geometric`` or ``exponential``."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A receiver of what is published to a topic."""

    id: str
    arn: str
    topic: str
    """The topic's name."""
    protocol: str
    """The name of a notifier."""
    shown: str
    """Where it goes, without what is secret in it."""
    lane: str
    """Its host, or what else a slow receiver holds up."""
    sealed: str
    """The address and the signing secrets, encrypted."""
    options: Options = Options()
    signed: bool = False
    pending: bool = False
    """Whether the receiver has not confirmed yet that it wants this."""
    disabled: str = ""
    """Why it is told nothing; empty if it is."""
    owner: str = ""
    created: int = 0


def check_name(name: str) -> str:
    """The name of a topic; raises InvalidValue."""
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            f"{name[:80]!r} cannot be the name of a topic",
            hint="up to 256 letters, digits, hyphens and underscores",
        )
    return name


def parts(arn: str) -> tuple[str, str | None]:
    """The topic's name and the subscription's id that an ARN names; raises InvalidValue."""
    match = _ARN.fullmatch(arn)
    if match is None:
        raise InvalidValue(
            f"{arn[:120]!r} is no ARN of a topic or subscription",
            hint="it looks like arn:aws:sns:REGION:ACCOUNT:NAME",
        )
    return match[1], match[2]


def topic_body(topic: Topic) -> dict[str, Any]:
    """A topic as it is kept."""
    return {
        "display_name": topic.display_name,
        "group_seconds": topic.group_seconds,
        "attributes": dict(topic.attributes),
        "tags": dict(topic.tags),
    }


def topic_of(definition: Definition, arn: str) -> Topic:
    """The inverse of ``topic_body``."""
    return Topic(definition.name, arn, **definition.body, created=definition.created)


def subscription_body(subscription: Subscription) -> dict[str, Any]:
    """A subscription as it is kept."""
    return {
        "topic": subscription.topic,
        "protocol": subscription.protocol,
        "shown": subscription.shown,
        "lane": subscription.lane,
        "sealed": subscription.sealed,
        "signed": subscription.signed,
        "pending": subscription.pending,
        "disabled": subscription.disabled,
        "owner": subscription.owner,
        "options": {
            name: getattr(subscription.options, name)
            for name in Options.__dataclass_fields__
            if getattr(subscription.options, name) != Options.__dataclass_fields__[name].default
        },
    }


def subscription_of(definition: Definition, topic_arn: str) -> Subscription:
    """The inverse of ``subscription_body``."""
    body = dict(definition.body)
    options = Options(**body.pop("options"))
    arn = f"{topic_arn}:{definition.name}"
    return Subscription(definition.name, arn, options=options, created=definition.created, **body)
