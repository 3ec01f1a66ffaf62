"""Subscriptions of SNS; besides http and https the protocols are the names of LogQ's notifiers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from logq.actions import subscriptions
from logq.actions.context import Context
from logq.errors import InvalidValue
from logq.notify.topic import Options, Subscription
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import Params, Result, operation
from logq.server.cloudwatch.pages import page

NOUN = "subscription"
_WEB = "sns-http"
_PENDING = "pending confirmation"
_OPTIONS = {
    "LogQSendOk": "send_ok",
    "LogQRepeatSeconds": "repeat_seconds",
    "LogQResolveThroughMute": "resolve_through_mute",
}
"""Attributes for what SNS has no attributes for."""


@operation("sns", "Subscribe", noun=NOUN)
def subscribe(context: Context, params: Params) -> Result:
    protocol = params["Protocol"].lower()
    endpoint = params.get("Endpoint") or ""
    if protocol in ("http", "https"):
        if not endpoint.startswith(f"{protocol}://"):
            raise InvalidValue(f"the endpoint of the protocol {protocol} begins with {protocol}://")
        protocol = _WEB
    given: dict[str, Any] = {}
    for name, value in (params.get("Attributes") or {}).items():
        given |= _option(name, value)
    made = subscriptions.subscribe(
        context, params["TopicArn"], protocol, endpoint, options=Options(**given)
    ).subscription
    shown = made.arn if not made.pending or params.get("ReturnSubscriptionArn") else _PENDING
    return {"SubscriptionArn": shown}


@operation("sns", "ConfirmSubscription", noun=NOUN)
def confirm_subscription(context: Context, params: Params) -> Result:
    found = subscriptions.confirm_subscription(context, params["TopicArn"], params["Token"])
    return {"SubscriptionArn": found.arn}


@operation("sns", "Unsubscribe", noun=NOUN)
def unsubscribe(context: Context, params: Params) -> Result:
    subscriptions.unsubscribe(context, params["SubscriptionArn"])
    return None


@operation("sns", "ListSubscriptions", noun=NOUN)
def list_subscriptions(context: Context, params: Params) -> Result:
    return _page(context, subscriptions.list_subscriptions(context), params)


@operation("sns", "ListSubscriptionsByTopic", noun="topic")
def list_subscriptions_by_topic(context: Context, params: Params) -> Result:
    found = subscriptions.list_subscriptions_by_topic(context, params["TopicArn"])
    return _page(context, found, params)


@operation("sns", "GetSubscriptionAttributes", noun=NOUN)
def get_subscription_attributes(context: Context, params: Params) -> Result:
    one = subscriptions.get_subscription(context, params["SubscriptionArn"])
    options = one.options
    found = {
        "SubscriptionArn": one.arn,
        "TopicArn": context.place.topic(one.topic),
        "Owner": context.place.account,
        "Protocol": _protocol(one),
        "Endpoint": one.shown,
        "ConfirmationWasAuthenticated": str(not one.pending).lower(),
        "PendingConfirmation": str(one.pending).lower(),
        "RawMessageDelivery": str(options.raw).lower(),
        "SubscriptionPrincipal": one.owner,
        "LogQDisabled": one.disabled,
        **{name: _text(getattr(options, field)) for name, field in _OPTIONS.items()},
    }
    if options.filter_policy is not None:
        found["FilterPolicy"] = json.dumps(options.filter_policy)
        found["FilterPolicyScope"] = options.filter_scope
    if (policy := _delivery_policy(options)) is not None:
        found["DeliveryPolicy"] = json.dumps(policy)
    return {"Attributes": {name: value for name, value in found.items() if value}}


@operation("sns", "SetSubscriptionAttributes", noun=NOUN)
def set_subscription_attributes(context: Context, params: Params) -> Result:
    changes = _option(params["AttributeName"], params.get("AttributeValue") or "")
    subscriptions.set_subscription(context, params["SubscriptionArn"], changes=changes)
    return None


def _page(context: Context, found: tuple[Subscription, ...], params: Params) -> Result:
    shown, token = page(found, lambda one: one.arn, params)
    return {
        "Subscriptions": [
            {
                "SubscriptionArn": "PendingConfirmation" if one.pending else one.arn,
                "Owner": context.place.account,
                "Protocol": _protocol(one),
                "Endpoint": one.shown,
                "TopicArn": context.place.topic(one.topic),
            }
            for one in shown
        ],
        "NextToken": token,
    }


def _protocol(one: Subscription) -> str:
    return one.shown.partition(":")[0] if one.protocol == _WEB else one.protocol


def _option(name: str, value: str) -> dict[str, Any]:
    """What an attribute of SNS changes; raises WireError and InvalidValue."""
    if name == "RawMessageDelivery":
        return {"raw": _truth(name, value)}
    if name == "FilterPolicyScope":
        return {"filter_scope": value}
    if name == "FilterPolicy":
        policy = _object(name, value) if value else {}
        return {"filter_policy": policy or None}
    if name == "DeliveryPolicy":
        return _delivery_options(_object(name, value) if value else {})
    if name in ("LogQSendOk", "LogQResolveThroughMute"):
        return {_OPTIONS[name]: _truth(name, value)}
    if name == "LogQRepeatSeconds" and value.isdigit() and len(value) < 8:
        return {_OPTIONS[name]: int(value)}
    if name == "RedrivePolicy":
        raise InvalidValue("what cannot be delivered goes to the log group /logq/dead-letters")
    raise WireError("InvalidParameterException", f"Invalid parameter: AttributeName {name[:80]!r}")


def _delivery_options(policy: Mapping[str, Any]) -> dict[str, Any]:
    healthy, throttle = policy.get("healthyRetryPolicy"), policy.get("throttlePolicy")
    found: dict[str, Any] = {"retries": None, "per_second": None}
    if isinstance(healthy, dict):
        found |= {
            "retries": _number(healthy, "numRetries", 3),
            "min_delay": _number(healthy, "minDelayTarget", 20),
            "max_delay": _number(healthy, "maxDelayTarget", 20),
            "backoff": str(healthy.get("backoffFunction", "linear")),
        }
    if isinstance(throttle, dict):
        found["per_second"] = float(_number(throttle, "maxReceivesPerSecond", 5))
    return found


def _delivery_policy(options: Options) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    if options.retries is not None:
        found["healthyRetryPolicy"] = {
            "numRetries": options.retries,
            "minDelayTarget": options.min_delay,
            "maxDelayTarget": options.max_delay,
            "backoffFunction": options.backoff,
        }
    if options.per_second is not None:
        found["throttlePolicy"] = {"maxReceivesPerSecond": options.per_second}
    return found or None


def _number(given: Mapping[str, Any], name: str, default: int) -> int:
    value = given.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidValue(f"{name} is a whole number")
    return value


def _object(name: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidValue(f"{name} is no JSON object")
    return found


def _truth(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise InvalidValue(f"{name} is true or false")
    return value.lower() == "true"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
