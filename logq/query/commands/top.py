"""``top``: the largest groups, and all others together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from logq.errors import WrongArguments
from logq.query.build import column
from logq.query.command import Command, command
from logq.query.commands.stats import Stats
from logq.query.compare import natural_order
from logq.query.compiler import OrderKey, Step, missing_last
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.nodes import Call, Field, Item, Star
from logq.query.ranking import PLACE, largest, with_others

COUNT = Item(Call("count", (Star(),)), None, "count(*)")


@command("top")
@dataclass(frozen=True)
class Top(Command):
    """The groups with the largest aggregate, largest first; without ``by`` the most frequent.

    With ``other`` a last row aggregates all the rest. In ``timeseries ... by bin(5m), KEY`` the
    same words keep the largest series: ``top 5 other``.
    """

    beyond = True
    syntax = "top N KEY [as NAME], ... [by AGGREGATE [as NAME]] [other]"
    examples = (
        "top 10 http.path",
        "top 5 service by sum(bytes) as traffic other",
    )

    most: int
    keys: tuple[Item, ...]
    by: Item = COUNT
    other: bool = False

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        measure = trees(stage, "total")
        return {
            "most": expr.integer(tokens(stage, "INT")[0]),
            "keys": expr.items(trees(stage, "items")[0]),
            "by": expr.item(measure[0]) if measure else COUNT,
            "other": bool(tokens(stage, "OTHER")),
        }

    def apply(self, step: Step) -> Step:
        if self.most < 1:
            raise WrongArguments("top takes a positive number", hint="write top 10 field")
        if not self.other:
            return largest(step, self.name, self.keys, self.by, self.most)
        step, keys = with_others(step, self.name, self.keys, self.by, self.most)
        last = Item(Field((PLACE,), whole=True), PLACE, PLACE)
        step = Stats(items=(self.by,), by=(last, *keys), span=self.span).apply(step)
        place = step.scope.columns[PLACE]
        scope = step.scope.without(PLACE)
        value = scope.columns[self.by.name].value
        order = (
            OrderKey(column(place.ident)),
            *missing_last(natural_order(value), value, descending=True),
            *step.order,
        )
        return replace(step, env=replace(step.env, scope=scope), order=order)
