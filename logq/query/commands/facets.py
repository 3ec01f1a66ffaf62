"""``facets`` and ``fieldvalues``: the commonest values of all fields, or all values of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from logq.errors import WrongArguments, located
from logq.query.build import (
    alias,
    all_of,
    cast,
    coalesce,
    column,
    eq,
    fn,
    negate,
    not_null,
    number,
    operate,
    text,
)
from logq.query.command import Command, command
from logq.query.compiler import OrderKey, Step
from logq.query.discovery import EVENTS, KIND, NAME, PERCENT, VALUE, fields_of, kinds
from logq.query.expressions import Expressions, Node, tokens
from logq.query.nodes import Field
from logq.query.over import over
from logq.query.scope import Column, Scope
from logq.query.sql import evaluate
from logq.query.value import Type, Value, to_dynamic, to_text

_USUAL = 10
_ALL = "with it"


@command("facets")
@dataclass(frozen=True)
class Facets(Command):
    """The commonest values of every field, 10 or as many as asked for, most frequent first.

    Fields in which every row has another value, such as identifiers, are left out; so are maps
    and lists.
    """

    beyond = True
    syntax = "facets [N]"
    examples = ('filter level = "ERROR" | facets', "filter http.status >= 500 | facets 3")

    most: int = _USUAL

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        given = tokens(stage, "INT")
        return {"most": expr.integer(given[0])} if given else {}

    def apply(self, step: Step) -> Step:
        if self.most < 1:
            raise WrongArguments("facets takes a positive number", hint="write facets 5")
        labels = {name: step.source.ident(name) for name in (NAME, VALUE, KIND, EVENTS, _ALL)}
        arms = [
            self._arm(step, name, value, labels) for name, value in fields_of(step).items()
        ] or [self._arm(step, "", Value(Type.TEXT, cast(exp.Null(), "VARCHAR")), labels)]
        union: exp.Expression = arms[0]
        for arm in arms[1:]:
            union = exp.Union(this=union, expression=arm, distinct=False)
        table = exp.Subquery(this=union, alias=exp.TableAlias(this=exp.to_identifier("values")))
        every = exp.Select().select(exp.Star()).from_(table)
        scope = _scope(labels, NAME, VALUE, KIND, EVENTS)
        order = (
            OrderKey(column(labels[_ALL]), descending=True),
            OrderKey(column(labels[NAME])),
            OrderKey(column(labels[EVENTS]), descending=True),
            OrderKey(column(labels[VALUE])),
        )
        return step.then(self.name, every).barrier(scope, order)

    def _arm(self, step: Step, name: str, value: Value, labels: dict[str, str]) -> exp.Select:
        count = fn("count")
        distinct, rows = over(fn("count")), over(fn("sum", count.copy()))
        keys = [OrderKey(count.copy(), descending=True), OrderKey(to_text(value))]
        place = over(fn("row_number"), keys)
        unlike = all_of(eq(distinct, rows.copy()), operate(">", distinct.copy(), number(self.most)))
        select = (
            step.select()
            .select(
                alias(text(name), labels[NAME]),
                alias(fn("max", to_dynamic(value)), labels[VALUE]),
                alias(kinds(value), labels[KIND]),
                alias(count, labels[EVENTS]),
                alias(cast(rows, "BIGINT"), labels[_ALL]),
            )
            .where(not_null(to_text(value)))
            .group_by(to_text(value))
        )
        kept = all_of(operate("<=", place, number(self.most)), negate(unlike))
        select.set("qualify", exp.Qualify(this=kept))
        return select


@command("fieldvalues")
@dataclass(frozen=True)
class Fieldvalues(Command):
    """All values of a field: kind, how many rows have it, and what percentage of those with any."""

    beyond = True
    syntax = "fieldvalues FIELD"
    examples = ("fieldvalues http.status | limit 20",)

    field: Field

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        return {"field": expr.name(tokens(stage, "FIELD")[0])}

    def apply(self, step: Step) -> Step:
        with located(self.field):
            value = evaluate(self.field, step.env)
        labels = {name: step.source.ident(name) for name in (VALUE, KIND, EVENTS, PERCENT)}
        count = fn("count")
        rows = cast(over(fn("sum", count.copy())), "DOUBLE")
        share = operate("/", operate("*", number(100.0), count.copy()), rows)
        same = coalesce(to_text(value), to_dynamic(value))
        select = (
            step.select()
            .select(
                alias(fn("max", to_dynamic(value)), labels[VALUE]),
                alias(kinds(value), labels[KIND]),
                alias(count, labels[EVENTS]),
                alias(fn("round", share, number(2)), labels[PERCENT]),
            )
            .where(not_null(value.sql.copy()))
            .group_by(same)
        )
        order = (
            OrderKey(column(labels[EVENTS]), descending=True),
            OrderKey(column(labels[VALUE])),
        )
        scope = _scope(labels, VALUE, KIND, EVENTS, PERCENT)
        return step.then(self.name, select).barrier(scope, order)


_TYPES = {EVENTS: Type.INTEGER, PERCENT: Type.NUMBER, VALUE: Type.DYNAMIC}


def _scope(labels: dict[str, str], *names: str) -> Scope:
    scope = Scope()
    for name in names:
        scope = scope.define(name, Column(labels[name], _TYPES.get(name, Type.TEXT)))
    return scope
