"""Running a compiled query: window by window where the newest rows decide, else at once.

Rows of a query without aggregation come newest first. Such a query is run over windows of time,
newest first, that grow; it stops as soon as it has its rows, and even an answer of millions of
rows needs memory for one window only. Windows are cut by time, so each can be tried again alone:
a segment that turns out damaged is set aside and the answer goes on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from logq.errors import StorageError
from logq.model import Piece, Snapshot
from logq.query.build import Sql, fn, render
from logq.query.command import Command
from logq.query.compiler import Computed, Program, fold, start, with_steps
from logq.query.connection import Damaged, Session
from logq.query.damage import fault
from logq.query.inputs import Inputs
from logq.query.planner import Plan, is_rowwise, newest_windows
from logq.query.request import Request
from logq.query.result import ResultColumn
from logq.query.source import EVENTS, Source, journal_table

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BATCH_ROWS = 2_000
COMPUTE_ROWS = 50_000
ATTEMPTS = 8

T = TypeVar("T")
Window = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled query over one snapshot."""

    request: Request
    program: Program
    plans: Mapping[str, Plan]
    """What to read, by the name of the source."""
    newest: int | None
    """See ``planner.newest_rows``."""

    @property
    def plan(self) -> Plan:
        """What to read of the query's own events."""
        return self.plans[EVENTS]

    @property
    def snapshot(self) -> Snapshot:
        """The query's own events."""
        return self.program.source.snapshot

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is missing from the events that are read."""
        said = (w for source in self.program.sources for w in source.snapshot.warnings)
        return tuple(dict.fromkeys(said))

    def events(self, own: Plan, sources: Sequence[Source] = ()) -> dict[str, Sql]:
        """The SELECTs that read the events of each source, the query's own by this plan."""
        plans = {**self.plans, EVENTS: own}
        return {
            source.name: source.events(plans[source.name].readings, plans[source.name].needs.window)
            for source in sources or self.program.sources
        }

    @property
    def rows(self) -> int:
        """The most rows of the answer."""
        return min(self.program.rows, self.newest or self.program.rows)

    @property
    def columns(self) -> tuple[ResultColumn, ...]:
        """The columns of the answer."""
        return tuple(ResultColumn(name, c.type, c.bucket) for name, c in self.program.columns)


class Preparer(Protocol):
    """Who compiles a query, again if need be, and knows the data."""

    def prepare(self, request: Request, before: Prepared | None = None) -> Prepared: ...

    def replan(self, prepared: Prepared, window: Window) -> Plan: ...

    def session(self, prepared: Prepared) -> Session: ...

    def damaged(self, plans: Sequence[Plan], error: Damaged) -> list[Piece]: ...

    def set_aside(self, pieces: Sequence[Piece]) -> bool: ...


