"""Queries: from text and log groups to an answer."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from logq.model import LogGroup, Piece, Snapshot
from logq.query.asking import ask
from logq.query.commands.stats import Stats as StatsCommand
from logq.query.compiler import compile_query
from logq.query.connection import Damaged, Session, connect
from logq.query.damage import damaged, fault
from logq.query.function import find
from logq.query.inputs import Inputs, Types
from logq.query.known import Define, Known, nothing_defined
from logq.query.nodes import Call
from logq.query.planner import Plan, TextIndex, newest_rows, plan
from logq.query.request import Request, read
from logq.query.result import Result, Shape, Stats
from logq.query.running import Prepared, Run, Window, journal_tables
from logq.query.selection import Selector, selected
from logq.query.value import Type
from logq.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from logq.query.command import Command
    from logq.query.filter_pattern import FilterPattern

_EPOCH = datetime(1970, 1, 1)


class Store(Protocol):
    """Where the engine gets events from, and whom it tells of damage."""

    def snapshot(self, groups: Sequence[str]) -> Snapshot: ...

    def is_intact(self, segment_id: str) -> bool: ...

    def quarantine(self, segment_id: str, reason: str) -> bool: ...


class Queries:
    """Runs queries over the events that a storage holds."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Callable[[], int],
        *,
        directory: str | None = None,
        text_index: TextIndex | None = None,
        define: Define = nothing_defined,
        log_groups: Callable[[], Sequence[LogGroup]] = tuple,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._directory = directory
        self._index = text_index
        self._log_groups = log_groups
        self._known = Known(define, self._select)
        self._database: duckdb.DuckDBPyConnection | None = None
        self._session: weakref.ref[Session] | None = None

    def run(
        self,
        text: str,
        *,
        groups: Sequence[str] = (),
        start: int | None = None,
        end: int | None = None,
        limit: int | None = None,
        pattern: FilterPattern | None = None,
        pointers: bool = False,
        strict: bool | None = None,
    ) -> Result:
        """Run a query over log groups (names and globs) within times (epoch ms, inclusive).

        With a filter pattern only events that match it reach the query; with ``pointers`` rows
        that are events have ``@ptr`` as their last column. ``strict`` goes before the setting
        ``compat``. Raises QueryError with its place in
        the text, UnknownLogGroup, LimitExceeded, StorageError.
        """
        began = time.monotonic()
        request = self._request(text, groups, start, end, limit, pattern, strict)
        run = Run(self, replace(request, pointers=pointers))
        run.open()
        prepared = run.prepared
        warnings = [*prepared.warnings, *request.warnings, *prepared.program.warnings]
        columns = prepared.columns

        def rows() -> Iterator[tuple[Any, ...]]:
            times = [i for i, c in enumerate(columns) if c.type is Type.TIMESTAMP]
            for batch in run.rows():
                yield from (_with_epochs(row, times) for row in batch) if times else batch
            finish()

        def arrow() -> pa.RecordBatchReader:
            return run.arrow([column.name for column in columns], finish)

        def finish() -> None:
            new = run.prepared.warnings
            warnings.extend(warning for warning in new if warning not in warnings)
            if run.truncated and prepared.program.cut_by_default:
                result.truncated = True
                warnings.append(
                    f"only the first {prepared.program.rows:,} rows are shown; "
                    "write 'limit N' or --limit N for more"
                )

        def measure() -> Stats:
            elapsed = (time.monotonic() - began) * 1000
            return _measure(run.prepared.plans.values(), run.matched(), elapsed)

        groups = prepared.snapshot.groups
        result = Result(columns, shape_of(prepared), warnings, rows, arrow, measure, groups)
        return result

    def explain(
        self,
        text: str,
        *,
        groups: Sequence[str] = (),
        start: int | None = None,
        end: int | None = None,
        analyze: bool = False,
    ) -> str:
        """The SQL of a query, and which segments and row groups it reads and why not others."""
        from logq.query.explain import explain

        request = self._request(text, groups, start, end, None)
        timings = Run(self, request).analyze() if analyze else None
        return explain(self.prepare(request), timings)

    def interrupt(self) -> None:
        """Have DuckDB stop what it runs for the newest query, if it does; from any thread.

        What it comes too early for goes on: so say it again until the query has ended.
        """
        session = self._session() if self._session else None
        if session is not None:
            session.interrupt()

    def close(self) -> None:
        """Give the query database back."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _request(
        self,
        text: str,
        groups: Sequence[str],
        start: int | None,
        end: int | None,
        limit: int | None,
        pattern: FilterPattern | None = None,
        strict: bool | None = None,
    ) -> Request:
        known, now = self._known, self._clock()
        return read(text, groups, start, end, limit, now, self._settings, pattern, known, strict)

    def _select(self, selectors: Sequence[Selector]) -> tuple[str, ...]:
        return selected(selectors, self._log_groups(), self._settings.account)

    def prepare(self, request: Request, before: Prepared | None = None) -> Prepared:
        """Compile a query over a new snapshot; raises QueryError and UnknownLogGroup.

        Fields keep the types that they had ``before``, where the events allow it.
        """
        types = {s.name: s.asked() for s in before.program.sources} if before else {}
        try:
            return self._prepared(request, types)
        except Damaged:  # while compiling asked the data; what is bad has been set aside
            pass
        try:
            return self._prepared(request, types)
        except Damaged as error:
            raise fault(error) from error

    def _prepared(self, request: Request, types: Types) -> Prepared:
        asked = partial(ask, self, self._index)
        with request.expanded.as_written():
            inputs = Inputs(request, self._store.snapshot, types, asked)
            program = compile_query(
                request.commands,
                inputs.own,
                request.moment,
                inputs,
                request.limit,
                self._settings.query_limit,
                pointers=request.pointers,
            )
        plans = {
            source.name: plan(source.snapshot, inputs.needs[source.name], self._index)
            for source in program.sources
        }
        return Prepared(request, program, plans, newest_rows(request.commands))

    def replan(self, prepared: Prepared, window: Window) -> Plan:
        """What to read of the query's own events in a part of the time range."""
        if window == prepared.plan.needs.window:
            return prepared.plan
        needs = replace(prepared.plan.needs, start=window[0], end=window[1])
        return plan(prepared.snapshot, needs, self._index)

    def session(self, prepared: Prepared) -> Session:
        """A connection that can read what a query needs."""
        journal = journal_tables(prepared.plans.values())
        return self.open([*journal, *prepared.program.tables.items()])

    def open(self, tables: Sequence[tuple[str, Any]]) -> Session:
        """A connection with these tables."""
        if self._database is None:
            self._database = connect(self._settings, self._directory)
        session = Session(self._database, self._settings, tables)
        self._session = weakref.ref(session)
        return session

    def damaged(self, plans: Iterable[Plan], error: Damaged) -> list[Piece]:
        """The segments of plans that are the reason of an error."""
        self.close()  # a fault inside DuckDB may have spoilt the database
        return damaged(plans, error, self._store.is_intact, self._can_read)

    def _can_read(self, path: str) -> bool:
        session = self.open(())
        try:
            return session.can_read(path)
        finally:
            session.close()

    def set_aside(self, pieces: Sequence[Piece]) -> bool:
        """Quarantine segments that cannot be read; whether another try makes sense."""
        return all(
            [self._store.quarantine(p.name, "unreadable in a query") is not None for p in pieces]
        )


