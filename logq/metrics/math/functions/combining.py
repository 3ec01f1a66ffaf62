"""Functions that make one number of a series, or one series of many."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence

from logq.errors import WrongArguments
from logq.metrics.math.function import Example, function
from logq.metrics.math.values import Environment, Series, Value

Combine = Callable[[Sequence[float]], float]

COMBINATIONS: dict[str, tuple[Combine, str]] = {
    "AVG": (lambda values: math.fsum(values) / len(values), "The average"),
    "MAX": (max, "The largest"),
    "MIN": (min, "The smallest"),
    "SUM": (math.fsum, "The sum"),
    "STDDEV": (statistics.pstdev, "The standard deviation"),
}
_EXAMPLES = {
    "AVG": ("AVG([m, n])", (5.5, 20, 3), "n * AVG(m)", (20, 40, None)),
    "MAX": ("MAX([m, n])", (10, 20, 3), "n * MAX(m)", (30, 60, None)),
    "MIN": ("MIN([m, n])", (1, 20, 3), "n * MIN(m)", (10, 20, None)),
    "SUM": ("SUM([m, n])", (11, 20, 3), "n * SUM(m)", (40, 80, None)),
    "STDDEV": ("STDDEV([m, n])", (4.5, 0, 0), "n * STDDEV(m)", (10, 20, None)),
}


def _combination(name: str, combine: Combine, word: str) -> None:
    def run(environment: Environment, m: Series | tuple[Series, ...]) -> Value:
        if isinstance(m, Series):
            return combine(list(m.points.values())) if m.points else math.nan
        held = by_time(m)
        return Series({at: combine(held[at]) for at in sorted(held)}, name)

    run.__doc__ = f"{word} of all values of a series; of an array, at each time."
    many, result, single, number = _EXAMPLES[name]
    function(name, "some", Example(many, result), Example(single, number))(run)


for _name, (_combine, _word) in COMBINATIONS.items():
    _combination(_name, _combine, _word)


def by_time(array: Sequence[Series]) -> dict[int, list[float]]:
    """The values that there are at each time."""
    held: dict[int, list[float]] = defaultdict(list)
    for series in array:
        for at, value in series.points.items():
            held[at].append(value)
    return held


@function("DATAPOINT_COUNT", "some", Example("n * DATAPOINT_COUNT(m)", (20, 40, None)))
def datapoint_count(environment: Environment, m: Series | tuple[Series, ...]) -> Value:
    """How many points a series has; of an array, how many series have one at each time."""
    if isinstance(m, Series):
        return float(len(m.points))
    held = by_time(m)
    return Series({at: float(len(held[at])) for at in sorted(held)}, "DATAPOINT_COUNT")


@function("PERIOD", "series", Example("m / PERIOD(m)", (1 / 60, None, 3 / 60)))
def period(environment: Environment, m: Series) -> Value:
    """The period of a series in seconds."""
    return float(environment.period)


@function("TIME_SERIES", "number", Example("TIME_SERIES(7)", (7, 7, 7)))
def time_series(environment: Environment, number: float) -> Value:
    """A series that has this number at each time."""
    return Series({}).with_points(dict.fromkeys(environment.grid, number))


@function(
    "IF",
    "any any any?",
    Example("IF(m > 2, 1, 0)", (0, None, 1)),
    Example("IF(n, m, 5)", (1, 0, None)),
    Example("IF(m > 2, n)", (None, None, 0)),
)
def choose(
    environment: Environment, condition: Value, then: Value, other: Value = math.nan
) -> Value:
    """Where the condition is not 0 what comes second, else what comes third, or no point."""
    if isinstance(condition, float):
        return Series({}) if math.isnan(condition) else then if condition else other
    arrays = [each for each in (condition, then, other) if isinstance(each, tuple)]
    if len(arrays) > 1:
        raise WrongArguments("IF takes one array of time series at most")
    if not arrays:
        return _choose(condition, then, other)
    return tuple(
        series.with_points(
            _choose(
                *(series if isinstance(e, tuple) else e for e in (condition, then, other))
            ).points
        )
        for series in arrays[0]
    )


def _choose(condition: Value, then: Value, other: Value) -> Series:
    assert isinstance(condition, Series)
    points = {
        at: _at(then, at, 0.0) if holds else _at(other, at, math.nan)
        for at, holds in condition.points.items()
    }
    return Series({}).with_points(points)


def _at(value: Value, at: int, missing: float) -> float:
    if isinstance(value, Series):
        return value.points.get(at, missing)
    assert not isinstance(value, tuple)
    return value
