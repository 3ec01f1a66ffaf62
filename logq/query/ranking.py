"""The largest groups of rows, by an aggregate, and all other groups as one."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from logq.errors import WrongArguments, located
from logq.query.build import Sql, alias, all_of, boolean, case, cast, coalesce, column, is_null
from logq.query.commands.stats import Stats, columns_of, group_key
from logq.query.compare import natural_order
from logq.query.compiler import Step, missing_last
from logq.query.nodes import Field, Item
from logq.query.source import SQL_TYPES
from logq.query.sql import evaluate
from logq.query.value import Type, Value, literal, to_dynamic, to_text

OTHER = "other"
PLACE = "others last"


def largest(step: Step, name: str, keys: tuple[Item, ...], by: Item, most: int) -> Step:
    """The groups with the largest aggregate, largest first; raises WrongArguments."""
    with located(by):
        if columns_of(by)[0].name != by.name:
            raise WrongArguments(
                "groups are ranked by one value, and pcts gives several", hint="write pct(x, 95)"
            )
    step = Stats(by.span, (by,), keys).apply(step)
    value = step.scope.columns[by.name].value
    order = missing_last(natural_order(value), value, descending=True)
    kept = replace(step, order=(*order, *step.order)).limit(name, most)
    return replace(kept, limited=False)


def with_others(
    step: Step, name: str, keys: tuple[Item, ...], by: Item, most: int
) -> tuple[Step, tuple[Item, ...]]:
    """The rows with keys under which all groups but the largest are one, and these keys.

    There the first key is ``other`` and the rest are missing; PLACE tells whether it is.
    """
    best = largest(step, name, keys, by, most)
    among = step.source.ident("among")
    best = best.then(name, best.select().select(exp.Star(), alias(boolean(True), among)))
    found = [evaluate(key.expr, step.env) for key in keys]
    same = all_of(
        *(
            exp.NullSafeEQ(
                this=group_key(value)[1], expression=_shown(best.scope.columns[key.name].value)
            )
            for key, value in zip(keys, found, strict=True)
        )
    )
    table = exp.Table(this=exp.to_identifier(best.relation, quoted=True))
    rows = step.select().select(exp.Star()).join(exp.Join(this=table, side="LEFT", on=same))
    both = replace(step, ctes=best.ctes).then(name, rows)
    named: list[Item] = []
    values: dict[str, Value] = {PLACE: Value(Type.BOOLEAN, is_null(column(among)))}
    for number, (key, value) in enumerate(zip(keys, found, strict=True)):
        label = f"{PLACE} {number}"
        values[label] = _or_other(value, column(among), OTHER if number == 0 else None)
        named.append(Item(Field((label,), whole=True), key.name, key.text, span=key.span))
    return both.add(name, values), tuple(named)


def _shown(value: Value) -> Sql:
    """What a key of stats is compared by afterwards: 200 and "200" are one."""
    if value.type is not Type.DYNAMIC:
        return value.sql
    return coalesce(to_text(value), value.sql.copy())


def _or_other(value: Value, among: Sql, word: str | None) -> Value:
    if word is None:
        return replace(value, sql=case((among, value.sql)), constant=None, items=None)
    other = literal(word)
    if value.type is Type.TEXT:
        sql = case((among, cast(value.sql, SQL_TYPES[Type.TEXT])), otherwise=other.sql)
        return Value(Type.TEXT, sql)
    return Value(Type.DYNAMIC, case((among, to_dynamic(value)), otherwise=to_dynamic(other)))
