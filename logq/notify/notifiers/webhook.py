"""Any other receiver: the notification as JSON, signed as Standard Webhooks has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from logq.notify import signing
from logq.notify.message import Message, Receiver
from logq.notify.notifier import Notifier, post, register
from logq.notify.shortening import fitted
from logq.notify.transport import Request
from logq.notify.wording import document, finite, iso

MAX_BYTES = 1_000_000


def body(message: Message, key: str) -> dict[str, Any]:
    """The notification, what else goes with it, and how much was left out."""
    told = message.notification
    found = document(told)
    found["seq"] = message.seq
    found["group"] = {
        "key": key,
        "size": message.size,
        "dropped": message.cut.notifications,
    }
    if message.earlier:
        found["earlier"] = [{"status": c.status, "at": iso(c.at)} for c in message.earlier]
    if message.others:
        found["others"] = [document(other) for other in message.others]
    if str(message.cut):
        found["truncated"] = {
            name: count
            for name in message.cut.__dataclass_fields__
            if (count := getattr(message.cut, name))
        }
    cleaned: dict[str, Any] = finite(found)
    return cleaned


def _render(message: Message, receiver: Receiver) -> Request:
    made = fitted(
        message,
        lambda shorter: post(receiver.url, body(shorter, receiver.topic)),
        lambda request: len(request.body) <= MAX_BYTES,
    )
    id = message.notification.id
    headers: Mapping[str, str] = signing.headers(id, receiver.now, made.body, receiver.secrets)
    return replace(made, headers={**made.headers, **headers})


register(
    Notifier(
        "webhook",
        "Webhook",
        "Posts the notification as JSON (schema logq.notification/1) with the headers webhook-id,"
        " webhook-timestamp and webhook-signature of Standard Webhooks.",
        "https://receiver.example.com/path",
        _render,
        f"{MAX_BYTES:,} bytes a message",
        per_second=20,
        chat=False,
        signs=True,
    )
)