class Run:
    """One query on its way to its rows."""

    def __init__(self, preparer: Preparer, request: Request) -> None:
        self._preparer = preparer
        self.prepared = preparer.prepare(request)
        self._session = preparer.session(self.prepared)
        self.truncated = False
        self._first: duckdb.DuckDBPyConnection | None = None
        needs = self.prepared.plan.needs
        self._windows: list[Window] = [needs.window]
        if self.prepared.newest is not None:
            cuts = newest_windows(self.prepared.plan.readings)
            self._windows = _between(needs.start, needs.end, cuts)

    def open(self) -> None:
        """Run up to the first rows, so that what can fail fails now."""
        try:
            self._first = self._execute(self._windows[0], self._fetching)
        except BaseException:
            self._session.close()
            raise

    def rows(self) -> Iterator[list[tuple[Any, ...]]]:
        """Batches of rows as DuckDB gives them, up to the query's limit."""
        left = self.prepared.rows
        try:
            for cursor in self._cursors():
                while batch := self._fetch(cursor):
                    self.truncated = len(batch) > left
                    if left:
                        yield batch[:left]
                    left -= min(left, len(batch))
                    if self._is_enough(left):
                        return
        finally:
            self._session.close()

    def arrow(
        self, names: Sequence[str], finished: Callable[[], None] = lambda: None
    ) -> pa.RecordBatchReader:
        """The same rows as Arrow record batches with these columns; tells when all are read."""
        import pyarrow as pa

        # A cursor would hold all rows of its window before it makes batches of them.
        self._first = None
        readers = (self._execute(window, self._streaming) for window in self._windows)
        try:
            first = next(readers)
        except BaseException:
            self._session.close()
            raise
        schema = _schema(first.schema, names)

        def batches() -> Iterator[pa.RecordBatch]:
            left = self.prepared.rows
            try:
                for reader in chain([first], readers):
                    while (batch := self._session.next_batch(reader)) is not None:
                        self.truncated = batch.num_rows > left
                        shown = batch.slice(0, left)
                        left -= shown.num_rows
                        yield _batch(shown, schema)
                        if self._is_enough(left):
                            return finished()
                return finished()
            finally:
                self._session.close()

        return pa.RecordBatchReader.from_batches(schema, batches())

    def _is_enough(self, left: int) -> bool:
        """Whether to stop; a limit that nobody asked for is told, so one more row is looked for."""
        return left == 0 and (self.truncated or not self.prepared.program.cut_by_default)

    def _cursors(self) -> Iterator[duckdb.DuckDBPyConnection]:
        for window in self._windows:
            cursor, self._first = self._first, None
            yield cursor or self._execute(window, self._fetching)

    def _fetch(self, cursor: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
        with self._session.guarded():
            return cursor.fetchmany(BATCH_ROWS)

    def _fetching(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self._session.execute(sql)

    def _streaming(self, sql: str) -> pa.RecordBatchReader:
        return self._session.stream(sql, BATCH_ROWS)

    def _execute(self, window: Window, execute: Callable[[str], T]) -> T:
        """Run one window. Its rows are sorted, so a fault shows before the first of them."""
        for _ in range(ATTEMPTS):
            prepared = self.prepared
            plan = self._preparer.replan(prepared, window)
            events = prepared.events(plan)
            try:
                compute(self._session, prepared.program.computed, events)
                return execute(render(prepared.program.sql(events)))
            except Damaged as error:
                self._session.close()
                bad = self._preparer.damaged([plan, *prepared.plans.values()], error)
                if bad and not self._preparer.set_aside(bad):
                    raise
                self.prepared = self._preparer.prepare(prepared.request, prepared)
                if not bad and _pieces(self.prepared) == _pieces(prepared):
                    raise fault(error) from error
                self._session = self._preparer.session(self.prepared)
                if window != self._windows[0] and self.prepared.columns != prepared.columns:
                    raise StorageError(
                        "the fields of the events changed while the query ran", hint="run it again"
                    ) from None
        raise Damaged("segments keep failing while they are read", hint="run 'logq doctor'")

    def matched(self) -> int:
        """Events that pass the row-wise commands at the start of the query."""
        prefix: list[Command] = []
        for command in self.prepared.request.commands:
            if not is_rowwise(command):
                break
            prefix.append(command)
        request = replace(self.prepared.request, commands=tuple(prefix))
        same = iter(source.snapshot for source in self.prepared.program.sources)
        inputs = Inputs(request, lambda _: next(same), {})
        step = fold(start(inputs.own, request.moment, inputs), prefix)
        counted = step.select().select(fn("count"))
        events = self.prepared.events(self.prepared.plan, (inputs.own, *inputs.sources))
        session = self._preparer.session(self.prepared)
        try:
            compute(session, step.computed, events)
            sql = with_steps(counted, events, step.ctes)
            with session.guarded():
                return int(session.execute(render(sql)).fetchall()[0][0])
        finally:
            session.close()

    def analyze(self) -> str:
        """DuckDB's own account of where the time went in the first window."""
        program = self.prepared.program
        plan = self._preparer.replan(self.prepared, self._windows[0])
        events = self.prepared.events(plan)
        sql = render(program.sql(events))
        try:
            compute(self._session, program.computed, events)
            rows = self._session.execute(f"EXPLAIN ANALYZE {sql}").fetchall()
            return "\n".join(str(row[-1]) for row in rows)
        finally:
            self._session.close()


def compute(session: Session, tables: Sequence[Computed], events: Mapping[str, Sql]) -> None:
    """Make the tables that functions make."""
    for table in tables:
        sql = render(with_steps(table.select.copy(), events, table.ctes))
        reader = session.stream(sql, COMPUTE_ROWS)
        session.register(table.name, table.compute(session.batches(reader)))


def _schema(found: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """DuckDB's schema with the names as shown, and times the same whatever holds them."""
    import pyarrow as pa

    types = [pa.timestamp("ms") if pa.types.is_timestamp(t) else t for t in found.types]
    return pa.schema(list(zip(names, types, strict=True)))


def _batch(found: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [
        column if column.type == kind else column.cast(kind, safe=False)
        for column, kind in zip(found.columns, schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _pieces(prepared: Prepared) -> list[str]:
    return [piece.name for s in prepared.program.sources for piece in s.snapshot.pieces]


def journal_tables(plans: Iterable[Plan]) -> list[tuple[str, Any]]:
    """The journal batches that plans read, under the names that their SQL uses."""
    pieces = (reading.piece for plan in plans for reading in plan.readings)
    return [(journal_table(piece), piece.table) for piece in pieces if piece.path is None]


def _between(first: int | None, last: int | None, cuts: Sequence[int]) -> list[Window]:
    """Windows from the newest to the oldest that leave no millisecond out."""
    windows: list[Window] = []
    end = last
    for cut in cuts:
        if (first is not None and cut <= first) or (end is not None and cut > end):
            continue
        windows.append((cut, end))
        end = cut - 1
    return [*windows, (first, end)]
