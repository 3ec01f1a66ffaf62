"""``relevantfields``: which fields have other values where a condition holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from logq import model
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
    negate,
    not_null,
    number,
    operate,
    text,
)
from logq.query.command import Command, command
from logq.query.compiler import OrderKey, Step
from logq.query.expressions import Expressions, Node, trees
from logq.query.nodes import Expr, Field, walk
from logq.query.over import over
from logq.query.scope import Column, Scope
from logq.query.sql import condition, definite, evaluate
from logq.query.system_fields import LOG, SYSTEM_FIELDS
from logq.query.value import Type, to_number, to_text

MOST_FIELDS = 200
"""So many fields are compared if none are named."""
CONTRIBUTORS = 5
UNIQUE = 20
"""A field with more texts, and different ones in more than half of its rows, names something."""
DIGITS = 9
_COLUMNS = {
    "@fieldName": Type.TEXT,
    "@relevanceScore": Type.NUMBER,
    "@topRelevanceContributors": Type.DYNAMIC,
    "@conditionalMedian": Type.NUMBER,
    "@baselineMedian": Type.NUMBER,
}


@command("relevantfields")
@dataclass(frozen=True)
class Relevantfields(Command):
    """Rank fields by how much their values differ where a condition holds from all other rows.

    The score (0 to 1) is the largest distance of the cumulative distributions of numbers, and half
    the sum of the differences of the frequencies of texts; a missing value counts as one of its
    own. Without names all fields are compared but those of the condition and those that are mostly
    different in every row.
    """

    syntax = "relevantfields [FIELD, ...] where CONDITION"
    examples = (
        "relevantfields service, level, http.path where duration_ms > 400",
        "relevantfields where http.status >= 500",
    )

    fields: tuple[Field, ...]
    condition: Expr

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        named = trees(stage, "names")
        return {
            "fields": expr.names(named[0]) if named else (),
            "condition": expr(stage.children[-1]),
        }

    def apply(self, step: Step) -> Step:
        fields = self.fields or _all(step, self.condition)
        holds, idents = step.source.ident("holds"), []
        rows = step.select().select(alias(definite(condition(self.condition, step.env)), holds))
        for field in fields:
            value = evaluate(field, step.env)
            idents.append((step.source.ident("text"), step.source.ident("number")))
            rows = rows.select(
                alias(to_text(value), idents[-1][0]),
                alias(cast(to_number(value), "DOUBLE"), idents[-1][1]),
            )
        step = step.then(self.name, rows)
        made = {name: step.source.ident(name) for name in _COLUMNS}
        arms = [
            _arm(step, (holds, *pair), field.name, list(made.values()), bool(self.fields))
            for field, pair in zip(fields, idents, strict=True)
        ]
        scope = Scope({name: Column(made[name], kind) for name, kind in _COLUMNS.items()})
        order = (
            OrderKey(column(made["@relevanceScore"]), descending=True),
            OrderKey(column(made["@fieldName"])),
        )
        return step.then(self.name, _union(arms, list(made.values()))).barrier(scope, order)


def _all(step: Step, condition: Expr) -> tuple[Field, ...]:
    """Every field that may say something."""
    asked = {node.name for node in walk(condition) if isinstance(node, Field)}
    source = step.scope.source
    names = list(step.scope.columns)
    if source is not None:
        known = dict.fromkeys(source.known())
        names += [name for name in known if name not in SYSTEM_FIELDS]
        names += [model.LOG_STREAM, LOG]
    left = [n for n in dict.fromkeys(names) if n not in asked and n not in step.scope.hidden]
    if len(left) > MOST_FIELDS:
        step.env.warnings.append(
            f"only {MOST_FIELDS} of {len(left):,} fields are compared; name those you want"
        )
    return tuple(Field((name,), whole=True) for name in left[:MOST_FIELDS])


def _arm(
    step: Step, row: tuple[str, str, str], name: str, made: Sequence[str], named: bool
) -> exp.Select:
    """The row of one field; no row if it is always missing, or one side has no rows."""
    holds, words, amount = map(column, row)
    counted = step.select().select(
        alias(words, "text"),
        alias(amount, "number"),
        alias(_where(fn("count"), holds), "here"),
        alias(_where(fn("count"), negate(holds.copy())), "there"),
    )
    counted = counted.group_by(words.copy(), amount.copy())
    shares = _from(counted).select(
        exp.Star(),
        alias(_share("here"), "share"),
        alias(_share("there"), "base"),
        alias(over(fn("bool_and", _is_number())), "amounts"),
        alias(over(fn("count", column("text"))), "texts"),
    )
    gap = operate("-", column("share"), column("base"))
    rising = [OrderKey(is_null(column("number")), True), OrderKey(column("number"))]
    places = _from(shares).select(
        exp.Star(),
        alias(fn("abs", over(fn("sum", gap.copy()), rising)), "apart"),
        alias(
            over(
                exp.RowNumber(),
                [OrderKey(fn("round", fn("abs", gap.copy()), number(DIGITS)), True)]
                + [OrderKey(column("text"))],
            ),
            "place",
        ),
    )
    numeric = fn("bool_and", column("amounts"))
    distance = fn("max", column("apart"))
    variation = operate("/", fn("sum", fn("abs", gap.copy())), number(2.0))
    score = fn("round", case((numeric, distance), otherwise=variation), number(DIGITS))
    told = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(key, quoted=True), expression=value)
            for key, value in {
                "value": column("text"),
                "conditional": fn("round", column("share"), number(DIGITS)),
                "baseline": fn("round", column("base"), number(DIGITS)),
            }.items()
        ]
    )
    top = cast(fn("to_json", fn("arg_min", told, column("place"), number(CONTRIBUTORS))), "VARCHAR")
    result = _from(places).select(
        alias(text(name), made[0]),
        alias(score, made[1]),
        alias(case((negate(numeric.copy()), top)), made[2]),
        alias(case((numeric.copy(), _median(step, amount, holds))), made[3]),
        alias(case((numeric.copy(), _median(step, amount, negate(holds.copy())))), made[4]),
    )
    present = operate(">", fn("max", column("texts")), number(0))
    both = [not_null(fn("max", column(side))) for side in ("share", "base")]
    kept = [present, *both]
    if not named:
        rows = _where(
            fn("sum", operate("+", column("here"), column("there"))), not_null(column("text"))
        )
        many = operate(">", operate("*", fn("max", column("texts")), number(2)), rows)
        unique = all_of(operate(">", fn("max", column("texts")), number(UNIQUE)), many)
        kept.append(any_of(numeric.copy(), negate(unique)))
    return result.having(all_of(*kept))


def _is_number() -> Sql:
    return any_of(is_null(column("text")), not_null(column("number")))


def _share(side: str) -> Sql:
    total = fn("nullif", over(fn("sum", column(side))), number(0))
    return operate("/", cast(column(side), "DOUBLE"), total)


def _median(step: Step, amount: Sql, rows: Sql) -> Sql:
    median = step.select().select(fn("quantile_cont", amount.copy(), number(0.5)))
    return exp.Subquery(this=median.where(rows.copy()))


def _where(aggregate: Sql, rows: Sql) -> Sql:
    return exp.Filter(this=aggregate, expression=exp.Where(this=rows.copy()))


def _from(inner: exp.Expression) -> exp.Select:
    table = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("inner_rows")))
    return exp.Select().from_(table)


def _union(arms: Sequence[exp.Select], names: Sequence[str]) -> exp.Select:
    """The rows of all arms; none without arms."""
    if not arms:
        nothing = exp.Select()
        for ident, kind in zip(names, _COLUMNS.values(), strict=True):
            kind_of_sql = "DOUBLE" if kind is Type.NUMBER else "VARCHAR"
            nothing = nothing.select(alias(cast(exp.Null(), kind_of_sql), ident))
        return nothing.where(exp.Boolean(this=False))
    whole: exp.Expression = arms[0]
    for arm in arms[1:]:
        whole = exp.Union(this=whole, expression=arm, distinct=False)
    return _from(whole).select(exp.Star())
