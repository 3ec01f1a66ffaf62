"""Commands folded over a source: one command, one named SQL step.

A ``Step`` is a query so far: its SQL steps as common table expressions, the names that exist, the
order of the rows and the columns to show. SQL rows have no order of their own, so the order is
carried as keys and written out wherever it matters: at ``limit``, ``dedup``, ``tail`` and at the
end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from logq import model
from logq.errors import WrongArguments, located
from logq.query.build import (
    NULL,
    Sql,
    alias,
    cast,
    column,
    fn,
    is_null,
    nesting_told,
    number,
    text,
)
from logq.query.command import Command
from logq.query.environment import Environment, Moment, Others
from logq.query.nodes import Field
from logq.query.position import POINTER
from logq.query.scope import Column, Scope
from logq.query.source import EVENTS, SQL_TYPES, Source
from logq.query.system_fields import LOG
from logq.query.value import Type, Value

if TYPE_CHECKING:
    import pyarrow as pa

NO_LIMIT = 1 << 62


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One ORDER BY term; missing values come last in either direction."""

    sql: Sql
    descending: bool = False

    def reversed(self) -> OrderKey:
        """The same key the other way round."""
        return replace(self, descending=not self.descending)


Ctes = tuple[tuple[str, exp.Select], ...]


@dataclass(frozen=True, slots=True)
class Computed:
    """A table that no SQL can make: rows of the query so far, put through a function."""

    name: str
    ctes: Ctes
    select: exp.Select
    compute: Callable[[Iterator[pa.RecordBatch]], pa.Table]


@dataclass(frozen=True, slots=True)
class Applied:
    """A command of a query, and the query before it."""

    command: Command
    before: Step


@dataclass(frozen=True, slots=True)
class Step:
    """A query up to one of its commands."""

    env: Environment
    source: Source
    ctes: Ctes = ()
    base: str = EVENTS
    """What the first of these steps reads: events, or a computed table."""
    computed: tuple[Computed, ...] = ()
    order: tuple[OrderKey, ...] = ()
    output: tuple[str, ...] | None = None
    """Names chosen by fields and display; None: the default columns."""
    extra: tuple[str, ...] = ()
    """Names made by parse and the like, shown behind the default or chosen columns."""
    limited: bool = False
    """Whether a limit, head or tail has been seen since the last barrier."""
    last: str | None = None
    """A command behind which none may follow."""
    trail: tuple[Applied, ...] = ()
    """The commands that led here, each with what was before it."""

    @property
    def scope(self) -> Scope:
        return self.env.scope

    @property
    def done(self) -> tuple[Command, ...]:
        """The commands that led here."""
        return tuple(one.command for one in self.trail)

    @property
    def relation(self) -> str:
        """The name of the last SQL step."""
        return self.ctes[-1][0] if self.ctes else self.base

    def select(self) -> exp.Select:
        """A SELECT from the last step, without columns."""
        return exp.Select().from_(exp.Table(this=exp.to_identifier(self.relation, quoted=True)))

    def then(self, name: str, select: exp.Select) -> Step:
        """This step followed by a SELECT, named after the command."""
        count = len(self.ctes) + 1
        label = (
            f"{name}_{count}"
            if self.source.name == EVENTS
            else f"{self.source.name} {name}_{count}"
        )
        return replace(self, ctes=(*self.ctes, (label, select)))

    def where(self, name: str, condition: Sql) -> Step:
        """Keep the rows for which the condition is true."""
        return self.then(name, self.select().select(exp.Star()).where(condition))

    def beside(self, other: Step, name: str, select: exp.Select) -> Step:
        """This step followed by a SELECT that also reads another query."""
        return replace(self, ctes=(*other.ctes, *self.ctes)).then(name, select)

    def compute(
        self,
        name: str,
        select: exp.Select,
        function: Callable[[Iterator[pa.RecordBatch]], pa.Table],
    ) -> Step:
        """This step followed by a table that a function makes of a SELECT's rows."""
        table = self.source.ident(f"{name} table")
        made = Computed(table, self.ctes, select, function)
        return replace(self, ctes=(), base=table, computed=(*self.computed, made))

    def add(self, name: str, values: Mapping[str, Value]) -> Step:
        """Define columns; a value that is a column already only gets another name."""
        select = self.select().select(exp.Star())
        scope, computed = self.scope, False
        for label, value in values.items():
            ident, items = None, None
            if isinstance(value.sql, exp.Column):
                ident = value.sql.name
            if isinstance(value.items, exp.Column):
                items = value.items.name
            if ident is None:
                ident, computed = self.source.ident(label), True
                select = select.select(alias(value.sql.copy(), ident))
                if value.items is not None and items is None:
                    items = self.source.ident(f"{label}_items")
                    select = select.select(alias(value.items.copy(), items))
            definition = Column(ident, value.type, value.grid, items)
            scope = scope.define(label, definition)
        step = self.then(name, select) if computed else self
        return replace(step, env=replace(step.env, scope=scope))

    def showing(self, *names: str) -> Step:
        """These columns, which a command has made, stand behind those that were chosen."""
        return replace(self, extra=(*self.extra, *names))

    def order_by(self, select: exp.Select, order: Sequence[OrderKey] | None = None) -> exp.Select:
        """The SELECT with the current order written out."""
        terms = order_terms(self.order if order is None else order)
        return select.order_by(*terms) if terms else select

    def limit(self, name: str, rows: int, order: Sequence[OrderKey] | None = None) -> Step:
        """Keep the first rows of an order."""
        select = self.order_by(self.select().select(exp.Star()), order).limit(min(rows, NO_LIMIT))
        step = self.then(name, select)
        return replace(step, env=replace(step.env, sampled=None), limited=True)

    def barrier(self, scope: Scope, order: tuple[OrderKey, ...]) -> Step:
        """The rows are replaced: nothing from before survives but what the scope lists."""
        return replace(
            self,
            env=replace(self.env, scope=scope, sampled=None),
            order=order,
            output=None,
            extra=(),
            limited=False,
        )

    def shown(self) -> tuple[str, ...]:
        """The names of the result's columns, in order."""
        if self.output is not None:
            names = (*self.output, *self.extra)
        elif self.scope.source is not None:
            names = (model.TIMESTAMP, model.MESSAGE, *self.extra)
        else:
            names = tuple(self.scope.columns)
        return tuple(dict.fromkeys(names))

    def column(self, name: str) -> Column:
        """The column of a shown name; without an SQL name if no row has it."""
        if name in self.scope.columns:
            return self.scope.columns[name]
        value = self.scope.fetch(Field((name,), whole=True))
        return Column(value.sql.name if isinstance(value.sql, exp.Column) else "", value.type)


