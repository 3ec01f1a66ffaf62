"""A log group: each notification is an event of it, to be searched like any other."""

from __future__ import annotations

import json

from logq.arns import RESERVED, group_name
from logq.errors import InvalidValue
from logq.notify.message import Message, Receiver
from logq.notify.notifier import Line, Notifier, register
from logq.notify.notifiers.webhook import body
from logq.notify.outbox import group_lane
from logq.notify.shortening import fitted

MAX_BYTES = 250_000


def _check(group: str) -> str:
    name = group_name(group)
    if not name or name.startswith(RESERVED) or "*" in name or len(name) > 512:
        raise InvalidValue(
            f"{name[:80]!r} cannot be the log group of a subscription",
            hint=f"name one that does not begin with {RESERVED}",
        )
    return group_lane(name)


def _render(message: Message, receiver: Receiver) -> Line:
    text = fitted(
        message,
        lambda shorter: json.dumps(body(shorter, receiver.topic), separators=(",", ":")),
        lambda made: len(made) <= MAX_BYTES,
    )
    return Line(group_name(receiver.url), text)


register(
    Notifier(
        "log-group",
        "Log group",
        "Writes each notification into a log group, as JSON with the schema logq.notification/1.",
        "/ops/notifications",
        _render,
        f"{MAX_BYTES:,} bytes a message",
        per_second=1000,
        chat=False,
        check=_check,
    )
)
