"""``sessionize``: number the visits of each identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from logq.query.build import (
    Sql,
    alias,
    all_of,
    any_of,
    case,
    cast,
    column,
    fn,
    is_null,
    not_null,
    number,
    operate,
    text,
)
from logq.query.command import Command, command, unless
from logq.query.compiler import OrderKey, Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.functions.times import event_time
from logq.query.grid import bucket_ms
from logq.query.nodes import Duration, Field
from logq.query.over import UNBOUNDED, over
from logq.query.sql import evaluate
from logq.query.value import Type, Value, to_text, to_timestamp


@command("sessionize")
@dataclass(frozen=True)
class Sessionize(Command):
    """Give rows of one identity that follow each other within ``maxspan`` the same session.

    Works in the order of time, whatever the order of the rows. A row without a value of the
    identity has no session.
    """

    syntax = "sessionize FIELD, ... [maxspan 30m] [as NAME]"
    examples = (
        "sessionize user maxspan 15m as visit | stats count(*) as events, "
        "max(@timestamp) - min(@timestamp) as ms by user, visit",
    )

    fields: tuple[Field, ...]
    span_: Duration = Duration(30, "m")
    name_: str = "session_id"

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        values: dict[str, Any] = {"fields": expr.names(trees(stage, "names")[0])}
        for token in tokens(stage, "DURATION"):
            values["span_"] = expr.duration(token)
        for token in tokens(stage, "FIELD"):
            values["name_"] = expr.name(token).name
        return values

    def name_before(self, name: str) -> str | None:
        is_key = any(field.name == name for field in self.fields)
        return unless(name, [self.name_]) if is_key else None

    def apply(self, step: Step) -> Step:
        keys = [to_text(evaluate(field, step.env)) for field in self.fields]
        time = to_timestamp(event_time(step.env))
        source = step.scope.source
        arrival = [column(key.ident) for key in source.order()] if source is not None else []
        order = [OrderKey(time), *(OrderKey(key) for key in arrival)]
        gap = operate(
            "-",
            fn("epoch_ms", time.copy()),
            over(fn("lag", fn("epoch_ms", time.copy())), order, keys),
        )
        begin = step.source.ident("begins")
        begins = any_of(is_null(gap), operate(">", gap.copy(), number(bucket_ms(self.span_))))
        step = step.then(
            self.name,
            step.select().select(exp.Star(), alias(case((begins, time.copy())), begin)),
        )
        started: Sql = over(fn("max", column(begin)), order, keys, rows=UNBOUNDED)
        parts = [*(key.copy() for key in keys), cast(fn("epoch_ms", started), "VARCHAR")]
        hashed = fn("left", fn("md5", fn("concat_ws", text("\x1f"), *parts)), number(16))
        known = all_of(*(not_null(key.copy()) for key in keys), not_null(time.copy()))
        made = Value(Type.TEXT, case((known, hashed)))
        return step.add(self.name, {self.name_: made}).showing(self.name_)
