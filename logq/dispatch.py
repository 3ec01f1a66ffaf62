"""What rules and subscription filters send, handed to the engine that delivers it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from logq.errors import NotFound
from logq.events.destination import Destination, DestinationKind, destination, stream
from logq.events.sending import Sending
from logq.metric import Datum, Metric
from logq.notification import Notification, Subject
from logq.outgoing import HTTP, LOG_GROUP, Outgoing

DEAD_LETTERS = "/logq/dead-letters"


class Notify(Protocol):
    """Topics and the outbox."""

    def publish(
        self, connection: sqlite3.Connection, topic_arn: str, notification: Notification
    ) -> int: ...

    def enqueue(self, connection: sqlite3.Connection, entries: Sequence[Outgoing]) -> int: ...


class Dispatch:
    """Hands each text to its target, in the transaction in which it was made."""

    def __init__(
        self,
        notify: Callable[[], Notify],
        add: Callable[[sqlite3.Connection, Sequence[Datum]], object],
    ) -> None:
        self._notify = notify
        self._add = add

    def __call__(self, connection: sqlite3.Connection, sending: Sending) -> None:
        """Send it; what has no target any more becomes a dead letter at once."""
        found = destination(sending.target, sending.shown)
        try:
            if found is None:
                raise NotFound(f"{sending.target!r} is no target")
            self._to(connection, sending, found)
        except NotFound as error:
            self._notify().enqueue(connection, [_dead(sending, error)])

    def _to(self, connection: sqlite3.Connection, sending: Sending, found: Destination) -> None:
        match found.kind:
            case DestinationKind.TOPIC:
                self._notify().publish(connection, sending.target, _notification(sending))
            case DestinationKind.METRIC:
                namespace, name = found.metric
                datum = Datum(Metric(namespace, name), sending.time // 1000, (1.0,))
                self._add(connection, [datum])
            case DestinationKind.HTTP:
                host = urlsplit(sending.shown).netloc
                out = _outgoing(sending, HTTP, sending.target, host)
                self._notify().enqueue(connection, [out])
            case _:
                out = _outgoing(sending, LOG_GROUP, found.name, _lane(found.name))
                self._notify().enqueue(connection, [out])


def _outgoing(sending: Sending, kind: str, to: str, lane: str) -> Outgoing:
    kept = kind == LOG_GROUP
    return Outgoing(
        sending.id,
        sending.id,  # nothing waits for what was sent before
        kind,
        to,
        lane,
        sending.body,
        sending.time if kept else sending.created,
        stream(sending.name, sending.event.hops) if kept else "",
        sending.retry.attempts + 1,
        sending.retry.seconds,
        sending.origin,
        sending.event.hops,
    )


def _dead(sending: Sending, error: NotFound) -> Outgoing:
    """Attributes as those of a dead letter of Amazon EventBridge."""
    letter = {
        "RULE_ARN": sending.origin,
        "TARGET_ARN": sending.shown or sending.target,
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": error.message,
        "EXHAUSTED_RETRY_CONDITION": None,
        "RETRY_ATTEMPTS": 0,
        "id": sending.id,
        "body": _value(sending.body),
    }
    lane = _lane(DEAD_LETTERS)
    text = json.dumps(letter, ensure_ascii=False)
    return Outgoing(
        sending.id, sending.id, LOG_GROUP, DEAD_LETTERS, lane, text, sending.created, "dead-letters"
    )


def _lane(group: str) -> str:
    return f"log group {group}"


def _notification(sending: Sending) -> Notification:
    """The event as news; a text that is one JSON string is told without its quotes."""
    event = sending.event
    value = _value(sending.body)
    attributes: Mapping[str, str] = {"source": event.source, "detail-type": event.detail_type}
    return Notification(
        id=sending.id,
        kind="event",
        status="",
        previous="",
        reason=f"{event.detail_type} from {event.source}",
        subject=Subject(sending.name, sending.origin),
        changed_at=event.time,
        message=value if isinstance(value, str) else sending.body,
        attributes=attributes,
    )


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
