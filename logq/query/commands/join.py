"""``join``: rows of another query beside those that have the same keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from logq import model
from logq.errors import WrongArguments, located
from logq.query.build import Sql, all_of, eq, fn, number, operate
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.environment import Environment
from logq.query.grid import bucket_ms
from logq.query.nodes import Duration, Field
from logq.query.sql import evaluate
from logq.query.value import to_key, to_text, to_timestamp

_KINDS = {"inner": "", "left": "LEFT", "semi": "SEMI", "anti": "ANTI"}


@command("join")
@dataclass(frozen=True)
class Join(Command):
    """Put the rows of another query beside those with equal keys.

    ``inner`` keeps rows that have a partner, ``left`` all rows, ``semi`` and ``anti`` only ask
    whether there is a partner. Afterwards ``a.x`` is a field of the left side, ``b.x`` one of the
    right; without a name before the dot the left side is meant. Keys are compared as text; missing
    ones never match. ``within`` also asks that the times lie so near to each other.
    """

    syntax = (
        "join [type=inner|left|semi|anti] [left=A] right=B where A.KEY = B.KEY [and ...] "
        "[within 30s] (QUERY)"
    )
    examples = (
        "join type=left left=api right=fn where api.request_id = fn.request_id "
        "(SOURCE '/shop/payment' | filter level = \"ERROR\") | display api.path, fn.message",
        "join type=anti right=paid where order_id = paid.order_id "
        "(filter event = 'paid') | stats count(*)",
    )

    on: tuple[tuple[Field, Field], ...]
    query: tuple[Any, ...]
    kind: str = "inner"
    left: str | None = None
    right: str | None = None
    within: Duration | None = None

    def name_before(self, name: str) -> str | None:
        side, _, rest = name.partition(".")
        if side == self.right and rest:
            return None
        return rest if side == self.left and rest else name

    def apply(self, step: Step) -> Step:
        if self.left is not None and self.left == self.right:
            raise WrongArguments(
                f"both sides of the join are named '{self.left}'", hint="give them two names"
            )
        other = step.env.others.step(self.query)
        conditions = [self._equal(pair, step, other) for pair in self.on]
        if self.within is not None:
            conditions.append(_near(step.env, other.env, self.within))
        joined = exp.Join(
            this=exp.Table(this=exp.to_identifier(other.relation, quoted=True)),
            on=all_of(*conditions),
            **({"side": "LEFT"} if self.kind == "left" else {}),
            **({"kind": _KINDS[self.kind]} if self.kind in ("semi", "anti") else {}),
        )
        made = step.beside(other, self.name, step.select().select(exp.Star()).join(joined))
        sides = dict(step.scope.sides)
        if self.left is not None:
            sides[self.left] = step.scope
        if self.kind in ("semi", "anti"):
            other = replace(other, order=())
        elif self.right is not None:
            sides[self.right] = other.scope
        scope = replace(made.scope, sides=sides)
        return replace(made, env=replace(made.env, scope=scope), order=(*step.order, *other.order))

    def _equal(self, pair: tuple[Field, Field], step: Step, other: Step) -> Sql:
        ours = [field for field in pair if field.path[0] != self.right or len(field.path) == 1]
        theirs = [field for field in pair if field not in ours]
        if len(ours) != 1 or len(theirs) != 1:
            wanted = self.right or "b"
            raise WrongArguments(
                "a condition of join compares a field of one side with one of the other",
                hint=f"name the sides and use the names: right={wanted} where "
                f"{self.left + '.' if self.left else ''}KEY = {wanted}.KEY",
                span=pair[0].span,
            )
        mine, other_key = ours[0], _below(theirs[0])
        if self.left is not None and mine.path[0] == self.left and len(mine.path) > 1:
            mine = _below(mine)
        with located(pair[0]):
            left = evaluate(mine, step.env)
        with located(pair[1]):
            right = evaluate(other_key, other.env)
        if left.type is right.type:
            return eq(to_key(left), to_key(right))
        return eq(to_text(left), to_text(right))


def _below(field: Field) -> Field:
    return replace(field, path=field.path[1:])


def _near(left: Environment, right: Environment, within: Duration) -> Sql:
    time = Field((model.TIMESTAMP,))
    times = [fn("epoch_ms", to_timestamp(evaluate(time, env))) for env in (left, right)]
    apart = fn("abs", operate("-", times[0], times[1]))
    return operate("<=", apart, number(bucket_ms(within)))