def order_terms(order: Sequence[OrderKey]) -> list[exp.Ordered]:
    """ORDER BY terms for sqlglot."""
    return [
        exp.Ordered(this=key.sql.copy(), desc=key.descending, nulls_first=False) for key in order
    ]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled query: SQL for any choice of events, and what its result looks like."""

    sources: tuple[Source, ...]
    """What is read: the query's own events first, then those of other queries inside it."""
    tables: Mapping[str, pa.Table]
    """Tables beside the events, by SQL name."""
    computed: tuple[Computed, ...]
    steps: Ctes
    final: exp.Select
    columns: tuple[tuple[str, Column], ...]
    """Result columns: shown name and SQL column."""
    warnings: tuple[str, ...]
    rows: int
    """The most rows of the answer."""
    cut_by_default: bool
    """Whether nobody asked for that limit."""

    @property
    def source(self) -> Source:
        """The query's own events."""
        return self.sources[0]

    def sql(self, events: Mapping[str, Sql]) -> exp.Expression:
        """The last statement, over the SELECTs that read the events of each source."""
        return with_steps(self.final.copy(), events, self.steps)


def with_steps(final: exp.Select, events: Mapping[str, Sql], steps: Ctes) -> exp.Expression:
    """A SELECT with the steps that read events and further steps as common table expressions."""
    final.set(
        "with_",
        exp.With(
            expressions=[
                exp.CTE(
                    this=body.copy(),
                    alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)),
                )
                for name, body in (*events.items(), *steps)
            ]
        ),
    )
    return final


def start(source: Source, moment: Moment, others: Others) -> Step:
    """The step before the first command: all events, newest first."""
    order = [OrderKey(column(key.ident), descending=True) for key in source.order()]
    env = Environment(
        Scope(source=source), moment, others, fresh=source.ident, warnings=source.warnings
    )
    return Step(env, source, base=source.name, order=tuple(order))


def fold(step: Step, commands: Sequence[Command]) -> Step:
    """Apply commands from left to right; raises QueryError with its place."""
    for command in commands:
        with located(command):
            if step.last is not None:
                raise WrongArguments(
                    f"nothing can follow {step.last}", hint=f"move {step.last} to the end"
                )
            after = command.apply(step)
            step = replace(after, trail=(*step.trail, Applied(command, step)))
    return step


@nesting_told()
def compile_query(
    commands: Sequence[Command],
    source: Source,
    moment: Moment,
    others: Others,
    limit: int | None,
    default: int,
    *,
    pointers: bool = False,
) -> Program:
    """Compile commands over a source; raises QueryError.

    ``limit`` is the most rows the caller wants; without it and without a limit in the query the
    answer has at most ``default`` rows. With ``pointers`` rows that are events end with ``@ptr``.
    """
    step = fold(start(source, moment, others), commands)
    columns = [(name, step.column(name)) for name in step.shown()]
    final = step.select()
    for _, shown in columns:
        final = final.select(column(shown.ident) if shown.ident else _missing(shown.type))
    if pointers and step.scope.source is not None:
        final = final.select(alias(_pointer(step.source), POINTER))
        columns.append((POINTER, Column(POINTER, Type.TEXT)))
    if not columns:
        final = final.select(number(1))
    cut_by_default = limit is None and not step.limited
    rows = default if cut_by_default else (limit if limit is not None else NO_LIMIT)
    # One row more than shown tells whether something was cut off.
    final = step.order_by(final)
    if rows < NO_LIMIT:
        final = final.limit(rows + 1)
    return Program(
        (source, *others.sources),
        others.tables,
        (*others.computed, *step.computed),
        step.ctes,
        final,
        tuple(columns),
        tuple(dict.fromkeys(step.env.warnings)),
        rows,
        cut_by_default,
    )


def _pointer(source: Source) -> Sql:
    """The same text as ``position.pointer`` gives."""
    time, seq = (column(key.ident) for key in source.order())
    group = source.field(LOG)
    assert group is not None
    parts = [fn("epoch_ms", time), text(":"), seq, text(":"), column(group.ident)]
    return fn("to_base64", fn("encode", fn("concat", *parts)))


def _missing(kind: Type) -> Sql:
    return cast(NULL.copy(), SQL_TYPES[kind])


def missing_last(values: Sequence[Sql], value: Value, descending: bool) -> tuple[OrderKey, ...]:
    """Order keys of one sort key: missing values last, then the natural order's own terms."""
    if len(values) == 1:
        return (OrderKey(values[0], descending),)
    return (OrderKey(is_null(value.sql.copy())), *(OrderKey(v, descending) for v in values))
