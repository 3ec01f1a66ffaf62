"""Several filters over one batch of events, in one SELECT."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from sqlglot import exp

from logq.model import MESSAGE
from logq.query.build import FALSE, NULL, Sql, alias, case, cast, coalesce, column, number, render
from logq.query.connection import connect
from logq.query.macros import used_by
from logq.query.patterns.conditions import condition
from logq.query.patterns.inputs import Inputs
from logq.query.patterns.nodes import FilterPattern
from logq.query.patterns.values import number_of, read_reference, read_value, text_of
from logq.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

EVENTS = "events"


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
        inputs = Inputs(column(MESSAGE))
        outputs: list[Sql] = []
        for each in self._filters:
            outputs += _outputs(each, inputs)
        self._sql = statement(inputs, outputs)

    def run(self, batch: pa.Table) -> list[Found]:
        """What each filter finds in a batch that has at least ``@message``."""
        columns = iter(select(self._sql, batch))
        return [
            Found(
                next(columns),
                None if each.value is None else next(columns),
                {name: next(columns) for name in each.dimensions},
            )
            for each in self._filters
        ]


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


def statement(inputs: Inputs, outputs: Sequence[Sql]) -> str:
    """A SELECT of the outputs over the events, their inputs computed once."""
    events = exp.Table(this=exp.to_identifier(EVENTS, quoted=True))
    inner = exp.Select().select(column(MESSAGE)).from_(events)
    for name, value in inputs.made().items():
        inner = inner.select(alias(value, name))
    outer = exp.Select().from_(inner.subquery("inputs"))
    for index, output in enumerate(outputs):
        outer = outer.select(alias(output, f"output_{index}"))
    return render(outer if outputs else outer.select(NULL.copy()))


def select(sql: str, batch: pa.Table) -> list[pa.Array]:
    """The columns that a statement yields for a batch, each as one array."""
    import pyarrow as pa

    with _cursor() as cursor:
        for macro in used_by(sql):
            if macro not in cursor.defined:
                cursor.connection.execute(macro)
                cursor.defined.add(macro)
        cursor.connection.register(EVENTS, batch.select([MESSAGE]))
        try:
            answer = cursor.connection.sql(sql).to_arrow_table()
        finally:
            cursor.connection.unregister(EVENTS)
    return [
        pa.concat_arrays(c.chunks) if c.num_chunks else pa.array([], c.type) for c in answer.columns
    ]


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
