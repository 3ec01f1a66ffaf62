"""``context``: the events around those that were found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from logq import model
from logq.errors import WrongArguments, located
from logq.query.build import Sql, alias, all_of, coalesce, column, eq, fn, not_null
from logq.query.command import Command, command
from logq.query.commands.stats import group_key
from logq.query.compiler import OrderKey, Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.nodes import Field
from logq.query.over import over
from logq.query.sql import evaluate
from logq.query.system_fields import LOG
from logq.query.value import Type, Value

MATCHED = "@matched"
MOST = 10_000


@command("context")
@dataclass(frozen=True)
class Context(Command):
    """Add the events around each event: of its log stream, or with the same values of fields.

    One number counts for both sides. ``@matched`` tells the events that were there before from
    those around them. Columns that ``fields``, ``parse`` and the like have made are there for all.
    """

    beyond = True
    syntax = "context N before, N after [by FIELD, ...]"
    examples = (
        'filter level = "ERROR" | context 5 before, 10 after',
        "filter @message like /panic/ | context 20 by @log, pod | sort @timestamp asc",
    )

    before: int = 0
    after: int = 0
    by: tuple[Field, ...] = ()

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        counts = {"before": 0, "after": 0}
        for around in trees(stage, "around"):
            number = expr.integer(tokens(around, "INT")[0])
            sides = [t.type.lower() for t in tokens(around, "BEFORE", "AFTER")]
            counts |= dict.fromkeys(sides or counts, number)
        names = trees(stage, "names")
        return {**counts, "by": expr.names(names[0]) if names else ()}

    def apply(self, step: Step) -> Step:
        if step.scope.source is None:
            raise WrongArguments(
                "there are no events any more around which others could lie",
                hint="move context before stats",
            )
        if max(self.before, self.after) > MOST:
            raise WrongArguments(f"context reaches {MOST:,} events at most")
        near, position = self._near(step)
        wide = step.env.others.again(step, [c for c in step.done if c.keeps_rows])
        near_table = exp.Table(this=exp.to_identifier(near.relation, quoted=True))
        same = all_of(
            *(
                eq(mine, column(there))
                for mine, there in zip(_position(wide), position.there, strict=True)
            )
        )
        select = wide.select().select(exp.Star()).join(exp.Join(this=near_table, on=same))
        made = replace(wide, ctes=(*near.ctes, *wide.ctes), computed=step.computed)
        made = made.then(self.name, select)
        matched = Value(Type.BOOLEAN, column(position.hit))
        return made.add(self.name, {MATCHED: matched}).showing(MATCHED)

    def _near(self, step: Step) -> tuple[Step, _Place]:
        """The places of the events and of those around them, and whether they were found."""
        ident = step.source.ident
        found = [ident(f"found {n}") for n in range(3)]
        hit = ident("hit")
        marks = step.select()
        for sql, name in zip(_position(step), found, strict=True):
            marks = marks.select(alias(sql, name))
        step = step.then(self.name, marks.distinct())
        every = step.env.others.again(step, ())
        position = _position(every)
        keys = self.by or (Field((LOG,)), Field((model.LOG_STREAM,)))
        partition = []
        for key in keys:
            with located(key):
                partition.append(group_key(evaluate(key, every.env))[1])
        same = all_of(*(eq(a, column(b)) for a, b in zip(position, found, strict=True)))
        marked = exp.Join(
            this=exp.Table(this=exp.to_identifier(step.relation, quoted=True)),
            side="LEFT",
            on=same,
        )
        place = _Place([ident(f"place {n}") for n in range(3)], hit)
        select = every.select().join(marked)
        for sql, name in zip(position, place.there, strict=True):
            select = select.select(alias(sql.copy(), name))
        is_hit = not_null(column(found[0]))
        select = select.select(alias(is_hit, hit))
        time, seq = (OrderKey(key.value.sql) for key in every.source.order())
        window = over(fn("bool_or", is_hit.copy()), (time, seq), partition)
        window.set("spec", self._frame())
        near = ident("near")
        select = select.select(alias(window, near))
        every = every.beside(step, self.name, select)
        return every.where(self.name, coalesce(column(near), exp.false())), place

    def _frame(self) -> exp.WindowSpec:
        # An event lies near if one was found among those that it comes after, or before.
        return exp.WindowSpec(
            kind="ROWS",
            start=str(self.after),
            start_side="PRECEDING",
            end=str(self.before),
            end_side="FOLLOWING",
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """The columns that say which event is meant, and whether it was found."""

    there: list[str]
    hit: str


def _position(step: Step) -> list[Sql]:
    """What no two events share: log group, time and arrival."""
    group = step.source.field(LOG)
    assert group is not None
    return [column(c.ident) for c in (*step.source.order(), group)]
