"""Notifications and subscriptions for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from logq.notification import Notification, Subject
from logq.notify.notify import Notify
from logq.notify.secrets import shown
from logq.notify.topic import Options, Subscription, Topic

ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:"
NOW = 1_767_607_200_000

EVERYTHING = Options()
PLAIN = Notification(
    "11111111-1111-4111-8111-111111111111",
    "alarm",
    "ALARM",
    "OK",
    "Threshold Crossed: 1 datapoint was greater than the threshold (5.0).",
    Subject("errors", ARN + "errors"),
    NOW,
)


def alarm(name: str = "errors", status: str = "ALARM", n: int = 1, **changes: Any) -> Notification:
    """The n-th notification of an alarm."""
    return replace(
        PLAIN,
        id=f"11111111-1111-4111-8111-{n:012d}",
        status=status,
        subject=Subject(name, ARN + name),
        changed_at=NOW + n,
        **changes,
    )


def subscribe(
    notify: Notify,
    topic: str = "ops",
    url: str = "https://hooks.example.com/secret",
    protocol: str = "webhook",
    options: Options = EVERYTHING,
    **changes: Any,
) -> Subscription:
    """A subscription of a topic, which is made if it is not there."""
    if topic not in {one.name for one in notify.topics.list()}:
        notify.topics.create(Topic(topic, notify.topics.arn(topic)))
    id = f"sub-{len(notify.topics.subscriptions())}"
    sealed = notify.seals.seal({"url": url}, id)
    lane = url.split("/")[2] if "//" in url else url
    return notify.topics.subscribe(
        Subscription(id, "", topic, protocol, shown(url), lane, sealed, options, **changes)
    )
