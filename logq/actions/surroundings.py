"""The lines around an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from logq.query.reading import Event

MOST = 1_000
_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Events of one log stream, oldest first."""

    before: list[Event]
    event: Event
    after: list[Event]


@action("logq:GetContext", Access.DATA_READ)
def get_context(
    context: Context, group: str, pointer: str, *, before: int = 10, after: int = 10
) -> Surroundings:
    """The events of the same log stream next to the one that a ``@ptr`` names.

    Events of one millisecond keep their order of arrival. Asks for ``logs:GetLogEvents`` on the
    stream. Raises AccessDenied, UnknownLogGroup, InvalidValue for what is no pointer into this log
    group, and NotFound if the event is gone.
    """
    from logq.query.position import Position, read_pointer
    from logq.query.reading import Wanted

    named, position = read_pointer(pointer)
    if named != group:
        raise InvalidValue("the pointer is into another log group")
    context.require("logs:GetLogEvents", context.place.log_stream(group, "*"))
    context.logq.storage.groups.format(group)
    reader = context.logq.reader
    here = reader.page(
        Wanted((group,), position.time, position.time),
        after=Position(position.time, position.seq - 1),
        events=1,
    ).events
    if not here or here[0].position != position:
        raise NotFound("the event is not there any more", hint="it may have expired")
    event = here[0]
    context.require("logs:GetLogEvents", context.place.log_stream(group, event.stream))
    stream = frozenset({event.stream})
    until = Wanted((group,), None, position.time, stream)
    since = Wanted((group,), position.time, None, stream)
    earlier: list[Event] = []
    later: list[Event] = []
    if before:
        page = reader.page(until, after=position, descending=True, events=before, size=_BYTES)
        earlier = page.events[::-1]
    if after:
        later = reader.page(since, after=position, events=after, size=_BYTES).events
    return Surroundings(earlier, event, later)
