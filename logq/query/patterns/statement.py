"""A SELECT over batches of events, planned once a connection and run for every batch."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from sqlglot import exp

from logq.model import MESSAGE
from logq.query.build import NULL, Sql, alias, column, render
from logq.query.connection import connect
from logq.query.macros import used_by
from logq.query.patterns.inputs import Inputs
from logq.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MESSAGE_INPUT = "input_message"
MOST_PREPARED = 64
"""Statements that a connection keeps ready: planning takes ten times as long as a small batch."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT over the events of a batch."""

    sql: str
    events: str
    """The name under which it reads them; no other statement has it."""
    columns: tuple[str, ...]
    """What it reads of the batch."""

    def run(self, batch: pa.Table) -> list[pa.Array]:
        """The columns of its answer, each as one array."""
        import pyarrow as pa

        with _connection() as connection:
            answer = connection.run(self, batch.select(self.columns))
        return [
            pa.concat_arrays(c.chunks) if c.num_chunks else pa.array([], c.type)
            for c in answer.columns
        ]


def statement(
    inputs: Inputs, outputs: Sequence[Sql], matches: Mapping[str, Sql] | None = None
) -> Statement:
    """A SELECT of the outputs over the events; what they read has names and is computed once."""
    stored = {MESSAGE: MESSAGE_INPUT, **inputs.stored}
    events = f"events_{next(_numbers)}"
    inner = exp.Select().from_(exp.Table(this=exp.to_identifier(events, quoted=True)))
    for name, known in stored.items():
        inner.select(alias(column(name), known), copy=False)
    for step in (inputs.made(), inputs.derived or {}, matches or {}):
        if step:
            inner = exp.Select().select(exp.Star()).from_(inner.subquery("step", copy=False))
            for name, value in step.items():
                inner.select(alias(value, name), copy=False)
    outer = exp.Select().from_(inner.subquery("step", copy=False))
    for index, output in enumerate(outputs):
        outer.select(alias(output, f"output_{index}"), copy=False)
    sql = render(outer if outputs else outer.select(NULL.copy()))
    return Statement(sql, events, tuple(stored))


class _Feed:
    """The events of a statement that has been planned: a relation whose rows come later."""

    def __init__(self, plan: str, events: pa.Table) -> None:
        self.plan = plan
        self.events: pa.Table | None = events

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        assert self.events is not None
        return self.events.__arrow_c_stream__(requested_schema)


@dataclass(slots=True)
class _Connection:
    """A connection with the macros and statements that it has seen."""

    database: duckdb.DuckDBPyConnection
    macros: set[str] = field(default_factory=set)
    prepared: dict[tuple[str, str], _Feed] = field(default_factory=dict)
    """By the name and the types of the events that a statement reads: its plan rests on both."""

    def run(self, statement: Statement, events: pa.Table) -> pa.Table:
        key = (statement.events, str(events.schema.remove_metadata()))
        feed = self.prepared.get(key)
        if feed is None:
            feed = self.prepared[key] = self._prepare(statement, events)
        feed.events = events
        try:
            return self.database.sql(f"EXECUTE {feed.plan}").to_arrow_table()
        finally:
            feed.events = None

    def close(self) -> None:
        """Give everything back."""
        for name, _ in self.prepared:
            self.database.unregister(name)
        self.prepared.clear()
        self.database.close()

    def _prepare(self, statement: Statement, events: pa.Table) -> _Feed:
        for macro in used_by(statement.sql):
            if macro not in self.macros:
                self.database.execute(macro)
                self.macros.add(macro)
        if len(self.prepared) >= MOST_PREPARED:
            for (name, _), feed in self.prepared.items():
                self.database.execute(f"DEALLOCATE {feed.plan}")
                self.database.unregister(name)
            self.prepared.clear()
        feed = _Feed(f"plan_{next(_numbers)}", events)
        self.database.register(statement.events, feed)
        self.database.execute(f"PREPARE {feed.plan} AS {statement.sql}")
        return feed


_numbers = count()
_idle: list[_Connection] = []
_lock = threading.Lock()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return connect(Settings(), None)


@atexit.register
def _close() -> None:
    """Give everything back before Python takes itself apart: DuckDB complains otherwise."""
    with _lock:
        for connection in _idle:
            connection.close()
        _idle.clear()
    if _database.cache_info().currsize:
        _database().close()
        _database.cache_clear()


@contextmanager
def _connection() -> Iterator[_Connection]:
    """A connection that nobody else uses meanwhile; kept for the next one."""
    with _lock:
        connection = _idle.pop() if _idle else _Connection(_database().cursor())
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    with _lock:
        _idle.append(connection)
