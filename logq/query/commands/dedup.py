"""``dedup``: keep the first row of each combination of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from logq.query.build import any_of, cast, column, eq, fn, is_null, negate, number, operate
from logq.query.command import Command, command
from logq.query.compiler import OrderKey, Step
from logq.query.nodes import Field
from logq.query.over import over
from logq.query.sql import evaluate
from logq.query.value import to_key


@command("dedup")
@dataclass(frozen=True)
class Dedup(Command):
    """Keep the first row of each distinct combination, in the current order.

    Rows in which any of the fields is missing are all kept.
    """

    syntax = "dedup FIELD, ..."
    examples = ("fields @timestamp, service, level | sort @timestamp desc | dedup service",)

    fields: tuple[Field, ...]

    def name_before(self, name: str) -> str | None:
        return name if any(field.name == name for field in self.fields) else None

    def apply(self, step: Step) -> Step:
        keys = [to_key(evaluate(f, step.env)) for f in self.fields]
        missing = any_of(*(is_null(key.copy()) for key in keys))
        first = over(fn("row_number"), _order(step), keys)
        # Where nothing but the first of a group is asked for, DuckDB need not sort.
        deduped = step.select().select(exp.Star()).where(negate(missing))
        deduped.set("qualify", exp.Qualify(this=eq(first, number(1))))
        others = step.select().select(exp.Star()).where(missing.copy())
        both = exp.Union(this=deduped, expression=others, distinct=False)
        table = exp.Subquery(this=both, alias=exp.TableAlias(this=exp.to_identifier("kept")))
        return step.then(self.name, exp.Select().select(exp.Star()).from_(table))


def _order(step: Step) -> Sequence[OrderKey]:
    """The current order, in one key if it is that of the events: DuckDB is quick with one."""
    keys = list(dict.fromkeys(step.order))
    if step.scope.source is None:
        return keys
    time, seq = (column(key.ident) for key in step.scope.source.order())
    if keys != [OrderKey(time, descending=True), OrderKey(seq, descending=True)]:
        return keys
    place = operate("*", cast(fn("epoch_ms", time), "HUGEINT"), number(1 << 63))
    return [OrderKey(operate("+", place, seq), descending=True)]
