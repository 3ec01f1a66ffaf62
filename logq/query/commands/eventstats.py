"""``eventstats`` and ``window``: aggregates beside every row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from logq.errors import WrongArguments, located
from logq.query.command import Command, command, unless
from logq.query.commands.sort import order_of
from logq.query.commands.stats import group_key, spelled_out
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.nodes import Field, Item, SortKey
from logq.query.over import UNBOUNDED, Frame
from logq.query.sql import evaluate


def beside(step: Step, name: str, items: tuple[Item, ...], frame: Frame) -> Step:
    """The step with a column for each item, whose aggregates see the rows of a frame."""
    env = replace(step.env, aggregating=True, windowed=True)
    values = {}
    for item, expr in zip(items, spelled_out(items, step.scope), strict=True):
        with located(item):
            value = evaluate(expr, env)
        values[item.name] = replace(value, sql=frame.applied(value.sql), constant=None, items=None)
    return step.add(name, values).showing(*values)


def _below_keys(name: str, items: tuple[Item, ...], by: tuple[Item, ...]) -> str | None:
    """The name if all rows of a group have the same value of it."""
    is_key = any(isinstance(key.expr, Field) and key.expr.name == name for key in by)
    return unless(name, [item.name for item in items]) if is_key else None


def _partition(step: Step, by: tuple[Item, ...]) -> Frame:
    return Frame(tuple(group_key(evaluate(item.expr, step.env))[1] for item in by))


@command("eventstats")
@dataclass(frozen=True)
class Eventstats(Command):
    """Put aggregates of all rows, or of the rows with the same keys, beside every row."""

    beyond = True
    syntax = "eventstats AGGREGATE [as NAME], ... [by KEY, ...]"
    examples = (
        "stats count(*) as n by service | eventstats sum(n) as all | fields 100 * n / all as share",
        "eventstats avg(duration_ms) as usual by http.path | filter duration_ms > 3 * usual",
    )

    items: tuple[Item, ...]
    by: tuple[Item, ...] = ()

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        items, *by = (expr.items(tree) for tree in trees(stage))
        return {"items": items, "by": by[0] if by else ()}

    def name_before(self, name: str) -> str | None:
        return _below_keys(name, self.items, self.by)

    def apply(self, step: Step) -> Step:
        return beside(step, self.name, self.items, _partition(step, self.by))


@command("window")
@dataclass(frozen=True)
class Window(Command):
    """Put aggregates of the rows around each row beside it.

    With ``rows 3`` they see this row and the two before it, with ``order`` all up to this row,
    else the whole group. ``rank()``, ``row_number()``, ``lag(x)`` and ``lead(x)`` go by ``order``,
    or by the current order.
    """

    beyond = True
    syntax = "window AGGREGATE [as NAME], ... [by KEY, ...] [order KEY [desc], ...] [rows N]"
    examples = (
        "stats count(*) as n by bin(5m) as t | window avg(n) as moving rows 12",
        "stats sum(bytes) as b by host, path | window rank() as place by host order b desc "
        "| filter place <= 3",
    )

    items: tuple[Item, ...]
    by: tuple[Item, ...] = ()
    keys: tuple[SortKey, ...] = ()
    rows: int | None = None

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        by = trees(stage, "items")
        counts = [expr.integer(token) for token in tokens(stage, "INT")]
        return {
            "items": expr.items(trees(stage, "totals")[0]),
            "by": expr.items(by[0]) if by else (),
            "keys": tuple(expr.key(key) for key in trees(stage, "key")),
            "rows": counts[0] if counts else None,
        }

    def name_before(self, name: str) -> str | None:
        return _below_keys(name, self.items, self.by)

    def apply(self, step: Step) -> Step:
        if self.rows is not None and self.rows < 1:
            raise WrongArguments("a window has at least one row", hint="write rows 3")
        keys = tuple(order_of(self.keys, step))
        frame = replace(
            _partition(step, self.by), keys=keys or step.order, order=(*keys, *step.order)
        )
        if self.rows is not None:
            frame = replace(frame, rows=self.rows - 1)
        elif self.keys:
            frame = replace(frame, rows=UNBOUNDED)
        return beside(step, self.name, self.items, frame)
