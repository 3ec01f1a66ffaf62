"""Actions that put events on the bus, or try a pattern on one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.errors import InvalidValue
from logq.event import Event

MAX_ENTRIES = 10
MAX_BYTES = 1_048_576
"""Of all entries of one call."""
RESERVED_SOURCES = ("aws.", "logq.")


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that somebody states."""

    source: str
    detail_type: str
    detail: str
    """A JSON object."""
    time: int | None = None
    """Epoch milliseconds; None for now."""
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Put:
    """What became of an entry: the id of its event, or why there is none."""

    id: str | None = None
    error: str | None = None
    message: str | None = None


@action("events:PutEvents", Access.DATA_WRITE, hide=("entries",))
def put_events(context: Context, entries: Sequence[Entry]) -> tuple[Put, ...]:
    """Put events on the bus, those that are right in one transaction; raises InvalidValue."""
    context.require("events:PutEvents", context.place.bus)
    if not 1 <= len(entries) <= MAX_ENTRIES:
        raise InvalidValue(f"a call puts 1 to {MAX_ENTRIES} events, this one has {len(entries)}")
    if sum(map(_size, entries)) > MAX_BYTES:
        raise InvalidValue(f"the events have more than {MAX_BYTES:,} bytes together")
    now = context.logq.clock()
    results = [_read(entry, now) for entry in entries]
    events = [one for one in results if isinstance(one, Event)]
    if events:
        with context.logq.storage.database.write() as connection:
            context.logq.monitoring.bus.emit_all(connection, events)
    return tuple(Put(one.id) if isinstance(one, Event) else one for one in results)


@action("events:TestEventPattern", Access.MANAGEMENT_READ, hide=("event",))
def test_event_pattern(context: Context, pattern: str, event: str) -> bool:
    """Whether a pattern matches an event; raises InvalidEventPattern and InvalidValue."""
    from logq.events.pattern import parse_event_pattern

    context.require("events:TestEventPattern", "*")
    compiled = parse_event_pattern(pattern)
    try:
        document = orjson.loads(event)
    except ValueError:
        raise InvalidValue("the event is not JSON") from None
    if not isinstance(document, dict):
        raise InvalidValue("an event is a JSON object")
    return compiled.matches(document)


def _read(entry: Entry, now: int) -> Event | Put:
    if not entry.source or not entry.detail_type or not entry.detail:
        return Put(error="InvalidArgument", message="Source, detail type and detail are needed.")
    if len(entry.source) > 256 or len(entry.detail_type) > 128:
        return Put(error="InvalidArgument", message="Source or detail type is too long.")
    if entry.source.startswith(RESERVED_SOURCES):
        return Put(
            error="NotAuthorizedForSourceException",
            message="Sources that begin with aws. or logq. are reserved.",
        )
    try:
        detail = orjson.loads(entry.detail)
        orjson.dumps(detail)  # refuses what is nested too deeply to be written again
    except (ValueError, TypeError):
        detail = None
    if not isinstance(detail, dict):
        return Put(error="MalformedDetail", message="Detail is malformed.")
    time = now if entry.time is None else entry.time
    return Event(str(uuid.uuid4()), entry.source, entry.detail_type, time, detail, entry.resources)


def _size(entry: Entry) -> int:
    texts = (entry.source, entry.detail_type, entry.detail, *entry.resources)
    return sum(len(text.encode("utf-8", "replace")) for text in texts) + 14
