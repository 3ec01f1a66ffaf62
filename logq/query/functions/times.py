"""Functions of dates and times. All calendars and boundaries are UTC."""

from __future__ import annotations

from logq.query import nodes
from logq.query.build import NULL, Sql, case, cast, eq, fn, number, operate
from logq.query.environment import Environment
from logq.query.function import Example, function
from logq.query.grid import Grid, interval
from logq.query.value import Type, Value, to_number, to_timestamp
from logq.query.zones import zone


def _bucket(grid: Grid, sql: Sql) -> Value:
    return Value(Type.TIMESTAMP, sql, grid=grid)


def event_time(env: Environment) -> Value:
    """The value of ``@timestamp``; raises UnknownField where it no longer exists."""
    return env.scope.fetch(nodes.Field(("@timestamp",)))


@function(
    "bin",
    "period constant?",
    None,
    Example("bin(1h)", "2026-01-05 10:00:00.000"),
    Example('bin(1d, "Asia/Tokyo")', "2026-01-04 15:00:00.000"),
    context=True,
)
def bin_(env: Environment, period: nodes.Duration, tz: object | None) -> Value:
    """The start of the bucket that the event's time falls into, in UTC or a time zone."""
    grid = Grid(period, env.zone if tz is None else zone(tz), env.offset)
    return _bucket(grid, grid.floor(to_timestamp(event_time(env))))


@function(
    "datefloor",
    "time period",
    None,
    Example("datefloor(@timestamp, 1d)", "2026-01-05 00:00:00.000"),
)
def datefloor(time: Sql, period: nodes.Duration) -> Value:
    """The time rounded down to a boundary of the period."""
    grid = Grid(period)
    return _bucket(grid, grid.floor(time))


@function(
    "dateceil",
    "time period",
    None,
    Example("dateceil(@timestamp, 1d)", "2026-01-06 00:00:00.000"),
    Example("dateceil(fromMillis(60000), 1m)", "1970-01-01 00:01:00.000"),
)
def dateceil(time: Sql, period: nodes.Duration) -> Value:
    """The time rounded up to a boundary of the period; an exact boundary stays."""
    grid = Grid(period)
    floor = grid.floor(time)
    above = operate("+", floor.copy(), interval(period))
    return _bucket(grid, case((eq(floor, time.copy()), time.copy()), otherwise=above))


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


@function(
    "nowMillis",
    "",
    Type.INTEGER,
    Example("nowMillis() >= now() * 1000", True),
    context=True,
    beyond=("nowMillis",),
)
def now_millis(env: Environment) -> Sql:
    """The time the query began, in milliseconds since the epoch."""
    return number(env.moment.now)


def _bound(value: int | None) -> Sql:
    return cast(NULL.copy(), "BIGINT") if value is None else number(value)


@function("queryStartTime", "", Type.INTEGER, Example("queryStartTime() > 0", False), context=True)
def query_start_time(env: Environment) -> Sql:
    """The start of the query's time range in milliseconds; missing if none was given."""
    return _bound(env.moment.start)


@function("queryEndTime", "", Type.INTEGER, Example("queryEndTime() > 0", True), context=True)
def query_end_time(env: Environment) -> Sql:
    """The end of the query's time range in milliseconds; when it began if none was given."""
    return number(_end(env))


@function("queryTimeRange", "", Type.INTEGER, Example("queryTimeRange() > 0", False), context=True)
def query_time_range(env: Environment) -> Sql:
    """The length of the query's time range in milliseconds; missing if it has no start."""
    start = env.moment.start
    return _bound(None if start is None else _end(env) - start)


def _end(env: Environment) -> int:
    return env.moment.now if env.moment.end is None else env.moment.end
