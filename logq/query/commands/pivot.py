"""``pivot``: the values of a field become columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from logq.errors import WrongArguments, located
from logq.query.build import Sql, alias, case, coalesce, column, eq, fn, is_null, number, text
from logq.query.command import Command, command
from logq.query.commands.stats import Stats, group_key, key_order
from logq.query.compare import natural_order
from logq.query.compiler import OrderKey, Step, missing_last, order_terms
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.nodes import Call, Field, Item, Star
from logq.query.scope import Column, Scope
from logq.query.sql import evaluate
from logq.query.value import Type, Value, to_text

MOST_COLUMNS = 200
MISSING = "missing"
EMPTY = "empty"
_COUNT = Item(Call("count", (Star(),)), None, "count(*)")


@command("pivot")
@dataclass(frozen=True)
class Pivot(Command):
    """One row for each key, and one column for each value of a field.

    Of events it counts them. Behind ``stats`` the cells hold what stands beside the keys; with
    several aggregates the columns are named ``VALUE_AGGREGATE``. The query before it is run twice,
    first for the names of the columns.
    """

    beyond = True
    syntax = "pivot KEY, ... on FIELD"
    examples = (
        "pivot service on level",
        "stats avg(duration_ms) as ms by bin(1h) as t, service | pivot t on service",
    )

    keys: tuple[Field, ...]
    field: Field

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        return {
            "keys": expr.names(trees(stage, "names")[0]),
            "field": expr.name(tokens(stage, "FIELD")[0]),
        }

    def apply(self, step: Step) -> Step:
        counted = step.scope.source is not None
        if counted:
            by = tuple(Item(f, None, f.name, span=f.span) for f in (*self.keys, self.field))
            step = Stats(items=(_COUNT,), by=by, span=self.span).apply(step)
        used = {field.name for field in (*self.keys, self.field)}
        self._check_keys(step, used)
        labels = [name for name in step.shown() if name not in used]
        if not labels:
            raise WrongArguments(
                "pivot finds nothing to put into its cells",
                hint="write stats count(*) by key, field | pivot key on field",
            )
        with located(self.field):
            field = evaluate(self.field, step.env)
        keys, grouping, select = [], [], step.select()
        for name in self.keys:
            with located(name):
                value = evaluate(name, step.env)
            shown, group = group_key(value)
            keys.append(Column(step.source.ident(name.name), value.type, value.grid))
            select = select.select(alias(shown, keys[-1].ident))
            grouping.append(group)
        scope = Scope()
        for name, key in zip(self.keys, keys, strict=True):
            scope = scope.define(name.name, key)
        values = _values(step, field)
        names = _Names(used)
        for found in values:
            for label in labels:
                cell = step.scope.columns[label].value
                made = Column(step.source.ident("cell"), cell.type)
                select = select.select(alias(_cell(cell, field, found, counted), made.ident))
                wanted = MISSING if found is None else found or EMPTY
                wanted = wanted if len(labels) == 1 else f"{wanted}_{label}"
                scope = scope.define(names.free(wanted), made)
        scope = replace(scope, keys=tuple(dict.fromkeys(name.name for name in self.keys)))
        order: tuple[OrderKey, ...] = tuple(o for key in keys for o in key_order(key.value))
        return step.then(self.name, select.group_by(*grouping)).barrier(scope, order)

    def _check_keys(self, step: Step, used: Iterable[str]) -> None:
        left = [key for key in step.scope.keys if key not in used]
        if left:
            raise WrongArguments(
                f"pivot would mix the rows of different '{left[0]}'",
                hint=f"write pivot {', '.join([f.name for f in self.keys] + left)} "
                f"on {self.field.name}",
            )


def _text(field: Value) -> Sql:
    found = to_text(field)
    return coalesce(found, field.sql.copy()) if field.type is Type.DYNAMIC else found


def _values(step: Step, field: Value) -> list[str | None]:
    """The values of the field in natural order; missing ones last."""
    found = Value(Type.TEXT, column("found"))
    distinct = step.select().select(alias(_text(field), "found")).distinct()
    table = exp.Subquery(this=distinct, alias=exp.TableAlias(this=exp.to_identifier("values")))
    order = missing_last(natural_order(found), found, descending=False)
    select = exp.Select().select(column("found")).from_(table).order_by(*order_terms(order))
    rows = step.env.others.ask(step, select.limit(MOST_COLUMNS + 1))
    if len(rows) > MOST_COLUMNS:
        raise WrongArguments(
            f"pivot would make more than {MOST_COLUMNS} columns",
            hint="keep the largest before it, with top 10 FIELD by ..., or with filter",
        )
    return [row[0] for row in rows]


def _cell(cell: Value, field: Value, found: str | None, counted: bool) -> Sql:
    here = is_null(field.sql.copy()) if found is None else eq(_text(field), text(found))
    value = fn("max", case((here, cell.sql.copy())))
    return coalesce(value, number(0)) if counted else value


class _Names:
    """Names of columns, none twice."""

    def __init__(self, used: Iterable[str]) -> None:
        self._used = set(used)

    def free(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self._used:
            count += 1
            name = f"{wanted}_{count}"
        self._used.add(name)
        return name
