"""``diff`` and ``logcompare``: patterns now against patterns at an earlier time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logq import model
from logq.errors import WrongArguments
from logq.query.command import Command, command
from logq.query.commands.pattern import Pattern, check_order
from logq.query.compiler import Step
from logq.query.earlier import earlier
from logq.query.expressions import Expressions, Node, tokens
from logq.query.nodes import Duration, Expr, Field
from logq.query.templates.shapes import patterns, shapes
from logq.query.templates.table import Rows, computed
from logq.query.value import Type

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = {
    "@pattern": Type.TEXT,
    "@sampleCount": Type.INTEGER,
    "@diffEventCount": Type.INTEGER,
    "@differenceDescription": Type.TEXT,
    "@baselineCount": Type.INTEGER,
    "@severityLabel": Type.TEXT,
}
_BACK = {"day": Duration(1, "d"), "week": Duration(1, "w"), "month": Duration(1, "mo")}


@command("diff")
@dataclass(frozen=True)
class Diff(Command):
    """Compare how often patterns occur with an earlier time of equal length.

    That is the time directly before, or the same hours of the previous day, week or month. The
    largest difference comes first. Without ``pattern`` before it the messages are compared.
    """

    syntax = "[pattern EXPRESSION |] diff [previousDay | previousWeek | previousMonth]"
    examples = ("pattern @message | diff", "pattern @message | diff previousWeek")

    back: Duration | None = None

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        words = [str(token).lower().removeprefix("previous") for token in tokens(stage)]
        return {"back": _BACK[words[0]] if words else None}

    def apply(self, step: Step) -> Step:
        return compared(self.name, step, self.back)


@command("logcompare")
@dataclass(frozen=True)
class Logcompare(Command):
    """Compare how often patterns occur with the same range of time so much earlier."""

    syntax = "[pattern EXPRESSION |] logcompare timeshift 7d"
    examples = ('SOURCE "/shop/api" START=-1d END=now | logcompare timeshift 7d',)

    back: Duration

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        return {"back": expr.duration(tokens(stage, "DURATION")[0])}

    def apply(self, step: Step) -> Step:
        return compared(self.name, step, self.back)


def compared(name: str, step: Step, back: Duration | None) -> Step:
    """The step with the patterns of two times; raises WrongArguments."""
    base, value = patterned(name, step)
    other = base.env.others.during(base, base.done, earlier(base.env.moment, back))
    source, select = shapes([base, other], value, None)

    def rows(batches: Iterator[pa.RecordBatch]) -> Rows:
        found = []
        for pattern in patterns(batches, None):
            now, before = pattern.counts
            found.append(
                (
                    pattern.template.text,
                    now,
                    now - before,
                    described(now, before),
                    before,
                    pattern.template.severity,
                )
            )
        return sorted(found, key=lambda row: (-abs(row[2]), -row[1], row[0]))

    return computed(source, name, select, COLUMNS, rows)


def patterned(name: str, step: Step) -> tuple[Step, Expr]:
    """The query before its ``pattern``, and what that looks at; raises WrongArguments."""
    if step.trail and isinstance(step.trail[-1].command, Pattern):
        return step.trail[-1].before, step.trail[-1].command.value
    if any(isinstance(one.command, Pattern) for one in step.trail):
        raise WrongArguments(
            f"{name} does not stand directly behind pattern",
            hint=f"write pattern @message | {name} | ...",
        )
    check_order(name, step)
    return step, Field((model.MESSAGE,))


def described(now: int, before: int) -> str:
    """The difference in words."""
    if now == before:
        return "no change"
    if not before or not now:
        return "new" if now else "missing"
    count = abs(now - before)
    return f"{count} {'more' if now > before else 'fewer'} event{'s' * (count > 1)}"
