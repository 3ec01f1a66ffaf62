"""``appendcols``: put the columns of another query beside those of this one, row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from logq.errors import WrongArguments
from logq.query.build import alias, column, eq, number, operate
from logq.query.command import Command, command
from logq.query.compiler import OrderKey, Step
from logq.query.over import over
from logq.query.scope import Column

MOST = 100_000


@command("appendcols")
@dataclass(frozen=True)
class Appendcols(Command):
    """Put the columns of another query beside the rows of this one, first to first.

    A column of the same name keeps its values, unless ``override=true``. Rows of the other query
    beyond ``max`` (10,000) or beyond this one's are dropped; ``join`` is mostly what is wanted.
    """

    syntax = "appendcols [override=true] [max=N] (QUERY)"
    examples = (
        "stats count(*) as n by service | appendcols (stats avg(duration_ms) as mean by service)",
    )

    query: tuple[Any, ...]
    override: bool = False
    most: int = 10_000

    def apply(self, step: Step) -> Step:
        if not 1 <= self.most <= MOST:
            raise WrongArguments(
                f"max takes a number of rows from 1 to {MOST:,}", hint="write max=1000"
            )
        other = step.env.others.step(self.query)
        mine, theirs = step.source.ident("row"), step.source.ident("row")
        left = step.select().select(exp.Star(), alias(over(exp.RowNumber(), step.order), mine))
        columns = {name: other.column(name) for name in other.shown()}
        taken = {
            name: found
            for name, found in columns.items()
            if found.ident and (self.override or name not in step.shown())
        }
        right = other.select().select(alias(over(exp.RowNumber(), other.order), theirs))
        made = {}
        for name, found in taken.items():
            made[name] = Column(step.source.ident(name), found.type, found.grid)
            right = right.select(alias(column(found.ident), made[name].ident))
        table = exp.Subquery(this=right, alias=exp.TableAlias(this=exp.to_identifier("beside")))
        near = operate("<=", column(theirs), number(self.most))
        joined = exp.Join(
            this=table,
            side="LEFT",
            on=exp.And(this=eq(column(mine), column(theirs)), expression=near),
        )
        base = exp.Subquery(this=left, alias=exp.TableAlias(this=exp.to_identifier("these")))
        select = exp.Select().select(exp.Star()).from_(base).join(joined)
        step = step.beside(other, self.name, select)
        scope = step.scope
        for name, found in made.items():
            scope = scope.define(name, found)
        step = replace(step, env=replace(step.env, scope=scope), order=(OrderKey(column(mine)),))
        return step.showing(*made)
