"""Live tails: new events of log groups as they become visible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.reading import named
from logq.audit.call import Access
from logq.errors import InvalidValue, NotFound
from logq.model import Snapshot
from logq.units import parse_zone
from logq.values import json_writer

if TYPE_CHECKING:
    from logq.query.engine import Queries
    from logq.query.filter_pattern import FilterPattern
    from logq.query.result import Result

PERMISSION = "logs:StartLiveTail"
MOST = 20_000
"""Events that one look takes; of more than that the latest, and the others are counted."""
MOST_LINES = 10_000
_EVERYTHING = 2**31


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look found."""

    rows: tuple[Mapping[str, Any], ...]
    """Oldest first; values as JSON has them, times in the tail's zone."""
    dropped: int
    """Events that came too fast to be looked at."""
    warnings: tuple[str, ...]
    """Those that were not told before."""
    position: str
    """Where to go on after the rows, also on another connection."""


class Tail:
    """New events, whenever ``later`` is called; used by one thread at a time."""

    def __init__(
        self,
        context: Context,
        groups: Sequence[str],
        text: str,
        pattern: FilterPattern | None,
        zone: tzinfo,
    ) -> None:
        from logq.query.arrivals import Arrivals
        from logq.storage.changes import Changes

        logq = context.logq
        self._context = context
        self._groups = groups
        self._text = text
        self._pattern = pattern
        self._zone = zone
        self._told: set[str] = set()
        self._changes = Changes(logq.storage.directory.catalog)
        self._arrivals = Arrivals(_Allowed(context), logq.clock, MOST)
        self._later = logq.queries_over(self._arrivals)

    def begin(self, lines: int, position: str | None = None) -> Seen:
        """The newest events, or what came after a position; raises QueryError, InvalidValue."""
        first: Seen | None = None
        if position is not None:
            since, last = _read(position)
            first = self._once(self._arrivals.resume(self._groups, last, since), _EVERYTHING)
        elif lines:
            first = self._once(self._arrivals.start(self._groups), lines)
        else:
            self._arrivals.start(self._groups)
        # The query is tried even if there is nothing yet: what is wrong with it is told now.
        seen = self._seen(self._later, _EVERYTHING)
        if first is None:
            return seen
        return replace(
            seen,
            rows=first.rows + seen.rows,
            dropped=first.dropped + seen.dropped,
            warnings=first.warnings + seen.warnings,
        )

    def _once(self, snapshot: Snapshot, limit: int) -> Seen:
        queries = self._context.logq.queries_over(_Moment(snapshot))
        try:
            return self._seen(queries, limit)
        finally:
            queries.close()

    def later(self) -> Seen | None:
        """What has become visible since the last call; None if nothing has changed at all."""
        if not self._changes.any():
            return None
        return self._seen(self._later, _EVERYTHING)

    def close(self) -> None:
        """Give back what it holds."""
        self._changes.close()
        self._later.close()

    def _seen(self, queries: Queries, limit: int) -> Seen:
        now = self._context.logq.clock()
        result = queries.run(self._text, groups=self._groups, limit=limit, pattern=self._pattern)
        rows = tuple(_objects(result, self._zone))
        warnings = [each for each in result.warnings if each not in self._told]
        self._told.update(warnings)
        position = f"{now}-{self._arrivals.last}"
        return Seen(rows, self._arrivals.dropped, tuple(warnings), position)


@action("logq:FollowEvents", Access.DATA_READ)
def follow_groups(
    context: Context,
    groups: Sequence[str],
    *,
    filter: str | None = None,
    query: str | None = None,
    zone: str = "UTC",
) -> Tail:
    """Follow log groups, given by name, ARN or pattern with ``*``.

    Asks for ``logs:StartLiveTail``. ``filter`` is a filter pattern and ``query`` commands that
    look at one event at a time. Raises AccessDenied, UnknownLogGroup, InvalidPattern, QueryError
    and InvalidValue.
    """
    from logq.query.filter_pattern import parse_pattern
    from logq.query.live import check_row_wise, tail_query

    wanted = named(groups)
    if not wanted:
        raise InvalidValue("no log group is named", hint="name one with group=NAME")
    exact = [name for name in wanted if "*" not in name]
    context.require(PERMISSION, *(context.place.log_group(name) for name in exact))
    for name in exact:
        context.logq.storage.groups.format(name)
    if query:
        check_row_wise(query)
    several = len(wanted) > 1 or len(exact) < len(wanted)
    pattern = parse_pattern(filter) if filter is not None else None
    return Tail(context, wanted, tail_query(query, several), pattern, parse_zone(zone))


class _Allowed:
    """The storage, in which only what the caller may follow is there."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def snapshot(self, groups: Sequence[str]) -> Snapshot:
        context = self._context
        storage = context.logq.storage
        from logq.storage.groups import glob

        every = storage.groups.names()
        fits = [glob(pattern) for pattern in groups]
        names = [
            name
            for name in every
            if any(fit(name) for fit in fits)
            and context.may(PERMISSION, context.place.log_group(name))
        ]
        if not names and len(groups) == 1 and "*" not in groups[0]:
            raise NotFound(f"the log group {groups[0]!r} is gone")
        return storage.snapshot(names)

    def is_intact(self, segment_id: str) -> bool:
        return self._context.logq.storage.is_intact(segment_id)

    def quarantine(self, segment_id: str, reason: str) -> bool:
        return self._context.logq.storage.quarantine(segment_id, reason)


class _Moment:
    """A snapshot that has been taken already."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def snapshot(self, groups: Sequence[str]) -> Snapshot:
        return self._snapshot

    def is_intact(self, segment_id: str) -> bool:
        return True

    def quarantine(self, segment_id: str, reason: str) -> bool:
        return False


def _objects(result: Result, zone: tzinfo) -> list[Mapping[str, Any]]:
    writers = [(column.name, json_writer(column.type, zone)) for column in result.columns]
    rows: list[Mapping[str, Any]] = []
    for row in result.rows():
        values: dict[str, Any] = {}
        for (name, write), value in zip(writers, row, strict=True):
            if value is not None:
                values[name] = write(value) if write else value
        rows.append(values)
    return rows[::-1]


def _read(position: str) -> tuple[int, int]:
    since, dash, last = position.partition("-")
    if not (dash and since.isdecimal() and last.isdecimal() and len(position) < 40):
        raise InvalidValue(
            f"{position[:60]!r} is no position of a tail", hint="leave it out to begin with now"
        )
    return int(since), int(last)
