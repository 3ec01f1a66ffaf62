"""``accum``, ``autoregress`` and ``filldown``: values of earlier rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from lark import Token
from sqlglot import exp

from logq.errors import WrongArguments
from logq.query.build import case, cast, fn, not_null, number
from logq.query.command import Command, command
from logq.query.compiler import Step
from logq.query.expressions import Expressions, Node, tokens
from logq.query.nodes import Field
from logq.query.over import UNBOUNDED, over
from logq.query.sql import evaluate
from logq.query.value import Type, Value, to_number

MOST_LAGS = 100
FARTHEST = 1_000_000


@command("accum")
@dataclass(frozen=True)
class Accum(Command):
    """Add a number up from row to row, in the current order.

    A row without a number keeps the sum going and gets no value. Without ``as`` the sum takes the
    place of the field.
    """

    syntax = "accum FIELD [as NAME]"
    examples = ("stats count(*) as n by bin(1h) as hour | sort hour | accum n as so_far",)

    field: Field
    name_: Field | None = None

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        field, *name = tokens(stage)
        return {"field": expr.name(field), "name_": expr.name(name[0]) if name else None}

    def apply(self, step: Step) -> Step:
        value = evaluate(self.field, step.env)
        whole = value.type in (Type.INTEGER, Type.BOOLEAN)
        numbers = to_number(value) if whole else cast(to_number(value), "DOUBLE")
        total = over(fn("sum", numbers), step.order, rows=UNBOUNDED)
        total = total if whole else fn("finite", total)
        made = case((not_null(numbers.copy()), total))
        name = (self.name_ or self.field).name
        kind = Type.INTEGER if whole else Type.NUMBER
        return step.add(self.name, {name: Value(kind, made)}).showing(name)


@command("autoregress")
@dataclass(frozen=True)
class Autoregress(Command):
    """Copy values of earlier rows, in the current order: ``p`` rows before, default 1."""

    syntax = "autoregress FIELD [as NAME] [p=N | p=M-N]"
    examples = (
        "stats count(*) as n by bin(1h) as hour | sort hour | autoregress n p=1 "
        "| fields n - n_p1 as change",
    )

    field: Field
    name_: Field | None = None
    first: int = 1
    last: int = 1

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        field, *name = tokens(stage, "FIELD")
        lags = [expr.integer(token) for token in tokens(stage, "INT")]
        return {
            "field": expr.name(field),
            "name_": expr.name(name[0]) if name else None,
            "first": lags[0] if lags else 1,
            "last": lags[-1] if lags else 1,
        }

    def apply(self, step: Step) -> Step:
        if not 1 <= self.first <= self.last <= FARTHEST or self.last - self.first >= MOST_LAGS:
            raise WrongArguments(
                "p takes a number of rows, or a range of them", hint="write p=1 or p=1-4"
            )
        value = evaluate(self.field, step.env)
        values = {}
        for lag in range(self.first, self.last + 1):
            made = over(fn("lag", value.sql.copy(), number(lag)), step.order)
            values[self._label(lag)] = Value(value.type, made)
        return step.add(self.name, values).showing(*values)

    def _label(self, lag: int) -> str:
        if self.name_ is not None and self.first == self.last:
            return self.name_.name
        return f"{(self.name_ or self.field).name}_p{lag}"


@command("filldown")
@dataclass(frozen=True)
class Filldown(Command):
    """Fill missing values with the last present one above, in the current order.

    Without a field all shown columns are filled; ``cpu*`` names several.
    """

    syntax = "filldown [FIELD | WILDCARD] ..."
    examples = ("stats avg(cpu) as cpu by bin(1m) as t | sort t | fillmissing | filldown cpu",)

    fields: tuple[Field | str, ...] = ()
    """Names, and wildcards as text."""

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        return {
            "fields": tuple(
                expr.name(token) if token.type == "FIELD" else str(token)
                for token in stage.children
                if isinstance(token, Token)
            )
        }

    def apply(self, step: Step) -> Step:
        values = {}
        for field in self._fields(step):
            value = evaluate(field, step.env)
            last = exp.IgnoreNulls(this=exp.LastValue(this=value.sql.copy()))
            values[field.name] = replace(
                value, sql=over(last, step.order, rows=UNBOUNDED), constant=None, items=None
            )
        return step.add(self.name, values)

    def _fields(self, step: Step) -> list[Field]:
        names: dict[str, Field] = {}
        for field in self.fields or ("*",):
            if isinstance(field, Field):
                names[field.name] = field
                continue
            like = re.compile(re.escape(field).replace(r"\*", ".*"), re.DOTALL)
            known = dict.fromkeys(step.shown())
            if self.fields and step.scope.source is not None:
                known |= dict.fromkeys((*step.scope.columns, *step.scope.source.known()))
            found = [name for name in known if like.fullmatch(name)]
            if not found:
                raise WrongArguments(
                    f"no field is named like {field}",
                    hint=f"what exists here: {', '.join(list(known)[:12])}",
                )
            names |= {name: Field((name,), whole=True) for name in found}
        return list(names.values())
