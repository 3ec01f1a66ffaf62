"""What expressions calculate with: numbers, series and arrays of series."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from logq.metric import Metric

Points: TypeAlias = Mapping[int, float]
"""Values by the start of their period, epoch seconds; what is missing is not there."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values over time."""

    points: Points
    label: str = ""
    metric: Metric | None = None
    """Of the statistic of one metric."""
    stat: str = ""

    def with_points(self, points: Points) -> Series:
        """A series of the same name, without what is no number."""
        return replace(self, points=finite(points))

    def each(self, change: Callable[[float], float]) -> Series:
        """The series with each value changed; what cannot be calculated is missing."""
        return self.with_points({at: guarded(change, v) for at, v in self.points.items()})


class Option(str):
    """A word in capitals that tells a function what to do."""

    __slots__ = ()


Value: TypeAlias = float | Series | tuple[Series, ...]


def finite(points: Points) -> Points:
    """The points that are numbers."""
    return {at: value for at, value in points.items() if math.isfinite(value)}


def guarded(calculate: Callable[..., float], *given: float) -> float:
    """What a calculation gives, NaN if it cannot be done."""
    try:
        found = calculate(*given)
    except (ArithmeticError, ValueError):
        return math.nan
    return found if isinstance(found, float | int) else math.nan


def size_of(value: Value | str) -> int:
    """How many points a value has."""
    match value:
        case Series():
            return len(value.points)
        case tuple():
            return sum(len(series.points) for series in value)
        case _:
            return 1


def kind_of(value: Value | str) -> str:
    """What a value is, for messages."""
    match value:
        case Option():
            return f"the option {value}"
        case str():
            return "a text"
        case Series():
            return "a time series"
        case tuple():
            return "an array of time series"
        case _:
            return "a number"


class Environment(Protocol):
    """What an expression is evaluated in."""

    @property
    def grid(self) -> Sequence[int]:
        """The starts of all periods in order, epoch seconds."""
        ...

    @property
    def period(self) -> int:
        """Seconds."""
        ...

    def metrics(self, part: str) -> tuple[Series, ...]:
        """The metrics among the queries whose ids contain this."""
        ...

    def search(self, text: str, stat: str, period: int) -> tuple[Series, ...]:
        """The metrics that a search finds; raises WrongArguments where there is no searching."""
        ...
