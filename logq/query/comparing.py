"""The aggregates of earlier times beside those of now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlglot import exp

from logq.query.build import TRUE, Sql, alias, all_of, cast, coalesce, column, number
from logq.query.compiler import Step
from logq.query.scope import Column, Scope
from logq.query.source import SQL_TYPES
from logq.query.sql import calculation
from logq.query.value import Type, to_text

DELTA = "delta"


def with_earlier(
    now: Step, name: str, earlier: Mapping[str, Step], counts: Collection[str]
) -> Step:
    """The rows of now with those of each earlier time that have the same keys beside them.

    Keys that there were only once have rows too; what counts is 0 there.
    """
    items = [label for label in now.scope.columns if label not in now.scope.keys]
    for suffix, then in earlier.items():
        now = _joined(now, name, then, items, suffix, counts)
    first = next(iter(earlier))
    deltas = {}
    for item in items:
        columns = now.scope.columns
        sides = [columns[item].value, columns[f"{item}_{first}"].value]
        deltas[f"{item}_{DELTA}"] = calculation("-", *sides)
    return now.add(name, deltas)


def _joined(
    now: Step, name: str, then: Step, items: list[str], suffix: str, counts: Collection[str]
) -> Step:
    ident = now.source.ident
    keys = now.scope.keys
    tests: list[Sql] = [
        exp.NullSafeEQ(this=_key(now.scope, key), expression=_key(then.scope, key)) for key in keys
    ]
    same = all_of(*tests or [TRUE.copy()])
    table = exp.Table(this=exp.to_identifier(then.relation, quoted=True))
    select, scope = now.select(), Scope(expressions=now.scope.expressions, keys=keys)
    order = now.order
    for label, mine in now.scope.columns.items():
        made = replace(mine, ident=ident(label))
        value: Sql = column(mine.ident)
        if label in keys:
            value = coalesce(value, column(then.scope.columns[label].ident))
        select = select.select(alias(_counted(value, label, mine, counts), made.ident))
        scope = scope.define(label, made)
    for label in items:
        theirs = then.scope.columns[label]
        made = Column(ident(label), theirs.type)
        value = _counted(column(theirs.ident), label, theirs, counts)
        select = select.select(alias(value, made.ident))
        scope = scope.define(f"{label}_{suffix}", made)
    select = select.join(exp.Join(this=table, side="FULL", on=same))
    step = now.beside(then, name, select)
    renamed = {old.ident: scope.columns[label].ident for label, old in now.scope.columns.items()}
    order = tuple(replace(key, sql=_renamed(key.sql, renamed)) for key in order)
    return replace(step, env=replace(step.env, scope=scope), order=order)


def _key(scope: Scope, label: str) -> Sql:
    found = scope.columns[label]
    if found.type is not Type.DYNAMIC:
        return column(found.ident)
    return coalesce(to_text(found.value), column(found.ident))


def _counted(value: Sql, label: str, found: Column, counts: Collection[str]) -> Sql:
    if label not in counts:
        return value
    return coalesce(value, cast(number(0), SQL_TYPES[found.type]))


def _renamed(sql: Sql, names: Mapping[str, str]) -> Sql:
    def other(node: exp.Expression) -> exp.Expression:
        is_column = isinstance(node, exp.Column)
        return column(names[node.name]) if is_column and node.name in names else node

    return sql.copy().transform(other)
