"""Functions of one series that change each of its values."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from logq.metrics.math.function import Example, function
from logq.metrics.math.values import Environment, Series


@function("ABS", "each", Example("ABS(-m)", (1, None, 3)))
def absolute(environment: Environment, m: Series) -> Series:
    """The values without their signs."""
    return m.each(abs)


@function("CEIL", "each", Example("CEIL(m / 2)", (1, None, 2)))
def ceil(environment: Environment, m: Series) -> Series:
    """The smallest whole numbers that are not below the values."""
    return m.each(math.ceil)


@function("FLOOR", "each", Example("FLOOR(m / 2)", (0, None, 1)))
def floor(environment: Environment, m: Series) -> Series:
    """The largest whole numbers that are not above the values."""
    return m.each(math.floor)


@function("LOG", "each", Example("LOG(m - m + 1)", (0, None, 0)))
def log(environment: Environment, m: Series) -> Series:
    """The natural logarithms; of what is not above 0 there is none."""
    return m.each(math.log)


@function("LOG10", "each", Example("LOG10(n * 10)", (2, math.log10(200), None)))
def log10(environment: Environment, m: Series) -> Series:
    """The logarithms to the base 10; of what is not above 0 there is none."""
    return m.each(math.log10)


def _clock(name: str, summary: str, expected: float, part: str) -> None:
    """Register a function of the time of points, in UTC."""

    def run(environment: Environment, m: Series) -> Series:
        return m.with_points({at: float(_PARTS[part](at)) for at in m.points})

    run.__doc__ = summary
    function(name, "each", Example(f"{name}(m)", (expected, None, expected)))(run)


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


_PARTS = {
    "hour": lambda at: _moment(at).hour,
    "day": lambda at: _moment(at).isoweekday(),
    "date": lambda at: _moment(at).day,
    "month": lambda at: _moment(at).month,
    "year": lambda at: _moment(at).year,
}
_clock("HOUR", "The hour of each point, 0 to 23, in UTC.", 12, "hour")
_clock("DAY", "The day of the week of each point, 1 for Monday to 7, in UTC.", 4, "day")
_clock("DATE", "The day of the month of each point, in UTC.", 1, "date")
_clock("MONTH", "The month of each point, 1 to 12, in UTC.", 1, "month")
_clock("YEAR", "The year of each point, in UTC.", 2026, "year")


@function("MINUTE", "each", Example("MINUTE(m)", (0, None, 2)))
def minute(environment: Environment, m: Series) -> Series:
    """The minute of each point, 0 to 59."""
    return m.with_points({at: float(_moment(at).minute) for at in m.points})


@function("EPOCH", "each", Example("EPOCH(m) - 1767268800", (0, None, 120)))
def epoch(environment: Environment, m: Series) -> Series:
    """The start of each point in seconds since 1970."""
    return m.with_points({at: float(at) for at in m.points})
