"""Actions on subscriptions: who is told what is published to a topic, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from logq.actions.action import action
from logq.actions.context import Context
from logq.arns import group_name
from logq.audit.call import Access
from logq.errors import InvalidValue
from logq.notify.topic import Options, Subscription, check_name, parts

if TYPE_CHECKING:
    from logq.notify.topics import Topics

GROUP = "log-group"
"""The protocol whose receivers are log groups."""
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription as it stands, and the secret that signs its messages, if it was just made."""

    subscription: Subscription
    secret: str | None = None


@action("sns:Subscribe", Access.MANAGEMENT_WRITE, hide=("endpoint", "secret"))
def subscribe(
    context: Context,
    topic: str,
    protocol: str,
    endpoint: str,
    *,
    secret: str | None = None,
    options: Options | None = None,
) -> Subscribed:
    """Add a receiver to a topic, or get the one that is there; raises InvalidValue.

    Raises UnknownTopic.
    """
    arn = _topic(context, topic)
    context.require("sns:Subscribe", arn)
    if protocol == GROUP:
        context.require("logs:PutLogEvents", _stream(context, group_name(endpoint)))
    made, signing = context.logq.monitoring.notify.subscribing.subscribe(
        arn, protocol, endpoint, options, secret=secret, owner=context.caller.name
    )
    return Subscribed(made, signing)


@action("sns:ConfirmSubscription", Access.MANAGEMENT_WRITE, hide=("token",))
def confirm_subscription(context: Context, topic: str, token: str) -> Subscription:
    """The receiver wants it, as it shows by the token that it got; raises InvalidValue."""
    arn = _topic(context, topic)
    context.require("sns:ConfirmSubscription", arn)
    found = context.logq.monitoring.notify.subscribing.confirm(arn, token)
    return _seen(context, found)


@action("sns:Unsubscribe", Access.MANAGEMENT_WRITE)
def unsubscribe(context: Context, subscription_arn: str) -> None:
    """Remove a subscription, by id or ARN; raises UnknownSubscription."""
    one = _require(context, "sns:Unsubscribe", subscription_arn)
    _topics(context).unsubscribe(one.id)


@action("sns:ListSubscriptions", Access.MANAGEMENT_READ)
def list_subscriptions(context: Context) -> tuple[Subscription, ...]:
    """The subscriptions of all topics that the caller may see."""
    return tuple(
        _seen(context, one)
        for one in _topics(context).subscriptions()
        if context.may("sns:ListSubscriptions", context.place.topic(one.topic))
    )


@action("sns:ListSubscriptionsByTopic", Access.MANAGEMENT_READ)
def list_subscriptions_by_topic(context: Context, topic: str) -> tuple[Subscription, ...]:
    """The subscriptions of a topic; raises UnknownTopic."""
    context.require("sns:ListSubscriptionsByTopic", _topic(context, topic))
    name = _topics(context).get(topic).name
    return tuple(_seen(context, one) for one in _topics(context).subscriptions(name))


@action("sns:GetSubscriptionAttributes", Access.MANAGEMENT_READ)
def get_subscription(context: Context, subscription_arn: str) -> Subscription:
    """A subscription by id or ARN; raises UnknownSubscription."""
    return _seen(context, _require(context, "sns:GetSubscriptionAttributes", subscription_arn))


@action("sns:SetSubscriptionAttributes", Access.MANAGEMENT_WRITE)
def set_subscription(
    context: Context, subscription_arn: str, *, changes: Mapping[str, Any] | None = None
) -> Subscription:
    """Change options of a subscription, by their names; raises InvalidValue.

    ``enabled`` true makes one work again that its receiver had ended. Raises UnknownSubscription.
    """
    one = _require(context, "sns:SetSubscriptionAttributes", subscription_arn)
    subscribing = context.logq.monitoring.notify.subscribing
    given = dict(changes or {})
    with context.logq.storage.database.write():
        if given.pop("enabled", False):
            one = subscribing.enable(one)
        unknown = given.keys() - Options.__dataclass_fields__.keys()
        if unknown:
            raise InvalidValue(f"a subscription has no option {sorted(unknown)[0]!r}")
        return _seen(context, subscribing.change(one, given))


@action("logq:RotateSecret", Access.MANAGEMENT_WRITE)
def rotate_secret(context: Context, subscription_arn: str, *, drop: bool = False) -> str:
    """A new secret that signs a subscription's messages, beside the old one unless it is dropped.

    Raises InvalidValue for what is not signed, and UnknownSubscription.
    """
    one = _require(context, "logq:RotateSecret", subscription_arn)
    return context.logq.monitoring.notify.subscribing.rotate(one, drop=drop)


def may_see_group(context: Context, one: Subscription) -> bool:
    """Whether the caller may know of the log group of a subscription, if it has one."""
    if one.protocol != GROUP:
        return True
    return context.may("logs:PutLogEvents", _stream(context, group_name(one.shown)))


def _seen(context: Context, one: Subscription) -> Subscription:
    """The subscription without the name of a log group that the caller may not know of."""
    return one if may_see_group(context, one) else replace(one, shown=_HIDDEN, lane=_HIDDEN)


def _require(context: Context, action: str, subscription: str) -> Subscription:
    """The subscription if the caller may do this to its topic."""
    if subscription.startswith("arn:"):
        name, _ = parts(subscription)
        context.require(action, context.place.topic(name))
        return _topics(context).subscription(subscription)
    one = _topics(context).subscription(subscription)
    context.require(action, context.place.topic(one.topic))
    return one


def _stream(context: Context, group: str) -> str:
    return context.place.log_stream(group, "notifications")


def _topic(context: Context, topic: str) -> str:
    if not topic.startswith("arn:"):
        return context.place.topic(check_name(topic))
    return context.place.topic(parts(topic)[0])


def _topics(context: Context) -> Topics:
    return context.logq.monitoring.notify.topics
