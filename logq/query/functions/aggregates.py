"""Aggregates: functions that fold the rows of a group.

Rows whose argument is missing, or no number where one is needed, are ignored. With nothing left
``count`` is 0 and everything else is missing.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from logq.errors import WrongArguments
from logq.query.build import Sql, case, cast, coalesce, column, fn, not_null, number, operate
from logq.query.compare import natural_order
from logq.query.environment import Environment
from logq.query.function import Example, function
from logq.query.functions.times import event_time
from logq.query.grid import bucket_ms
from logq.query.nodes import Duration
from logq.query.value import NUMERIC, Type, Value, to_number, to_text


@function(
    "count",
    "any_or_star?",
    Type.INTEGER,
    Example("count(x)", 2, (1, None, 3)),
    aliases=("countOverTime",),
    aggregate=True,
    additive=True,
)
def count(field: Value | None) -> Sql:
    """The number of rows, or of rows that have the field."""
    return fn("count") if field is None else fn("count", field.sql.copy())


@function(
    "countDistinct",
    "any",
    Type.INTEGER,
    Example("countDistinct(x)", 2, ("a", "b", "a", None)),
    aggregate=True,
)
def count_distinct(field: Value) -> Sql:
    """The number of distinct values; exact."""
    value = field.sql.copy()
    if field.type is Type.DYNAMIC:
        value = coalesce(to_text(field), value)
    return exp.Count(this=exp.Distinct(expressions=[value]))


def _numeric(name: str, field: Value) -> Sql:
    return fn(name, cast(to_number(field), "DOUBLE"))


@function(
    "countIf",
    "truth",
    Type.INTEGER,
    Example("count_if(x > 1)", 2, (1, 2, 3, None)),
    aggregate=True,
    additive=True,
    beyond=("countIf",),
)
def count_if(condition: Sql) -> Sql:
    """The number of rows for which a condition is true."""
    return fn("count", case((condition, number(1))))


@function(
    "sumIf",
    "any truth",
    None,
    Example("sum_if(x, x > 1)", 5, (1, 2, 3)),
    aggregate=True,
    additive=True,
    beyond=("sumIf",),
)
def sum_if(field: Value, condition: Sql) -> Value:
    """The sum over the rows for which a condition is true."""
    return _sum(replace(field, sql=case((condition, field.sql.copy())), constant=None, items=None))


@function(
    "sum",
    "any",
    None,
    Example("sum(x)", 6, (1, "2", 3, "n/a")),
    aliases=("sumOverTime",),
    aggregate=True,
    additive=True,
)
def sum_(field: Value) -> Value:
    """The sum; whole numbers are added exactly."""
    return _sum(field)


def _sum(field: Value) -> Value:
    if field.type in (Type.INTEGER, Type.BOOLEAN):
        return Value(Type.INTEGER, fn("sum", to_number(field)))
    return Value(Type.NUMBER, fn("finite", _numeric("sum", field)))


@function(
    "avg",
    "any",
    Type.NUMBER,
    Example("avg(x)", 2, (1, 3)),
    aliases=("average",),
    aggregate=True,
    beyond=("average",),
)
def avg(field: Value) -> Sql:
    """The arithmetic mean."""
    return fn("finite", fn("avg", to_number(field)))


@function("stddev", "any", Type.NUMBER, Example("stddev(x)", 1, (1, 3)), aggregate=True)
def stddev(field: Value) -> Sql:
    """The standard deviation of the population."""
    return _numeric("stddev_pop", field)


@function("variance", "any", Type.NUMBER, Example("variance(x)", 1, (1, 3)), aggregate=True)
def variance(field: Value) -> Sql:
    """The variance of the population."""
    return _numeric("var_pop", field)


@function(
    "pct",
    "any constant",
    Type.NUMBER,
    Example("pct(x, 50)", 2, (1, 2, 3)),
    Example("pct(x, 25)", 1.5, (1, 3)),
    aliases=("percentile",),
    aggregate=True,
)
def pct(field: Value, percentile: object) -> Sql:
    """The percentile (0 to 100), interpolated between the nearest values."""
    return quantile(field, percentile)


def quantile(field: Value, percentile: object) -> Sql:
    """A percentile; raises WrongArguments for anything else than a number from 0 to 100."""
    if isinstance(percentile, bool) or not isinstance(percentile, (int, float)):
        raise WrongArguments("pct takes a number from 0 to 100", hint="write pct(x, 95)")
    if not 0 <= percentile <= 100:
        raise WrongArguments(
            f"{percentile} is not a percentile", hint="it lies between 0 and 100: pct(x, 95)"
        )
    return _quantile(field, float(percentile) / 100)


def _quantile(field: Value, share: float) -> Sql:
    return fn("quantile_cont", cast(to_number(field), "DOUBLE"), number(share))


@function(
    "median",
    "any",
    Type.NUMBER,
    Example("median(x)", 2.5, (1, 2, 3, 4)),
    aggregate=True,
    beyond=("median",),
)
def median(field: Value) -> Sql:
    """The middle value, between the two nearest where there is none."""
    return _quantile(field, 0.5)


def _extreme(field: Value, name: str) -> Value:
    """The first or last value of the natural order, as it was."""
    if field.type in NUMERIC:
        simple = {"arg_min": "min", "arg_max": "max"}[name]
        if field.type is Type.BOOLEAN:
            return Value(Type.BOOLEAN, fn({"min": "bool_and", "max": "bool_or"}[simple], field.sql))
        return Value(field.type, fn(simple, field.sql.copy()))
    is_number, value, key = natural_order(field)
    shown = to_text(field)
    rank = fn("row", is_number, coalesce(value, number(0)), coalesce(key, shown), shown.copy())
    chosen = fn(name, field.sql.copy(), rank)
    return Value(field.type, where(chosen, not_null(to_text(field))))


def where(aggregate: Sql, condition: Sql) -> Sql:
    """The aggregate over the rows for which the condition is true."""
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition))


@function(
    "min",
    "any",
    None,
    Example("min(x)", 2, (10, 2, 3)),
    Example("min(x)", "a9", ("a10", "a9")),
    aggregate=True,
)
def min_(field: Value) -> Value:
    """The least value: by number if all are numbers, else in natural order."""
    return _extreme(field, "arg_min")


@function("max", "any", None, Example("max(x)", 10, (10, 2, 3)), aggregate=True)
def max_(field: Value) -> Value:
    """The greatest value: by number if all are numbers, else in natural order."""
    return _extreme(field, "arg_max")


@function("sortsFirst", "any", None, Example("sortsFirst(x)", "v2", ("v10", "v2")), aggregate=True)
def sorts_first(field: Value) -> Value:
    """The value that comes first in natural order."""
    return _extreme(field, "arg_min")


@function("sortsLast", "any", None, Example("sortsLast(x)", "v10", ("v10", "v2")), aggregate=True)
def sorts_last(field: Value) -> Value:
    """The value that comes last in natural order."""
    return _extreme(field, "arg_max")


def _by_time(env: Environment, field: Value, name: str) -> Value:
    chosen = fn(name, field.sql.copy(), _age(env))
    return Value(field.type, where(chosen, not_null(field.sql.copy())))


def _age(env: Environment) -> Sql:
    """What puts rows in the order of their events: time, then arrival."""
    source = env.scope.source
    if source is None:
        return event_time(env).sql.copy()
    return fn("row", *(column(key.ident) for key in source.order()))


@function(
    "earliest",
    "any",
    None,
    Example("earliest(x)", 5, (None, 5, 3)),
    aliases=("first",),
    context=True,
    aggregate=True,
    beyond=("first",),
)
def earliest(env: Environment, field: Value) -> Value:
    """The value of the oldest event that has the field."""
    return _by_time(env, field, "arg_min")


@function(
    "latest",
    "any",
    None,
    Example("latest(x)", 3, (5, 3, None)),
    aliases=("last",),
    context=True,
    aggregate=True,
    beyond=("last",),
)
def latest(env: Environment, field: Value) -> Value:
    """The value of the newest event that has the field."""
    return _by_time(env, field, "arg_max")


@function(
    "rate",
    "any period",
    Type.NUMBER,
    Example("rate(x, 1m)", 300, (10, None, 20)),
    context=True,
    aggregate=True,
)
def rate(env: Environment, field: Value, period: Duration) -> Sql:
    """The change of a number per period, from the oldest event of the group to the newest."""
    value = cast(to_number(field), "DOUBLE")
    counts = not_null(value.copy())
    time = fn("epoch_ms", event_time(env).sql.copy())
    ends = [where(fn(f"arg_{end}", value.copy(), _age(env)), counts.copy()) for end in _ENDS]
    times = [where(fn(end, time.copy()), counts.copy()) for end in _ENDS]
    change, took = (operate("-", last, first) for first, last in (ends, times))
    slope = operate("/", change, fn("nullif", cast(took, "DOUBLE"), number(0)))
    return fn("finite", operate("*", slope, number(bucket_ms(period))))


_ENDS = ("min", "max")
