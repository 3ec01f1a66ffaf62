"""``timeseries``: aggregates in time buckets without gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from logq.errors import WrongArguments
from logq.query.build import negate
from logq.query.command import Command, command
from logq.query.commands.fillmissing import filled
from logq.query.commands.stats import Stats, group_key
from logq.query.compiler import OrderKey, Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.literals import decimal, string_value
from logq.query.nodes import Item
from logq.query.over import UNBOUNDED, over
from logq.query.ranking import PLACE, with_others
from logq.query.sql import evaluate
from logq.query.zones import zone

PREV = "prev"


@command("timeseries")
@dataclass(frozen=True)
class Timeseries(Command):
    """Aggregate in time buckets, with a row for every bucket of the range and every other key.

    In empty buckets values are missing, or with ``fill`` 0 or another number, or with
    ``fill prev`` those of the bucket before. ``tz`` puts days and weeks on a zone's clocks.
    ``top 5`` keeps the series in which the first aggregate is largest over the whole range,
    ``top 5 other`` makes one series of the rest.
    """

    beyond = True
    syntax = (
        "timeseries AGGREGATE [as NAME], ... by [KEY, ...] bin(PERIOD) [top N [other]] "
        '[fill 0|null|prev] [tz "ZONE"]'
    )
    examples = (
        "timeseries count(*) as n by bin(5m) fill 0",
        "timeseries sum(bytes) as traffic by bin(5m), service top 3 other fill 0",
        'timeseries avg(duration_ms) as ms by service, bin(1d) as day fill prev tz "Europe/Berlin"',
    )

    items: tuple[Item, ...]
    by: tuple[Item, ...]
    most: int | None = None
    """How many combinations of the other keys are kept."""
    other: bool = False
    fill: float | str | None = None
    tz: str | None = None

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        fills = trees(stage, "fill")
        zones = tokens(stage, "STRING")
        most = trees(stage, "most")
        return {
            "items": expr.items(trees(stage, "totals")[0]),
            "by": expr.items(trees(stage, "items")[0]),
            "most": expr.integer(tokens(most[0], "INT")[0]) if most else None,
            "other": bool(most and tokens(most[0], "OTHER")),
            "fill": _fill(expr, fills[0]) if fills else None,
            "tz": string_value(zones[0]) if zones else None,
        }

    def apply(self, step: Step) -> Step:
        usual = step.env.zone
        if self.tz is not None:
            step = replace(step, env=replace(step.env, zone=zone(self.tz)))
        step, by = (step, self.by) if self.most is None else self._largest(step, self.most)
        step = Stats(items=self.items, by=by, span=self.span).apply(step)
        step = replace(step, env=replace(step.env, zone=usual))
        times = [n for n in step.scope.keys if step.scope.columns[n].grid is not None]
        if not times:
            raise WrongArguments(
                "a time series needs a bin behind by", hint="write timeseries ... by bin(5m)"
            )
        labels = [name for name in step.scope.columns if name not in step.scope.keys]
        fills = dict.fromkeys(labels, self.fill) if isinstance(self.fill, (int, float)) else {}
        step = filled(step, self.name, fills)
        return self._carried(step, labels, times[0]) if self.fill == PREV else step

    def _largest(self, step: Step, most: int) -> tuple[Step, tuple[Item, ...]]:
        """The rows of the largest series by the first aggregate over the whole range."""
        grids = [evaluate(item.expr, step.env).grid is not None for item in self.by]
        keys = tuple(item for item, is_time in zip(self.by, grids, strict=True) if not is_time)
        if most < 1 or not keys:
            raise WrongArguments(
                "top keeps the largest series of a key beside the time",
                hint="write timeseries count(*) by bin(5m), service top 5 other",
            )
        step, named = with_others(step, self.name, keys, self.items[0], most)
        if not self.other:
            among = step.scope.columns[PLACE].value
            step = step.where(self.name, negate(among.sql))
        left = iter(named)
        return step, tuple(
            item if is_time else next(left) for item, is_time in zip(self.by, grids, strict=True)
        )

    def _carried(self, step: Step, labels: list[str], time: str) -> Step:
        columns = step.scope.columns
        others = [group_key(columns[n].value)[1] for n in step.scope.keys if n != time]
        order = [OrderKey(columns[time].value.sql)]
        values = {}
        for label in labels:
            value = columns[label].value
            last = exp.IgnoreNulls(this=exp.LastValue(this=value.sql.copy()))
            filled_in = over(last, order, others, rows=UNBOUNDED)
            values[label] = replace(value, sql=filled_in, items=None)
        return step.add(self.name, values)


def _fill(expr: Expressions, tree: Node) -> float | str | None:
    token = tokens(tree)[-1]
    if token.type in ("PREV", "NULL"):
        return PREV if token.type == "PREV" else None
    number = expr.integer(token) if token.type == "INT" else decimal(token)
    return -number if tokens(tree, "MINUS") else number
