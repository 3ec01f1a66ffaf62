"""Subscription filters at work: matching log events go on, in the transaction that accepts them."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from logq.arns import Place
from logq.event import MAX_HOPS, Event
from logq.events.destination import hops
from logq.events.matched import LIMIT, Matched, Piece, cut, sendings
from logq.events.watched import AUDIT, AUDIT_GROUP, audited
from logq.model import LOG_STREAM, MESSAGE, TIMESTAMP, Definition

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.events.bus import Bus
    from logq.query.filter_pattern import Compiled, FilterPattern

KIND = "subscription_filter"
UNWATCHED = ("/logq/alarm-history", "/logq/dead-letters", "/logq/audit-digest")
"""Log groups that deliveries write to: what was sent on from there could come back."""


class Definitions(Protocol):
    """What is defined for log groups."""

    def mark(self, group: str | None = None) -> Hashable: ...

    def list(self, kind: str, *, group: str | None = None) -> Sequence[Definition]: ...


@dataclass(frozen=True, slots=True)
class _Filters:
    """The subscription filters of one log group, ready to run."""

    mark: Hashable
    named: tuple[tuple[str, Mapping[str, Any], FilterPattern], ...]
    compiled: Compiled | None


class Forwarding:
    """Runs the subscription filters of a log group over each batch that it accepts."""

    def __init__(
        self,
        definitions: Definitions,
        bus: Bus,
        place: Place,
        clock: Callable[[], int],
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._definitions = definitions
        self._bus = bus
        self._place = place
        self._clock = clock
        self._report = report
        self._guard = threading.Lock()
        self._filters: dict[str, _Filters] = {}

    def watch(self, group: str, batch: pa.Table) -> Callable[[sqlite3.Connection], None] | None:
        """What is sent on of a batch, in its transaction."""
        if group == AUDIT_GROUP:
            return self._audited(batch)
        if group in UNWATCHED:
            return None
        filters = self._filters_of(group)
        if filters.compiled is None:
            return None
        found = filters.compiled.run(batch)
        matched = [
            one
            for (name, body, pattern), each in zip(filters.named, found, strict=True)
            for one in self._matched(group, name, body, pattern, batch.filter(each.matches))
        ]
        if not matched:
            return None

        def send(connection: sqlite3.Connection) -> None:
            for one in matched:
                self._send(connection, one)

        return send

    def _audited(self, batch: pa.Table) -> Callable[[sqlite3.Connection], None] | None:
        if not self._bus.wants(AUDIT):
            return None
        events: list[Event] = list(audited(batch, self._clock()))
        return lambda connection: _discard(self._bus.emit_all(connection, events))

    def _matched(
        self,
        group: str,
        name: str,
        body: Mapping[str, Any],
        pattern: FilterPattern,
        table: pa.Table,
    ) -> Iterator[Matched]:
        """Per log stream the events that match, in pieces that are not too large."""
        if table.num_rows == 0:
            return
        for stream, pieces in _by_stream(table, pattern).items():
            if hops(stream) >= MAX_HOPS:
                self._report(
                    f"subscription filter {name} of {group}: events of {stream} were dropped, "
                    f"they have been sent on {hops(stream)} times already"
                )
                continue
            for part, truncated in cut(pieces, LIMIT):
                yield Matched(group, stream, name, body, tuple(part), truncated)

    def _send(self, connection: sqlite3.Connection, matched: Matched) -> None:
        now = self._clock()
        event, texts = sendings(matched, self._place, now)
        if not texts:
            self._bus.emit(connection, event)
        for sending in texts:
            self._bus.send(connection, sending)
        dimensions = {"LogGroupName": matched.group, "FilterName": matched.filter}
        size = sum(len(piece.message.encode()) for piece in matched.events)
        self._bus.count("ForwardedLogEvents", dimensions, len(matched.events))
        self._bus.count("ForwardedBytes", dimensions, size)

    def _filters_of(self, group: str) -> _Filters:
        """Those in force; another process may have changed them."""
        mark = self._definitions.mark(group)
        with self._guard:
            known = self._filters.get(group)
        if known is not None and known.mark == mark:
            return known
        found = self._load(group, mark)
        with self._guard:
            self._filters[group] = found
        return found

    def _load(self, group: str, mark: Hashable) -> _Filters:
        stored = self._definitions.list(KIND, group=group)
        if not stored:
            return _Filters(mark, (), None)

        # Only here: it loads the query engine, which few who accept events need.
        from logq.query.filter_pattern import Filter, compile_filters, parse_pattern

        named = tuple((one.name, one.body, parse_pattern(one.body["pattern"])) for one in stored)
        return _Filters(mark, named, compile_filters([Filter(pattern) for *_, pattern in named]))


def _by_stream(table: pa.Table, pattern: FilterPattern) -> dict[str, list[Piece]]:
    """The events of each log stream with what the pattern extracts from them."""
    import pyarrow as pa

    from logq.query.filter_pattern import Kind, extract

    messages = table.column(MESSAGE).to_pylist()
    times = table.column(TIMESTAMP).cast(pa.int64()).to_pylist()
    streams = table.column(LOG_STREAM).to_pylist()
    fields: dict[int, Mapping[str, str]] = {}
    if pattern.kind in (Kind.JSON, Kind.SPACE):
        fields = {one.event_number - 1: one.extracted for one in extract(pattern, messages)}
    found: dict[str, list[Piece]] = {}
    for at, (message, time, stream) in enumerate(zip(messages, times, streams, strict=True)):
        piece = Piece(str(uuid.uuid4().int), time, message, fields.get(at, {}))
        found.setdefault(stream, []).append(piece)
    return found


def _discard(_: object) -> None:
    """An effect gives nothing back."""
