"""Receivers that were written for Amazon SNS: its envelope, its headers and its confirmation.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from logq.notification import Notification
from logq.notify import signing
from logq.notify.message import Message, Receiver
from logq.notify.notifier import Notifier, post, register
from logq.notify.shortening import fitted
from logq.notify.telling import one_line, title
from logq.notify.transport import Request
from logq.notify.wording import encode, finite, iso

MAX_BYTES = 262_144
SUBJECT = 100


def subject(told: Notification) -> str:
    """The subject of a message, as CloudWatch words it."""
    if told.kind != "alarm":
        return title(told)[:SUBJECT] if told.subject.name else ""
    region = (told.subject.arn.split(":") + [""] * 4)[3]
    return one_line(f'{told.status}: "{told.subject.name}" in {region}')[:SUBJECT]


def text(told: Notification) -> str:
    """What stands in ``Message``: CloudWatch's JSON of an alarm, or what was published."""
    return told.message or encode(told)


def _envelope(told: Notification, receiver: Receiver) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": told.id,
        "TopicArn": receiver.topic,
        "Subject": subject(told),
        "Message": text(told),
        "Timestamp": iso(told.changed_at),
        "UnsubscribeURL": receiver.links.get("subscription"),
        "MessageAttributes": {
            name: {"Type": "String", "Value": value} for name, value in told.attributes.items()
        },
    }
    return {name: value for name, value in found.items() if value}


def _confirmation(told: Notification, receiver: Receiver) -> dict[str, Any]:
    return {
        "Type": "SubscriptionConfirmation",
        "MessageId": told.id,
        "Token": receiver.token,
        "TopicArn": receiver.topic,
        "Message": f"You have chosen to subscribe to the topic {receiver.topic}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message.",
        "SubscribeURL": receiver.links.get("confirm", ""),
        "Timestamp": iso(told.changed_at),
    }


def _request(message: Message, receiver: Receiver) -> Request:
    told = message.notification
    kind = "SubscriptionConfirmation" if told.kind == "confirmation" else "Notification"
    headers = {
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": told.id,
        "x-amz-sns-topic-arn": receiver.topic,
        "x-amz-sns-subscription-arn": receiver.subscription,
        "Content-Type": "text/plain; charset=UTF-8",
    }
    if kind == "SubscriptionConfirmation":
        del headers["x-amz-sns-subscription-arn"]
        made = post(receiver.url, finite(_confirmation(told, receiver)), headers)
    elif receiver.raw:
        body = text(told).encode("utf-8", "replace")
        made = Request(receiver.url, body, {**headers, "x-amz-sns-rawdelivery": "true"})
    else:
        made = post(receiver.url, finite(_envelope(told, receiver)), headers)
    signed = signing.headers(told.id, receiver.now, made.body, receiver.secrets)
    return replace(made, headers={**made.headers, **signed})


def _render(message: Message, receiver: Receiver) -> Request:
    return fitted(
        message,
        lambda shorter: _request(shorter, receiver),
        lambda request: len(request.body) <= 2 * MAX_BYTES,
    )


register(
    Notifier(
        "sns-http",
        "Amazon SNS receivers",
        "Posts what a topic of Amazon SNS would post, with its confirmation first; signed by the"
        " headers of Standard Webhooks, not with Amazon's certificate.",
        "https://receiver.example.com/sns",
        _render,
        f"{MAX_BYTES:,} bytes a message",
        per_second=20,
        chat=False,
        signs=True,
        confirms=True,
    )
)
