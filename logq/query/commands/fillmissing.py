"""``fillmissing``: rows for time buckets in which nothing happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from logq.errors import WrongArguments, located
from logq.query.build import Sql, alias, all_of, cast, coalesce, column, fn, timestamp
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.nodes import Field, Literal
from logq.query.scope import Column
from logq.query.source import SQL_TYPES
from logq.query.sql import evaluate
from logq.query.value import Type, as_type, common_type, literal, to_text

MOST_BUCKETS = 1_000_000


@command("fillmissing")
@dataclass(frozen=True)
class Fillmissing(Command):
    """Add a row for every empty time bucket of the query's range, for each combination of keys.

    Named columns get their value in the rows that are added, others stay missing there. Without a
    start or an end of the range, the first or last bucket that there is bounds it.
    """

    syntax = "fillmissing [with VALUE for FIELD, ...]"
    examples = (
        "stats count(*) as n by bin(5m) as t | fillmissing with 0 for n",
        "stats count(*) as n by service, bin(1h) as t | fillmissing with 0 for n | sort t",
    )

    values: tuple[tuple[Literal, Field], ...] = ()

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        fillings = trees(stage, "filling")
        return {
            "values": tuple(
                (expr.signed(trees(filling)[0]), expr.name(tokens(filling, "FIELD")[0]))
                for filling in fillings
            )
        }

    def apply(self, step: Step) -> Step:
        fills = {}
        for value, field in self.values:
            with located(field):
                evaluate(field, step.env)
            fills[field.name] = value.value
        return filled(step, self.name, fills)


def filled(step: Step, name: str, fills: Mapping[str, str | int | float | bool | None]) -> Step:
    """The step with rows for empty time buckets; raises WrongArguments without buckets."""
    time, key = _time_key(step)
    step, values = _fitting(step, name, fills)
    others = [step.scope.columns[label] for label in step.scope.keys if label != time]
    grid = _grid(step, key, others)
    place = {found.ident: column(found.ident, "grid") for found in (key, *others)}
    same = all_of(
        *(
            exp.NullSafeEQ(this=_comparable(found, "grid"), expression=_comparable(found, "had"))
            for found in (key, *others)
        )
    )
    had = exp.Table(
        this=exp.to_identifier(step.relation, quoted=True),
        alias=exp.TableAlias(this=exp.to_identifier("had", quoted=True)),
    )
    added = exp.Select().from_(
        exp.Subquery(this=grid, alias=exp.TableAlias(this=exp.to_identifier("grid", quoted=True)))
    )
    for ident, sql in place.items():
        added = added.select(alias(sql, ident))
    for ident, sql in values.items():
        added = added.select(alias(sql, ident))
    added = added.join(exp.Join(this=had, kind="ANTI", on=same))
    rows = exp.Union(
        this=step.select().select(exp.Star()), expression=added, distinct=False, by_name=True
    )
    table = exp.Subquery(this=rows, alias=exp.TableAlias(this=exp.to_identifier("all_rows")))
    return step.then(name, exp.Select().select(exp.Star()).from_(table))


def _time_key(step: Step) -> tuple[str, Column]:
    for label in step.scope.keys:
        found = step.scope.columns.get(label)
        if found is not None and found.grid is not None:
            return label, found
    raise WrongArguments(
        "there are no time buckets to fill",
        hint="write stats ... by bin(5m) before it",
    )


def _fitting(
    step: Step, name: str, fills: Mapping[str, str | int | float | bool | None]
) -> tuple[Step, dict[str, Sql]]:
    """The columns that are filled, in a type that holds their new values too, and these."""
    wider = {}
    kinds: dict[str, Type] = {}
    for label, given in fills.items():
        old = step.scope.columns[label]
        kinds[label] = common_type([old.value, literal(given)])
        if kinds[label] is not old.type:
            wider[label] = replace(
                old.value, type=kinds[label], sql=as_type(old.value, kinds[label]), items=None
            )
    if wider:
        step = step.add(name, wider)
    values = {}
    for label, given in fills.items():
        sql = cast(as_type(literal(given), kinds[label]), SQL_TYPES[kinds[label]])
        values[step.scope.columns[label].ident] = sql
    return step, values


def _grid(step: Step, key: Column, others: list[Column]) -> exp.Select:
    """Every bucket of the range with every combination of the other keys."""
    assert key.grid is not None
    moment = step.env.moment
    if moment.start is not None and moment.end is not None:
        buckets = (moment.end - moment.start) // key.grid.width
        if buckets > MOST_BUCKETS:
            raise WrongArguments(
                f"the time range has {buckets:,} buckets, {MOST_BUCKETS:,} are allowed",
                hint="take a longer period, or a shorter range",
            )
    first = fn("min", column(key.ident)) if moment.start is None else timestamp(moment.start)
    last = fn("max", column(key.ident)) if moment.end is None else timestamp(moment.end)
    starts = step.select().select(alias(fn("unnest", key.grid.between(first, last)), key.ident))
    if moment.start is not None and moment.end is not None:
        starts.set("from_", None)
    times = exp.Subquery(this=starts, alias=exp.TableAlias(this=exp.to_identifier("times")))
    if not others:
        return exp.Select().select(exp.Star()).from_(times)
    keys = step.select().select(*(column(found.ident) for found in others)).distinct()
    table = exp.Subquery(this=keys, alias=exp.TableAlias(this=exp.to_identifier("keys")))
    return exp.Select().select(exp.Star()).from_(times).join(exp.Join(this=table, kind="CROSS"))


def _comparable(found: Column, table: str) -> Sql:
    """What keys are told apart by: 200 and "200" are one."""
    value = replace(found.value, sql=column(found.ident, table))
    if found.type is not Type.DYNAMIC:
        return value.sql
    return coalesce(to_text(value), value.sql.copy())
