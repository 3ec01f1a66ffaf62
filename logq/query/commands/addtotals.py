"""``addtotals``: sums across the columns of each row, and down the rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from logq.query.build import (
    NULL,
    Sql,
    alias,
    all_of,
    any_of,
    case,
    cast,
    coalesce,
    column,
    fn,
    is_null,
    negate,
    not_null,
    number,
    operate,
)
from logq.query.command import Command, command
from logq.query.compiler import OrderKey, Step
from logq.query.expressions import Expressions, Node, tokens, trees
from logq.query.nodes import Field
from logq.query.over import over
from logq.query.scope import Column
from logq.query.sql import evaluate
from logq.query.value import Type, Value, literal, to_dynamic, to_number, to_text


@command("addtotals")
@dataclass(frozen=True)
class Addtotals(Command):
    """Add a column with the sum of each row's numbers; with ``col=true`` a last row of sums.

    Without fields every shown column counts whose values are all numbers. The row of sums says
    ``Total`` in the first text column.
    """

    syntax = "addtotals [fieldname=NAME] [row=false] [col=true] [FIELD, ...]"
    examples = (
        "stats count(*) as n, sum(bytes) as b by service | addtotals row=false col=true n, b",
        "stats count_if(status < 500) as ok, count_if(status >= 500) as bad by service | addtotals",
    )

    fields: tuple[Field, ...] = ()
    total: str = "Total"
    row: bool = True
    col: bool = False

    @classmethod
    def read(cls, expr: Expressions, stage: Node) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for option in trees(stage, "addtotals_option"):
            word, value = tokens(option)
            if word.type == "FIELDNAME_OPTION":
                values["total"] = expr.name(value).name
            else:
                key = "row" if word.type == "ROW_OPTION" else "col"
                values[key] = value.type == "TRUE"
        names = trees(stage, "names")
        return {"fields": expr.names(names[0]) if names else (), **values}

    def apply(self, step: Step) -> Step:
        names = self.fields or tuple(Field((name,), whole=True) for name in step.shown())
        step, numbers = _numbers(step, self.name, names)
        if self.row:
            step = step.add(self.name, {self.total: _row_total(numbers)}).showing(self.total)
            if self.col:
                numbers = {**numbers, self.total: step.scope.columns[self.total].value}
        return _with_totals(step, self.name, numbers) if self.col else step


def _numbers(step: Step, name: str, fields: tuple[Field, ...]) -> tuple[Step, dict[str, Value]]:
    """The numbers of columns; NULL throughout for one that holds anything else."""
    numbers: dict[str, Value] = {}
    computed: dict[str, Sql] = {}
    for field in fields:
        value = evaluate(field, step.env)
        if value.type in (Type.INTEGER, Type.NUMBER):
            numbers[field.name] = value
        elif value.type in (Type.TEXT, Type.DYNAMIC) and not value.null:
            one = cast(to_number(value), "DOUBLE")
            fits = any_of(not_null(one), is_null(value.sql.copy()))
            all_fit = over(fn("bool_and", fits))
            ident = step.source.ident(f"{field.name} number")
            computed[ident] = case((all_fit, one.copy()))
            numbers[field.name] = Value(Type.NUMBER, column(ident))
    if not computed:
        return step, numbers
    select = step.select().select(exp.Star())
    for ident, sql in computed.items():
        select = select.select(alias(sql, ident))
    return step.then(name, select), numbers


def _row_total(numbers: dict[str, Value]) -> Value:
    if not numbers:
        return Value(Type.NUMBER, cast(exp.Null(), "DOUBLE"))
    whole = all(value.type is Type.INTEGER for value in numbers.values())
    wanted = "HUGEINT" if whole else "DOUBLE"
    given = [cast(value.sql.copy(), wanted) for value in numbers.values()]
    total: Sql = coalesce(given[0], number(0))
    for one in given[1:]:
        total = operate("+", total, coalesce(one, number(0)))
    none = all_of(*(is_null(value.sql.copy()) for value in numbers.values()))
    total = total if whole else fn("finite", total)
    return Value(Type.INTEGER if whole else Type.NUMBER, case((none, exp.Null()), otherwise=total))


def _with_totals(step: Step, name: str, numbers: dict[str, Value]) -> Step:
    """A last row with the sums of columns; a column of text is filled with text."""
    last = step.source.ident("last")
    sums = step.select().select(alias(number(1), last))
    numeric_so_far: list[Sql] = []
    for label in step.shown():
        shown = step.column(label)
        total = _sum(numbers[label]) if label in numbers else None
        if shown.type in (Type.TEXT, Type.DYNAMIC) and shown.ident:
            written = NULL.copy() if total is None else to_text(total)
            holds = operate(">", fn("count", column(shown.ident)), number(0))
            other = all_of(holds, is_null(written))
            first = all_of(other, *numeric_so_far)
            numeric_so_far.append(negate(other.copy()))
            sums = sums.select(
                alias(case((first, _label(shown)), otherwise=written.copy()), shown.ident)
            )
        elif total is not None:
            sums = sums.select(alias(total.sql, shown.ident))
    rows = step.select().select(exp.Star(), alias(number(0), last))
    both = exp.Union(this=rows, expression=sums, distinct=False, by_name=True)
    table = exp.Subquery(this=both, alias=exp.TableAlias(this=exp.to_identifier("all_rows")))
    step = step.then(name, exp.Select().select(exp.Star()).from_(table))
    return replace(step, order=(OrderKey(column(last)), *step.order))


def _sum(value: Value) -> Value:
    if value.type is Type.INTEGER:
        return Value(Type.INTEGER, fn("sum", value.sql.copy()))
    return Value(Type.NUMBER, fn("finite", fn("sum", value.sql.copy())))


def _label(found: Column) -> Sql:
    said = literal("Total")
    return to_dynamic(said) if found.type is Type.DYNAMIC else said.sql.copy()
