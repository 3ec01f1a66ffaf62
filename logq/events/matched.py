"""Log events that a subscription filter matched, and the forms in which they go on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from logq.arns import Place
from logq.event import Event
from logq.events.destination import DestinationKind, destination, hops
from logq.events.envelope import new_event, one_hop_on
from logq.events.sending import Sending
from logq.events.watched import LOGS

MATCH = "Subscription Filter Match"
LIMIT = 200_000
"""Bytes of messages that go on together; EventBridge once took 256 KB with everything."""
MOST = 1_000
"""Log events that go on together."""
_OVERHEAD = 150


@dataclass(frozen=True, slots=True)
class Piece:
    """A log event on its way."""

    id: str
    time: int
    """Epoch milliseconds."""
    message: str
    fields: Mapping[str, str]
    """What the pattern extracts."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Log events of one stream that one filter matched."""

    group: str
    stream: str
    filter: str
    body: Mapping[str, Any]
    """The definition of the filter."""
    events: tuple[Piece, ...]
    truncated: bool
    """Whether a message was cut."""


def cut(pieces: Iterable[Piece], limit: int) -> Iterator[tuple[list[Piece], bool]]:
    """The events in parts that are not too large, and whether a message of a part was cut."""
    part: list[Piece] = []
    size, truncated = 0, False
    for piece in pieces:
        whole = piece.message.encode("utf-8", "replace")
        if short := len(whole) + _OVERHEAD > limit:
            message = whole[: limit - _OVERHEAD].decode("utf-8", "ignore")
            piece = replace(piece, message=message, fields={})
        fields = sum(len(name) + len(value) for name, value in piece.fields.items())
        weight = min(len(whole) + _OVERHEAD, limit) + fields
        if part and (size + weight > limit or len(part) == MOST):
            yield part, truncated
            part, size, truncated = [], 0, False
        part.append(piece)
        size += weight
        truncated = truncated or short
    if part:
        yield part, truncated


def sendings(matched: Matched, place: Place, now: int) -> tuple[Event, list[Sending]]:
    """The event of a match, and what is sent directly; without that the event is for the bus."""
    origin = place.log_group(matched.group)
    event = new_event(LOGS, MATCH, now, _detail(matched), origin, hops=hops(matched.stream))
    arn, shown = matched.body["destination"], matched.body.get("shown", "")
    found = destination(arn, shown)
    if found is None or found.kind in (DestinationKind.BUS, DestinationKind.METRIC):
        return event, []
    on = one_hop_on(event)
    first = Sending(
        event.id, origin, matched.filter, arn, shown, _payload(matched, place), on, now, now
    )
    if found.kind is not DestinationKind.LOG_GROUP:
        return event, [first]
    return event, [
        replace(first, id=str(piece.id), body=piece.message, time=piece.time)
        for piece in matched.events
    ]


def _detail(matched: Matched) -> dict[str, Any]:
    return {
        "logGroup": matched.group,
        "logStream": matched.stream,
        "filterName": matched.filter,
        "events": [
            {
                "id": piece.id,
                "timestamp": piece.time,
                "message": piece.message,
                "fields": dict(piece.fields),
            }
            for piece in matched.events
        ],
        "truncated": matched.truncated,
    }


def _payload(matched: Matched, place: Place) -> str:
    """As CloudWatch Logs sends it to its subscribers, before it is compressed there."""
    return json.dumps(
        {
            "messageType": "DATA_MESSAGE",
            "owner": place.account,
            "logGroup": matched.group,
            "logStream": matched.stream,
            "subscriptionFilters": [matched.filter],
            "logEvents": [
                {"id": piece.id, "timestamp": piece.time, "message": piece.message}
                for piece in matched.events
            ],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
