"""``sample``: a share of the events in place of all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from logq.errors import WrongArguments
from logq.query.build import Sql, column, fn, number, operate
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, tokens
from logq.query.literals import decimal
from logq.query.value import to_dynamic

_PARTS = 1_000_000
"""A share is this fine."""


@dataclass(frozen=True)
class _Share:
    part: float

    def holds(self, *keys: Sql) -> Sql:
        """Whether a row with these keys is of the sample; always the same rows are."""
        place = operate("%", fn("hash", *keys), number(_PARTS))
        return operate("<", place, number(round(self.part * _PARTS)))


@command("sample")
@dataclass(frozen=True)
class Sample(Command):
    """Keep a share of the rows, evenly over the whole range and the same ones each time.

    A ``stats`` behind it gives counts and sums as estimates for all rows; other aggregates are
    those of the sample.
    """

    beyond = True
    syntax = "sample PERCENT%"
    examples = (
        "sample 1% | stats count(*) as n, pct(duration_ms, 99) as p99 by service",
        "sample 0.1% | fields @timestamp, @message | limit 100",
    )

    percent: float

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        token = tokens(stage, "INT", "DECIMAL")[0]
        return {"percent": expr.integer(token) if token.type == "INT" else decimal(token)}

    @property
    def filters(self) -> bool:
        return True

    def name_before(self, name: str) -> str | None:
        return name

    def apply(self, step: Step) -> Step:
        if not 1 / (_PARTS / 100) <= self.percent <= 100:
            raise WrongArguments(
                f"a sample of {self.percent}% is not possible",
                hint="it lies between 0.0001% and 100%: sample 1%",
            )
        share = _Share(self.percent / 100)
        if step.scope.source is not None:
            # Journal and segments hold times in different units, which hash differently.
            time, seq = (column(key.ident) for key in step.scope.source.order())
            step = step.where(self.name, share.holds(fn("epoch_ms", time), seq))
        else:
            cells = (to_dynamic(each.value) for each in step.scope.columns.values())
            step = step.where(self.name, share.holds(*cells))
        sampled = share.part * (step.env.sampled or 1)
        if share.part < 1:
            step.env.warnings.append(
                f"counts and sums are estimates from a sample of {self.percent:g}%"
            )
        return replace(step, env=replace(step.env, sampled=sampled))
