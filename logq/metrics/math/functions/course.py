"""Functions of one series that look at neighbouring points."""

from __future__ import annotations

from itertools import accumulate, pairwise

from logq.errors import WrongArguments
from logq.metrics.math.function import Example, function
from logq.metrics.math.values import Environment, Series


@function("RATE", "each", Example("RATE(m)", (None, None, 2 / 120)))
def rate(environment: Environment, m: Series) -> Series:
    """How much the values change per second, from the point before that has one."""
    pairs = pairwise(sorted(m.points.items()))
    return m.with_points({at: (new - old) / (at - before) for (before, old), (at, new) in pairs})


@function("DIFF", "each", Example("DIFF(m)", (None, None, 2)))
def diff(environment: Environment, m: Series) -> Series:
    """The differences to the point before that has a value."""
    pairs = pairwise(sorted(m.points.items()))
    return m.with_points({at: new - old for (_, old), (at, new) in pairs})


@function("DIFF_TIME", "each", Example("DIFF_TIME(m)", (None, None, 120)))
def diff_time(environment: Environment, m: Series) -> Series:
    """The seconds since the point before that has a value."""
    return m.with_points({at: float(at - before) for before, at in pairwise(sorted(m.points))})


@function("RUNNING_SUM", "each", Example("RUNNING_SUM(m)", (1, None, 4)))
def running_sum(environment: Environment, m: Series) -> Series:
    """The sum of all values up to each point."""
    times = sorted(m.points)
    sums = accumulate(m.points[at] for at in times)
    return m.with_points(dict(zip(times, sums, strict=True)))


@function(
    "FILL",
    "each filler",
    Example("FILL(m, 0)", (1, 0, 3)),
    Example("FILL(m, REPEAT)", (1, 1, 3)),
    Example("FILL(m, LINEAR)", (1, 2, 3)),
    Example("FILL(m, n)", (1, 20, 3)),
)
def fill(environment: Environment, m: Series, filler: Series | float | str) -> Series:
    """The series with its gaps filled by a number, the last value, a line or another series."""
    match filler:
        case "REPEAT":
            return m.with_points(_repeated(environment, m))
        case "LINEAR":
            return m.with_points(_linear(environment, m))
        case str():
            raise WrongArguments(
                f"FILL has no option {filler}",
                hint="fill with a number, REPEAT, LINEAR or a time series",
            )
        case Series():
            return m.with_points({**filler.points, **m.points})
        case _:
            return m.with_points({**dict.fromkeys(environment.grid, filler), **m.points})


def _repeated(environment: Environment, m: Series) -> dict[int, float]:
    found: dict[int, float] = {}
    last: float | None = None
    for at in sorted({*environment.grid, *m.points}):
        last = m.points.get(at, last)
        if last is not None:
            found[at] = last
    return found


def _linear(environment: Environment, m: Series) -> dict[int, float]:
    found = dict(m.points)
    for (before, old), (after, new) in pairwise(sorted(m.points.items())):
        for at in environment.grid:
            if before < at < after:
                found[at] = old + (new - old) * (at - before) / (after - before)
    return found
