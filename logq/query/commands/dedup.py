"""``dedup``: keep the first row of each combination of values."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from logq.query.build import any_of, eq, is_null, number
from logq.query.command import Command, command
from logq.query.compiler import Step, order_terms
from logq.query.nodes import Field
from logq.query.sql import evaluate
from logq.query.value import to_text


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
        keys = [to_text(evaluate(f, step.env)) for f in self.fields]
        first = exp.Window(
            this=exp.RowNumber(),
            partition_by=[key.copy() for key in keys],
            order=exp.Order(expressions=order_terms(step.order)) if step.order else None,
        )
        kept = any_of(eq(first, number(1)), *(is_null(key.copy()) for key in keys))
        select = step.select().select(exp.Star())
        select.set("qualify", exp.Qualify(this=kept))
        return step.then(self.name, select)
