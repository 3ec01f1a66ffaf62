"""Functions that make, order and cut arrays of series."""

from __future__ import annotations

from logq.errors import WrongArguments
from logq.metrics.math.function import Example, function
from logq.metrics.math.functions.combining import COMBINATIONS
from logq.metrics.math.values import Environment, Series, Value


@function(
    "METRICS",
    "text?",
    Example("SUM(METRICS())", (11, 20, 3)),
    Example('SUM(METRICS("n"))', (10, 20, None)),
)
def metrics(environment: Environment, part: str = "") -> Value:
    """The metrics among the queries, or those whose ids contain a text."""
    return environment.metrics(part)


@function("SEARCH", "text text number?", Example("SUM(SEARCH('{App} latency', 'Sum', 60))", ()))
def search(environment: Environment, text: str, stat: str, period: float = 0.0) -> Value:
    """A statistic of every metric that a search finds; not in alarms."""
    return environment.search(text, stat, int(period) or environment.period)


@function("FIRST", "array", Example("FIRST([m, n])", (1, None, 3)))
def first(environment: Environment, array: tuple[Series, ...]) -> Value:
    """The first series of an array."""
    return array[0] if array else Series({})


@function("LAST", "array", Example("LAST([m, n])", (10, 20, None)))
def last(environment: Environment, array: tuple[Series, ...]) -> Value:
    """The last series of an array."""
    return array[-1] if array else Series({})


@function("METRIC_COUNT", "array", Example("n * METRIC_COUNT([m, n])", (20, 40, None)))
def metric_count(environment: Environment, array: tuple[Series, ...]) -> Value:
    """How many series an array has."""
    return float(len(array))


@function("REMOVE_EMPTY", "array", Example("FIRST(REMOVE_EMPTY([m / 0, n]))", (10, 20, None)))
def remove_empty(environment: Environment, array: tuple[Series, ...]) -> Value:
    """The series of an array that have a point."""
    return tuple(series for series in array if series.points)


@function("SLICE", "array number number?", Example("SUM(SLICE([m, n], 1, 2))", (10, 20, None)))
def cut(
    environment: Environment, array: tuple[Series, ...], start: float, end: float | None = None
) -> Value:
    """The series from one place, counted from 0, to before another or to the end."""
    if start < 0 or (end is not None and end < start):
        raise WrongArguments("SLICE counts its places from 0, the first before the second")
    return array[int(start) : None if end is None else int(end)]


@function(
    "SORT", "array word word number?", Example("FIRST(SORT([m, n], SUM, DESC))", (10, 20, None))
)
def sort(
    environment: Environment,
    array: tuple[Series, ...],
    function: str,
    order: str,
    most: float | None = None,
) -> Value:
    """The series ordered by AVG, MIN, MAX or SUM, ASC or DESC; those without points come last."""
    if function not in COMBINATIONS:
        raise WrongArguments(
            f"SORT does not order by {function}", hint=f"by one of {', '.join(COMBINATIONS)}"
        )
    if order not in ("ASC", "DESC"):
        raise WrongArguments(f"SORT does not know the order {order}", hint="ASC or DESC")
    combine, _ = COMBINATIONS[function]
    full = [series for series in array if series.points]
    empty = [series for series in array if not series.points]
    full.sort(key=lambda series: combine(list(series.points.values())), reverse=order == "DESC")
    return tuple([*full, *empty][: None if most is None else max(0, int(most))])
