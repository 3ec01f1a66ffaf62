"""Live tail: the events of some log groups as they arrive."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.reading import named
from logq.audit.call import Access
from logq.errors import InvalidValue, TimedOut

if TYPE_CHECKING:
    from logq.query.arrivals import Arrivals
    from logq.query.reading import Event, Reader, Wanted

MOST_GROUPS = 10
MOST_EVENTS = 500
"""Of one update; of more a sample is sent."""
SECONDS = 3 * 3600
"""How long a session lasts."""
_LOOKED_AT = 20 * MOST_EVENTS
_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Update:
    """What arrived since the last, in order of time."""

    events: list[Event]
    sampled: bool
    """Whether more events arrived than are shown."""


@dataclass(frozen=True, slots=True)
class LiveTail:
    """A session that has begun."""

    id: str
    groups: tuple[str, ...]
    updates: Callable[[], Iterator[Update]]
    """Each has what came since the last, until the server stops; for one a second.

    Raises TimedOut after some hours.
    """


@action("logs:StartLiveTail", Access.DATA_READ)
def start_live_tail(
    context: Context,
    groups: Sequence[str],
    *,
    streams: Sequence[str] = (),
    prefixes: Sequence[str] = (),
    pattern: str = "",
    seconds: float = SECONDS,
) -> LiveTail:
    """Follow log groups from now on, all streams or some of one group, and a filter pattern.

    Raises AccessDenied, UnknownLogGroup, InvalidPattern, and InvalidValue for more than ten groups
    or streams of several groups.
    """
    from logq.query.arrivals import Arrivals
    from logq.query.pattern_search import search
    from logq.query.reading import Wanted

    names = tuple(dict.fromkeys(named(groups)))
    if not 1 <= len(names) <= MOST_GROUPS:
        raise InvalidValue(f"a live tail follows 1 to {MOST_GROUPS} log groups, not {len(names)}")
    if (streams or prefixes) and len(names) > 1:
        raise InvalidValue("log streams can be chosen only in a live tail of one log group")
    if streams and prefixes:
        raise InvalidValue("log stream names and prefixes of them exclude each other")
    context.require("logs:StartLiveTail", *(context.place.log_group(name) for name in names))
    logq = context.logq
    wanted = Wanted(
        names,
        streams=frozenset(streams) if streams else None,
        prefixes=tuple(prefixes),
        condition=search(pattern),
    )
    arrivals = Arrivals(logq.storage, logq.clock)
    arrivals.start(names)
    session = _Session(context, arrivals, logq.reader_over(arrivals), wanted, seconds)
    return LiveTail(str(uuid.uuid4()), names, session.updates)


@dataclass(frozen=True, slots=True)
class _Session:
    context: Context
    arrivals: Arrivals
    reader: Reader
    wanted: Wanted
    seconds: float

    def updates(self) -> Iterator[Update]:
        """See ``LiveTail``."""
        from logq.storage.changes import Changes

        ends = time.monotonic() + self.seconds
        catalog = self.context.logq.storage.directory.catalog
        with closing(Changes(catalog)) as changes, closing(self.reader):
            yield self._look()  # what arrived since the session began
            while not self.context.stopping.is_set():
                if time.monotonic() > ends:
                    raise TimedOut(f"a live tail ends after {self.seconds / 3600:g} hours")
                yield self._look() if changes.any() else Update([], sampled=False)

    def _look(self) -> Update:
        page = self.reader.page(self.wanted, events=_LOOKED_AT, size=_BYTES)
        found = page.events
        if len(found) <= MOST_EVENTS:
            return Update(found, sampled=page.next is not None)
        step = len(found) / MOST_EVENTS
        return Update([found[int(n * step)] for n in range(MOST_EVENTS)], sampled=True)
