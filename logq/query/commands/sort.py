"""``sort`` (also written ``order``): set the order of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from logq.query.build import is_literal
from logq.query.command import Command, command
from logq.query.compare import natural_order
from logq.query.compiler import OrderKey, Step, missing_last
from logq.query.nodes import SortKey
from logq.query.sql import evaluate


@command("sort")
@dataclass(frozen=True)
class Sort(Command):
    """Order the rows naturally: text before numbers, digit runs by value, missing last.

    Ties keep the order they had, which for events is newest first.
    """

    syntax = "sort EXPRESSION [asc|desc], ...   or   order by ..."
    examples = (
        "sort @timestamp desc | limit 25",
        "stats count(*) as n by service | sort n desc, service",
    )

    keys: tuple[SortKey, ...]

    @property
    def keeps_rows(self) -> bool:
        return True

    def name_before(self, name: str) -> str | None:
        return name

    def apply(self, step: Step) -> Step:
        return replace(step, order=(*order_of(self.keys, step), *step.order))


def order_of(keys: Sequence[SortKey], step: Step) -> list[OrderKey]:
    """What puts rows in the order of these keys."""
    order: list[OrderKey] = []
    for key in keys:
        value = evaluate(key.expr, step.env)
        if is_literal(value.sql):
            continue  # SQL would take a number for the place of a column
        order += missing_last(natural_order(value), value, key.descending)
    return order
