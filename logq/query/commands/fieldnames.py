"""``fieldnames``: which fields the rows have."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from logq.query.build import Sql, alias, cast, column, fn, number, operate, text
from logq.query.command import Command, command
from logq.query.compiler import OrderKey, Step
from logq.query.discovery import EVENTS, KIND, NAME, PERCENT, fields_of, kinds
from logq.query.scope import Column, Scope
from logq.query.value import Type


@command("fieldnames")
@dataclass(frozen=True)
class Fieldnames(Command):
    """List the fields that the rows have: kinds of values, how many rows, and what percentage."""

    beyond = True
    syntax = "fieldnames"
    examples = ('filter level = "ERROR" | fieldnames',)

    def apply(self, step: Step) -> Step:
        fields = fields_of(step)
        total = step.source.ident("total")
        select = step.select().select(alias(fn("count"), total))
        rows: list[Sql] = []
        for name, value in fields.items():
            words, events = step.source.ident("kinds"), step.source.ident("with it")
            select = select.select(
                alias(kinds(value), words),
                alias(fn("count", value.sql.copy()), events),
            )
            rows.append(fn("row", text(name), column(words), column(events)))
        # Without any field the list still needs a type.
        rows.append(fn("row", text(""), text(""), number(0)))
        row = step.source.ident("field")
        step = step.then(self.name, select)
        each = step.select().select(
            alias(fn("unnest", exp.Array(expressions=rows)), row), column(total)
        )
        step = step.then(self.name, each)
        label, kinds_, count = (fn("struct_extract", column(row), number(n)) for n in (1, 2, 3))
        share = operate("/", operate("*", number(100.0), count.copy()), column(total))
        made: dict[str, tuple[Type, Sql]] = {
            NAME: (Type.TEXT, label),
            KIND: (Type.TEXT, kinds_),
            EVENTS: (Type.INTEGER, cast(count.copy(), "BIGINT")),
            PERCENT: (Type.NUMBER, fn("round", share, number(2))),
        }
        scope, listed = Scope(), step.select().where(operate(">", count.copy(), number(0)))
        for name, (of, sql) in made.items():
            defined = Column(step.source.ident(name), of)
            listed = listed.select(alias(sql, defined.ident))
            scope = scope.define(name, defined)
        most = OrderKey(column(scope.columns[EVENTS].ident), descending=True)
        order = (most, OrderKey(column(scope.columns[NAME].ident)))
        return step.then(self.name, listed).barrier(scope, order)
