"""Read events in order, page by page, from any place in either direction.

A page begins where the last one ended. It is read over windows of time that grow, so it stops as
soon as it is full, and a search that finds little gives up after a while with the place to go on
from.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sqlglot import exp

from logq import model
from logq.errors import StorageError
from logq.model import Snapshot
from logq.query.build import (
    Sql,
    all_of,
    any_of,
    column,
    eq,
    fn,
    member,
    number,
    operate,
    render,
    text,
    timestamp,
)
from logq.query.compiler import with_steps
from logq.query.connection import Damaged, Session, connect
from logq.query.damage import damaged, fault
from logq.query.needs import Needs
from logq.query.planner import Plan, TextIndex, plan, rows_of
from logq.query.position import LAST, Position, event_id, pointer
from logq.query.running import journal_tables
from logq.query.source import EVENTS, Source
from logq.query.system_fields import LOG
from logq.query.windows import Window, windows
from logq.settings import Settings

if TYPE_CHECKING:
    import duckdb

    from logq.query.engine import Store

PAGE_EVENTS = 10_000
PAGE_BYTES = 1 << 20
PATIENCE_SECONDS = 5.0
"""How long a page is looked for before what was found so far is the page."""
ATTEMPTS = 8
_AT_ONCE_BYTES = 32 << 20
"""Messages that may be in memory for one page; for more, their sizes are looked at first."""
_BATCH = 1_000


class Event(NamedTuple):
    """A log event."""

    time: int
    seq: int
    ingested: int
    """Times in epoch milliseconds."""
    group: str
    stream: str
    message: str

    @property
    def position(self) -> Position:
        """Its place among all others."""
        return Position(self.time, self.seq)

    @property
    def id(self) -> str:
        """56 digits, see ``event_id``."""
        return event_id(self.time, self.seq)

    @property
    def pointer(self) -> str:
        """Its ``@ptr``."""
        return pointer(self.group, self.position)


class Condition(Protocol):
    """What else must hold for an event."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Texts that the message then contains."""
        ...

    def sql(self, source: Source) -> Sql:
        """The condition over columns that it asks the source for."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for."""

    groups: tuple[str, ...]
    start: int | None = None
    end: int | None = None
    """Epoch milliseconds, both inclusive."""
    streams: frozenset[str] | None = None
    prefixes: tuple[str, ...] = ()
    """What the name of the log stream begins with, one of these; empty: anything."""
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, in the order that was asked for."""

    events: list[Event]
    next: Position | None
    """Where the next page begins; None if there is nothing more now."""


class Reader:
    """Reads events of a store; safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        directory: str | None = None,
        text_index: TextIndex | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._settings = settings
        self._directory = directory
        self._index = text_index
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None

    def page(
        self,
        wanted: Wanted,
        *,
        after: Position | None = None,
        descending: bool = False,
        events: int = PAGE_EVENTS,
        size: int = PAGE_BYTES,
    ) -> Page:
        """The events next to a position that is not included; raises LogQError.

        At most so many events, and so many bytes of messages, but at least one event.
        """
        return _Search(self, wanted, after, descending, events, size).run()

    def snapshot(self, groups: Sequence[str]) -> Snapshot:
        """What is there to be read now."""
        return self._store.snapshot(groups)

    def plan(self, snapshot: Snapshot, needs: Needs) -> Plan:
        """What of it may hold what is needed."""
        return plan(snapshot, needs, self._index)

    def select(self, sql: str, plan: Plan, most: Callable[[tuple[Any, ...]], bool]) -> list[Any]:
        """Rows of a SELECT over what a plan reads, up to the first for which ``most`` is false."""
        session = self._session(journal_tables([plan]))
        try:
            rows: list[Any] = []
            cursor = session.execute(sql)
            while True:
                with session.guarded():
                    batch = cursor.fetchmany(_BATCH)
                for row in batch:
                    if not most(row):
                        return rows
                    rows.append(row)
                if not batch:
                    return rows
        finally:
            session.close()

    def set_aside(self, plan: Plan, error: Damaged) -> bool:
        """Quarantine the segments of a plan that cannot be read; whether there were any."""
        self.close()  # a fault inside DuckDB may have spoilt the database
        bad = damaged([plan], error, self._store.is_intact, self._can_read)
        for piece in bad:
            self._store.quarantine(piece.name, "unreadable while events were read")
        return bool(bad)

    def _can_read(self, path: str) -> bool:
        session = self._session(())
        try:
            return session.can_read(path)
        finally:
            session.close()

    def _session(self, tables: Sequence[tuple[str, Any]]) -> Session:
        with self._lock:
            if self._database is None:
                self._database = connect(self._settings, self._directory)
            return Session(self._database, self._settings, tables)

    @property
    def now(self) -> float:
        """Seconds of a clock that only runs forwards."""
        return self._monotonic()

    def close(self) -> None:
        """Give the database back; it is made again when it is needed."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None


class _Search:
    """One page on its way."""

    def __init__(
        self,
        reader: Reader,
        wanted: Wanted,
        after: Position | None,
        descending: bool,
        events: int,
        size: int,
    ) -> None:
        self._reader = reader
        self._wanted = wanted
        self._after = after
        self._descending = descending
        self._events = events
        self._size = size
        self._found: list[Event] = []
        self._count = 0
        self._bytes = 0
        """Events and bytes of messages that are known to fit."""
        self._full = False

    def run(self) -> Page:
        """Look through the windows until the page is full."""
        began = self._reader.now
        for _ in range(ATTEMPTS):
            snapshot = self._reader.snapshot(self._wanted.groups)
            needs = self._needs(snapshot)
            reads = self._reader.plan(snapshot, needs)
            try:
                for window in windows(reads.readings, needs.window, self._descending):
                    self._look(snapshot, self._reader.plan(snapshot, _within(needs, window)))
                    if self._full:
                        return Page(self._found, self._found[-1].position)
                    edge = window[0] if self._descending else window[1]
                    if edge is not None:
                        self._after = Position(edge, -1 if self._descending else LAST)
                        if window[2] and self._reader.now - began > PATIENCE_SECONDS:
                            return Page(self._found, self._after)
                return Page(self._found, None)
            except Damaged as error:
                self._full, self._count = False, len(self._found)
                known = {piece.name for piece in snapshot.pieces}
                if not self._reader.set_aside(reads, error):
                    again = self._reader.snapshot(self._wanted.groups)
                    if {piece.name for piece in again.pieces} == known:
                        raise fault(error) from error
        raise StorageError("segments keep failing while they are read", hint="run 'logq doctor'")

    def _needs(self, snapshot: Snapshot) -> Needs:
        wanted = self._wanted
        start, end, streams = wanted.start, wanted.end, wanted.streams
        after = self._after
        if after is not None and self._descending:
            edge = after.time - (after.seq < 0)  # a window that is done is not looked at again
            end = edge if end is None else min(end, edge)
        elif after is not None:
            edge = after.time + (after.seq == LAST)
            start = edge if start is None else max(start, edge)
        if wanted.prefixes:
            named = frozenset[str]().union(*(piece.streams for piece in snapshot.pieces))
            fitting = frozenset(name for name in named if name.startswith(wanted.prefixes))
            streams = fitting if streams is None else fitting & streams
        texts = wanted.condition.texts if wanted.condition is not None else ()
        return Needs(start, end, streams, texts=texts)

    def _look(self, snapshot: Snapshot, reads: Plan) -> None:
        """Add what a part of the events holds to the page."""
        if not reads.readings:
            return
        bounds: tuple[Position, Position] | None = None
        if _bytes(reads) > _AT_ONCE_BYTES:
            sizes = self._rows(snapshot, reads, self._sizes)
            if not sizes:
                return
            ends = sorted([Position(*sizes[0][:2]), Position(*sizes[-1][:2])])
            bounds = ends[0], ends[1]
        self._found += map(Event._make, self._rows(snapshot, reads, self._columns, bounds))

    def _rows(
        self,
        snapshot: Snapshot,
        reads: Plan,
        columns: Callable[[Source], list[Sql]],
        bounds: tuple[Position, Position] | None = None,
    ) -> list[Any]:
        """Rows up to the size of the page; with bounds, all of what lies between them."""
        source = Source(snapshot)
        chosen = columns(source)
        time_, seq = (column(key.ident) for key in source.order())
        conditions = self._conditions(source, time_, seq)
        if bounds is not None:
            conditions += [
                operate(">=", time_.copy(), timestamp(bounds[0].time)),
                operate("<=", time_.copy(), timestamp(bounds[1].time)),
                _beyond(time_, seq, bounds[0], ">", "="),
                _beyond(time_, seq, bounds[1], "<", "="),
            ]
        left = self._events - len(self._found)
        select = exp.Select().from_(exp.Table(this=exp.to_identifier(EVENTS, quoted=True)))
        select = select.select(*chosen)
        if conditions:
            select = select.where(all_of(*conditions))
        order = [exp.Ordered(this=k.copy(), desc=self._descending) for k in (time_, seq)]
        select = select.order_by(*order).limit(left + 1)
        events = source.events(reads.readings, reads.needs.window)
        statement = with_steps(select, {EVENTS: events}, ())
        fits = self._fits if bounds is None else (lambda row: True)
        return self._reader.select(render(statement), reads, fits)

    def _fits(self, row: tuple[Any, ...]) -> bool:
        """Whether a row still belongs to the page; its last column is a message or its size."""
        size = row[-1] if isinstance(row[-1], int) else _length(row[-1])
        beyond = self._bytes + size > self._size and self._count > 0
        self._full = beyond or self._count == self._events
        if not self._full:
            self._bytes += size
            self._count += 1
        return not self._full

    def _columns(self, source: Source) -> list[Sql]:
        time_, seq = (column(key.ident) for key in source.order())
        names = (model.INGESTION_TIME, LOG, model.LOG_STREAM, model.MESSAGE)
        ingested, group, stream, message = (_ask(source, name) for name in names)
        return [fn("epoch_ms", time_), seq, fn("epoch_ms", ingested), group, stream, message]

    def _sizes(self, source: Source) -> list[Sql]:
        time_, seq = (column(key.ident) for key in source.order())
        return [fn("epoch_ms", time_), seq, fn("strlen", _ask(source, model.MESSAGE))]

    def _conditions(self, source: Source, time_: Sql, seq: Sql) -> list[Sql]:
        wanted = self._wanted
        found: list[Sql] = []
        if self._after is not None:
            found.append(_beyond(time_, seq, self._after, "<" if self._descending else ">"))
        if wanted.streams is not None:
            names = [text(name) for name in sorted(wanted.streams)]
            found.append(member(_ask(source, model.LOG_STREAM), *names))
        if wanted.prefixes:
            stream = _ask(source, model.LOG_STREAM)
            tests = [fn("starts_with", stream.copy(), text(p)) for p in wanted.prefixes]
            found.append(any_of(*tests))
        if wanted.condition is not None:
            found.append(wanted.condition.sql(source))
        return found


def _ask(source: Source, name: str) -> Sql:
    found = source.field(name)
    assert found is not None
    return column(found.ident)


def _beyond(time_: Sql, seq: Sql, place: Position, op: str, equal: str = "") -> Sql:
    """On one side of a position, with ``equal`` also at it."""
    at = timestamp(place.time)
    arrived = operate(op + equal, seq.copy(), number(place.seq))
    return any_of(operate(op, time_.copy(), at), all_of(eq(time_.copy(), at.copy()), arrived))


def _within(needs: Needs, window: Window) -> Needs:
    return replace(needs, start=window[0], end=window[1])


def _bytes(reads: Plan) -> int:
    """How long the messages of what is read are, about."""
    return sum(r.piece.bytes * rows_of(r) // max(1, r.piece.rows) for r in reads.readings)


def _length(message: str) -> int:
    return len(message) if message.isascii() else len(message.encode("utf-8", "replace"))
