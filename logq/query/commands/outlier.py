"""``outlier``: cut extreme values, or drop the rows that have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from logq.query.build import (
    Sql,
    alias,
    any_of,
    boolean,
    case,
    cast,
    coalesce,
    column,
    fn,
    negate,
    number,
    operate,
)
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.nodes import Field
from logq.query.sql import definite, evaluate
from logq.query.value import Type, Value, to_number


@command("outlier")
@dataclass(frozen=True)
class Outlier(Command):
    """Cut values that lie far above the others to a bound, or remove their rows.

    The bound is the third quartile plus ``param`` (2.5) times the distance between the quartiles;
    ``uselower=true`` also bounds from below, ``mark=true`` tells which rows had one.
    """

    syntax = "outlier [action=remove|transform] [param=2.5] [uselower=true] [mark=true] FIELD ..."
    examples = (
        "outlier action=remove duration_ms | stats avg(duration_ms) by service",
        "outlier mark=true duration_ms | filter duration_ms_outlier | fields @message",
    )

    fields: tuple[Field, ...]
    action: str = "transform"
    param: float = 2.5
    uselower: bool = False
    mark: bool = False

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for option in trees(stage, "outlier_option"):
            word, value = tokens(option)
            key = word.rstrip("= \t\r\n").lower()
            if key == "param":
                values[key] = float(value)
            else:
                values[key] = str(value).lower() if key == "action" else value.type == "TRUE"
        names = tuple(expr.name(token) for token in tokens(stage, "FIELD"))
        return {"fields": names, **values}

    def apply(self, step: Step) -> Step:
        numbers = {f.name: cast(to_number(evaluate(f, step.env)), "DOUBLE") for f in self.fields}
        bounds: dict[str, tuple[str, str]] = {}
        select = step.select().select(exp.Star())
        for name, value in numbers.items():
            bounds[name] = (step.source.ident("low"), step.source.ident("high"))
            for ident, share in zip(bounds[name], (0.25, 0.75), strict=True):
                quartile = step.select().select(fn("quantile_cont", value.copy(), number(share)))
                select = select.select(alias(exp.Subquery(this=quartile), ident))
        step = step.then(self.name, select)
        outside = {name: self._outside(value, *bounds[name]) for name, value in numbers.items()}
        if self.action == "remove":
            kept = negate(any_of(*(definite(far) for far, _ in outside.values())))
            step = step.where(self.name, kept)
        made = {}
        marks = {}
        for name, (far, cut) in outside.items():
            if self.action == "transform":
                made[name] = Value(Type.NUMBER, cut)
            if self.mark:
                marks[f"{name}_outlier"] = Value(
                    Type.BOOLEAN,
                    definite(far) if self.action == "transform" else boolean(False),
                )
        return step.add(self.name, {**made, **marks}).showing(*marks)

    def _outside(self, value: Sql, low: str, high: str) -> tuple[Sql, Sql]:
        """Whether a value is an outlier, and the value within its bounds."""
        reach = operate("*", operate("-", column(high), column(low)), number(self.param))
        top = operate("+", column(high), reach)
        tests = [operate(">", value.copy(), top)]
        cut: Sql = fn("least", value.copy(), coalesce(top.copy(), value.copy()))
        if self.uselower:
            bottom = operate("-", column(low), reach.copy())
            tests.append(operate("<", value.copy(), bottom))
            cut = fn("greatest", cut, coalesce(bottom.copy(), value.copy()))
        present = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
        return any_of(*tests), case((exp.Paren(this=present), cut))