def _with_epochs(row: tuple[Any, ...], times: Sequence[int]) -> tuple[Any, ...]:
    values = list(row)
    for index in times:
        # DuckDB gives text where Python has no time: a bucket that begins before the year 1.
        value = values[index] if isinstance(values[index], datetime) else None
        if value is not None:
            span = value - _EPOCH
            value = (span.days * 86_400 + span.seconds) * 1000 + span.microseconds // 1000
        values[index] = value
    return tuple(values)


def _measure(plans: Collection[Plan], matched: int, elapsed_ms: float) -> Stats:
    pruned = sum(
        len(skip.piece.row_groups) if skip.row_groups is None else skip.row_groups
        for one in plans
        for skip in one.skips
    )
    size = sum(one.bytes for one in plans)
    return Stats(matched, sum(one.rows for one in plans), size, pruned, elapsed_ms)


def shape_of(prepared: Prepared) -> Shape:
    """What the last ``stats`` says about its columns."""
    last: Command | None = None
    for command in prepared.request.commands:
        last = command if isinstance(command, StatsCommand) else last
    if not isinstance(last, StatsCommand):
        return Shape()
    additive = {
        item.name
        for item in last.items
        if isinstance(item.expr, Call) and find(item.expr.name).additive
    }
    return Shape(tuple(item.name for item in last.by), frozenset(additive))
