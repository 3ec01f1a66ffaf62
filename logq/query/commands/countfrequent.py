"""``countFrequent``: how often combinations of values occur."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from logq.query.build import column
from logq.query.command import Command, command
from logq.query.commands.stats import Stats
from logq.query.compiler import OrderKey, Step
from logq.query.expressions import Expressions, Node
from logq.query.nodes import Call, Field, Item, Star

COUNT = "_approxcount"


@command("countfrequent")
@dataclass(frozen=True)
class Countfrequent(Command):
    """Count each combination of values, most frequent first, in ``_approxcount``; exact."""

    syntax = "countFrequent FIELD, ..."
    examples = ("countFrequent service, level | limit 10",)

    fields: tuple[Field, ...]

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        return {"fields": expr.names(stage.children[0])}

    def name_before(self, name: str) -> str | None:
        return name if any(field.name == name for field in self.fields) else None

    def apply(self, step: Step) -> Step:
        count = Item(Call("count", (Star(),)), COUNT, COUNT, span=self.span)
        keys = tuple(Item(field, None, field.name, span=field.span) for field in self.fields)
        step = Stats(items=(count,), by=keys, span=self.span).apply(step)
        most = OrderKey(column(step.scope.columns[COUNT].ident), descending=True)
        return replace(step, order=(most, *step.order))
