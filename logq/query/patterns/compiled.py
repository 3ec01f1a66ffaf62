"""Several filters over one batch of events, in one SELECT."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from sqlglot import exp

from logq.model import BATCH_METADATA, MESSAGE, BatchInfo, Field
from logq.query.build import FALSE, NULL, Sql, alias, case, cast, coalesce, column, number, render
from logq.query.connection import connect
from logq.query.macros import used_by
from logq.query.patterns.conditions import condition
from logq.query.patterns.fields import KnownFields, known_fields
from logq.query.patterns.inputs import Inputs
from logq.query.patterns.nodes import FilterPattern, Selector, selectors
from logq.query.patterns.values import Reference, number_of, read_reference, read_value, text_of
from logq.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

EVENTS = "events"
MESSAGE_INPUT = "input_message"
MOST_KEPT = 64
"""Statements for batches whose fields lie differently."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A pattern and what is wanted of the events that match."""

    pattern: FilterPattern
    value: str | None = None
    """A number, ``$.path``, ``$name`` or ``$7``; None: nothing is wanted."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """Name and reference."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one filter found in a batch; every array has one entry per event."""

    matches: pa.BooleanArray
    """Never null."""
    values: pa.DoubleArray | None
    """Null where the event does not match or has no number there; None: no value was asked for."""
    dimensions: Mapping[str, pa.StringArray]
    """Null where the event does not match or has no such text."""


class Compiled:
    """Filters made into one statement; may be run by several threads at once."""

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = tuple(filters)
        self._steps = tuple(dict.fromkeys(s for each in self._filters for s in _steps(each)))
        self._plain = self._statement(None)
        self._typed: dict[object, Statement] = {}

    def run(self, batch: pa.Table) -> list[Found]:
        """What each filter finds in a batch that has at least ``@message``."""
        columns = iter(self._statement_for(batch).run(batch))
        return [
            Found(
                next(columns),
                None if each.value is None else next(columns),
                {name: next(columns) for name in each.dimensions},
            )
            for each in self._filters
        ]

    def _statement_for(self, batch: pa.Table) -> Statement:
        """The statement for batches like this: where fields lie as columns, it reads those."""
        metadata = (batch.schema.metadata or {}).get(BATCH_METADATA)
        fields = known_fields(BatchInfo.from_json(metadata)) if metadata is not None else None
        if fields is None:
            return self._plain
        key = tuple(_place(fields.find(steps)) for steps in self._steps)
        if key not in self._typed:
            if len(self._typed) >= MOST_KEPT:
                self._typed.clear()
            self._typed[key] = self._statement(fields)
        return self._typed[key]

    def _statement(self, fields: KnownFields | None) -> Statement:
        inputs = Inputs(column(MESSAGE_INPUT), fields=fields, derived={})
        outputs: list[Sql] = []
        for each in self._filters:
            outputs += _outputs(each, inputs)
        return statement(inputs, outputs)


def _steps(each: Filter) -> Iterator[tuple[str | int | None, ...]]:
    """The places in JSON documents that a filter reads."""
    for selector in selectors(each.pattern):
        yield selector.steps
    for written in (each.value, *each.dimensions.values()):
        found = read_value(each.pattern, written) if written is not None else 0.0
        if isinstance(found, Reference) and isinstance(found.place, Selector):
            yield found.place.steps


def _place(found: Field | None) -> tuple[object, ...]:
    return () if found is None else (found.kind, found.column)


def _outputs(each: Filter, inputs: Inputs) -> list[Sql]:
    matches = coalesce(condition(each.pattern, inputs), FALSE.copy())
    outputs = [matches]
    if each.value is not None:
        value = read_value(each.pattern, each.value)
        found = number(value) if isinstance(value, float) else number_of(value, inputs)
        outputs.append(case((matches.copy(), cast(found, "DOUBLE"))))
    for reference in each.dimensions.values():
        found = text_of(read_reference(each.pattern, reference), inputs)
        outputs.append(case((matches.copy(), found)))
    return outputs


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT over the events of a batch."""

    sql: str
    columns: tuple[str, ...]
    """What it reads of the batch."""

    def run(self, batch: pa.Table) -> list[pa.Array]:
        """The columns of its answer, each as one array."""
        import pyarrow as pa

        with _cursor() as cursor:
            for macro in used_by(self.sql):
                if macro not in cursor.defined:
                    cursor.connection.execute(macro)
                    cursor.defined.add(macro)
            cursor.connection.register(EVENTS, batch.select(self.columns))
            try:
                answer = cursor.connection.sql(self.sql).to_arrow_table()
            finally:
                cursor.connection.unregister(EVENTS)
        return [
            pa.concat_arrays(c.chunks) if c.num_chunks else pa.array([], c.type)
            for c in answer.columns
        ]


def statement(inputs: Inputs, outputs: Sequence[Sql]) -> Statement:
    """A SELECT of the outputs over the events, whose inputs are computed once."""
    stored = {MESSAGE: MESSAGE_INPUT, **inputs.stored}
    inner = exp.Select().from_(exp.Table(this=exp.to_identifier(EVENTS, quoted=True)))
    for name, known in stored.items():
        inner = inner.select(alias(column(name), known))
    for step in (inputs.made(), inputs.derived or {}):
        if step:
            inner = exp.Select().select(exp.Star()).from_(inner.subquery("step"))
            for name, value in step.items():
                inner = inner.select(alias(value, name))
    outer = exp.Select().from_(inner.subquery("step"))
    for index, output in enumerate(outputs):
        outer = outer.select(alias(output, f"output_{index}"))
    return Statement(render(outer if outputs else outer.select(NULL.copy())), tuple(stored))


@dataclass(slots=True)
class _Cursor:
    connection: duckdb.DuckDBPyConnection
    defined: set[str] = field(default_factory=set)


_idle: list[_Cursor] = []
_lock = threading.Lock()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return connect(Settings(), None)


@contextmanager
def _cursor() -> Iterator[_Cursor]:
    """A connection that nobody else uses meanwhile; kept for the next one."""
    with _lock:
        cursor = _idle.pop() if _idle else _Cursor(_database().cursor())
    try:
        yield cursor
    except BaseException:
        cursor.connection.close()
        raise
    with _lock:
        _idle.append(cursor)
