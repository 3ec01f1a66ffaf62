"""Actions that read log events in order, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.tokens import read_token, write_token
from logq.audit.call import Access
from logq.errors import InvalidValue
from logq.query.position import Position
from logq.query.reading import PAGE_EVENTS, Event, Wanted

_EARLIEST = -(10**14)
"""Epoch milliseconds before any event."""


@dataclass(frozen=True, slots=True)
class StreamPage:
    """Events of a log stream, oldest first, and where to go on in either direction."""

    events: list[Event]
    forward: str
    backward: str
    """The token that was passed, if there was nothing in its direction."""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Events that were looked for."""

    events: list[Event]
    token: str | None
    """Where the search goes on; None at its end."""


@action("logs:GetLogEvents", Access.DATA_READ)
def get_log_events(
    context: Context,
    group: str,
    stream: str,
    *,
    start: int | None = None,
    end: int | None = None,
    limit: int = PAGE_EVENTS,
    token: str | None = None,
    from_head: bool = False,
) -> StreamPage:
    """A page of a log stream; without a token its newest events, or the oldest ``from_head``.

    Times are epoch milliseconds, both inclusive. A token may be used again at any time: forwards
    it gives what lies behind it by then. Raises AccessDenied, UnknownLogGroup, NotFound for a
    missing log stream, and InvalidValue for a token of something else.
    """
    context.require("logs:GetLogEvents", context.place.log_stream(group, stream))
    context.logq.storage.groups.retention_of(group, stream)
    scope = (group, stream)
    wanted = Wanted((group,), start, end, frozenset({stream}))
    place = None
    if token is not None:
        direction, place = _read_stream_token(scope, token)
        from_head = direction == "f"
    page = context.logq.reader.page(
        wanted, after=place, descending=not from_head, events=_events(limit)
    )
    events = page.events if from_head else page.events[::-1]
    nowhere = place or page.next or Position(_EARLIEST if start is None else start, -1)
    first = events[0].position if events else nowhere
    last = events[-1].position if events else nowhere
    if from_head:
        last = page.next or last
        if place is not None and not events:
            first = Position(place.time, place.seq + 1)  # back again over where it stands
    else:
        first = page.next or first
        if place is not None and not events:
            last = Position(place.time, place.seq - 1)
    return StreamPage(
        events,
        f"f/{write_token((*scope, 'f'), (last.time, last.seq))}/s",
        f"b/{write_token((*scope, 'b'), (first.time, first.seq))}/s",
    )


def _read_stream_token(scope: tuple[str, str], token: str) -> tuple[str, Position]:
    direction, _, rest = token.partition("/")
    if direction not in ("f", "b") or not rest.endswith("/s"):
        raise InvalidValue("the specified nextToken is invalid")
    return direction, Position(*read_token((*scope, direction), rest.removesuffix("/s")))


@action("logs:FilterLogEvents", Access.DATA_READ)
def filter_log_events(
    context: Context,
    group: str,
    *,
    streams: Sequence[str] = (),
    prefix: str = "",
    start: int | None = None,
    end: int | None = None,
    pattern: str = "",
    limit: int = PAGE_EVENTS,
    token: str | None = None,
    newest_first: bool = False,
) -> FoundPage:
    """A page of the events that match a filter pattern, in all streams or some.

    Times are epoch milliseconds, both inclusive. Pages may be short or empty although more follow.
    Raises AccessDenied, UnknownLogGroup, NotFound for a missing log stream, InvalidPattern, and
    InvalidValue for a token of something else.
    """
    from logq.query.pattern_search import search

    context.require("logs:FilterLogEvents", context.place.log_group(group))
    if streams and prefix:
        raise InvalidValue("log stream names and a prefix of them exclude each other")
    groups = context.logq.storage.groups
    groups.format(group)  # a pattern is no log group: nobody was asked about those that it fits
    for stream in streams:
        groups.retention_of(group, stream)
    named = frozenset(streams) if streams else None
    wanted = Wanted((group,), start, end, named, (prefix,) if prefix else (), search(pattern))
    scope = (group, sorted(streams), prefix, pattern, newest_first)
    page = context.logq.reader.page(
        wanted,
        after=Position(*read_token(scope, token)) if token is not None else None,
        descending=newest_first,
        events=_events(limit),
    )
    following = (
        write_token(scope, (page.next.time, page.next.seq)) if page.next is not None else None
    )
    return FoundPage(page.events, following)


def _events(limit: int) -> int:
    if not 1 <= limit <= PAGE_EVENTS:
        raise InvalidValue(f"a page has 1 to {PAGE_EVENTS} log events, not {limit}")
    return limit
