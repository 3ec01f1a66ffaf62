"""Functions of dates and times. All calendars and boundaries are UTC."""

from __future__ import annotations

from sqlglot import exp

from logq.query import nodes
from logq.query.build import Sql, case, eq, fn, number, operate, text
from logq.query.function import Example, function
from logq.query.sql import Environment
from logq.query.value import Type, Value, to_number, to_timestamp
from logq.units import MILLISECONDS

_MONTHS = {"mo": 1, "q": 3, "y": 12}
_MONTH_MS = 2_629_746_000
_INTERVALS = {"ms": "millisecond", "s": "second", "m": "minute", "h": "hour", "d": "day"}


def bucket_ms(period: nodes.Duration) -> int:
    """The width of a period in milliseconds; months and longer by their mean length."""
    if period.unit in _MONTHS:
        return period.amount * _MONTHS[period.unit] * _MONTH_MS
    return period.amount * MILLISECONDS[period.unit]


def _interval(period: nodes.Duration) -> Sql:
    amount, unit = period.amount, period.unit
    if unit in _MONTHS:
        amount, unit = amount * _MONTHS[unit], "month"
    elif unit == "w":
        amount, unit = amount * 7, "day"
    else:
        unit = _INTERVALS[unit]
    return exp.Interval(this=text(str(amount)), unit=exp.Var(this=unit))


def _origin(period: nodes.Duration, offset: nodes.Duration | None) -> Sql:
    # Weeks begin on Monday; everything else is counted from the epoch.
    day = 4 if period.unit == "w" else 0
    shift = bucket_ms(offset) if offset is not None else 0
    return fn("make_timestamp_ms", number(day * MILLISECONDS["d"] + shift))


def _floor(time: Sql, period: nodes.Duration, offset: nodes.Duration | None = None) -> Sql:
    return fn("time_bucket", _interval(period), time, _origin(period, offset))


def _bucket(sql: Sql, period: nodes.Duration) -> Value:
    return Value(Type.TIMESTAMP, sql, bucket=bucket_ms(period))


def event_time(env: Environment) -> Value:
    """The value of ``@timestamp``; raises UnknownField where it no longer exists."""
    return env.scope.fetch(nodes.Field(("@timestamp",)))


@function("bin", "period", None, Example("bin(1h)", "2026-01-05 10:00:00.000"), context=True)
def bin_(env: Environment, period: nodes.Duration) -> Value:
    """The start of the bucket that the event's time falls into."""
    return _bucket(_floor(to_timestamp(event_time(env)), period, env.offset), period)


@function(
    "datefloor",
    "time period",
    None,
    Example("datefloor(@timestamp, 1d)", "2026-01-05 00:00:00.000"),
)
def datefloor(time: Sql, period: nodes.Duration) -> Value:
    """The time rounded down to a boundary of the period."""
    return _bucket(_floor(time, period), period)


@function(
    "dateceil",
    "time period",
    None,
    Example("dateceil(@timestamp, 1d)", "2026-01-06 00:00:00.000"),
    Example("dateceil(fromMillis(60000), 1m)", "1970-01-01 00:01:00.000"),
)
def dateceil(time: Sql, period: nodes.Duration) -> Value:
    """The time rounded up to a boundary of the period; an exact boundary stays."""
    floor = _floor(time, period)
    above = operate("+", floor.copy(), _interval(period))
    return _bucket(case((eq(floor, time.copy()), time.copy()), otherwise=above), period)


@function(
    "fromMillis",
    "any",
    Type.TIMESTAMP,
    Example("fromMillis(1767607200123)", "2026-01-05 10:00:00.123"),
)
def from_millis(milliseconds: Value) -> Sql:
    """The time of a number of milliseconds since the epoch."""
    return to_timestamp(Value(Type.NUMBER, to_number(milliseconds)))


@function("toMillis", "time", Type.INTEGER, Example("toMillis(fromMillis(5))", 5))
def to_millis(time: Sql) -> Sql:
    """Milliseconds since the epoch."""
    return fn("epoch_ms", time)


@function("now", "", Type.INTEGER, Example("now() > 1700000000", True), context=True)
def now(env: Environment) -> Sql:
    """The time the query began, in seconds since the epoch."""
    return number(env.moment.now // 1000)
