"""``union``: the rows of another query behind those of this one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from logq.query.build import NULL, alias, cast, column, number
from logq.query.command import Command, command
from logq.query.compiler import OrderKey, Step
from logq.query.scope import Column, Scope
from logq.query.source import SQL_TYPES
from logq.query.value import Type, to_dynamic


@command("union")
@dataclass(frozen=True)
class Union(Command):
    """Add the rows of another query behind those of this one.

    Columns of one name become one column; where a side has none of that name, it is missing.
    Only the columns that each side shows remain.
    """

    beyond = True
    syntax = "union (QUERY)"
    examples = (
        "stats count(*) as n by service | union (SOURCE '/shop/payment' | stats count(*) as n)",
    )

    query: tuple[Any, ...]

    def name_before(self, name: str) -> str | None:
        return name

    def apply(self, step: Step) -> Step:
        other = step.env.others.step(self.query)
        sides = [step, other]
        found = [{name: side.column(name) for name in side.shown()} for side in sides]
        names = tuple(dict.fromkeys(name for columns in found for name in columns))
        types = {name: _common([c[name].type for c in found if name in c]) for name in names}
        idents = {name: step.source.ident(name) for name in names}
        place, rank = step.source.ident("side"), step.source.ident("rank")
        arms = []
        for which, (side, columns) in enumerate(zip(sides, found, strict=True)):
            select = side.select()
            for name in names:
                select = select.select(alias(_as(columns.get(name), types[name]), idents[name]))
            order = exp.Order(expressions=_terms(side)) if side.order else None
            row = exp.Window(this=exp.RowNumber(), order=order)
            arms.append(select.select(alias(number(which), place), alias(row, rank)))
        union = exp.Union(this=arms[0], expression=arms[1], distinct=False)
        table = exp.Subquery(this=union, alias=exp.TableAlias(this=exp.to_identifier("both")))
        made = step.beside(other, self.name, exp.Select().select(exp.Star()).from_(table))
        scope = Scope({name: Column(idents[name], types[name]) for name in names})
        order_keys = (OrderKey(column(place)), OrderKey(column(rank)))
        return replace(made.barrier(scope, order_keys), limited=step.limited and other.limited)


def _terms(side: Step) -> list[exp.Ordered]:
    from logq.query.compiler import order_terms

    return order_terms(side.order)


def _common(types: list[Type]) -> Type:
    """The type that holds the values of both sides."""
    known = set(types)
    if len(known) == 1:
        return types[0]
    return Type.NUMBER if known == {Type.INTEGER, Type.NUMBER} else Type.DYNAMIC


def _as(found: Column | None, wanted: Type) -> exp.Expression:
    if found is None or not found.ident:
        return cast(NULL.copy(), SQL_TYPES[wanted])
    if found.type is wanted:
        return column(found.ident)
    if wanted is Type.NUMBER:
        return cast(column(found.ident), "DOUBLE")
    return to_dynamic(found.value)
