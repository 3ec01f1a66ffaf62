"""Metrics as values: what identifies one, what a datum carries, and what a reader asks for.

Times are epoch seconds, periods are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

_AMOUNTS = tuple(
    prefix + unit
    for unit, first in (("bytes", "Bytes"), ("bits", "Bits"))
    for prefix, unit in (("", first), *((p, unit) for p in ("Kilo", "Mega", "Giga", "Tera")))
)
UNITS: tuple[str, ...] = (
    "Seconds",
    "Microseconds",
    "Milliseconds",
    *_AMOUNTS,
    "Percent",
    "Count",
    *(f"{amount}/Second" for amount in _AMOUNTS),
    "Count/Second",
    "None",
)
"""What a value can be measured in; nothing converts one into another."""

MINUTE = 60


@dataclass(frozen=True, slots=True, order=True)
class Metric:
    """What identifies a metric: another set of dimensions is another metric."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    """Pairs of name and value, sorted by name."""


@dataclass(frozen=True, slots=True)
class StatisticSet:
    """Samples of which only these four figures are known."""

    samples: float
    sum: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Datum:
    """Samples of one metric at one time."""

    metric: Metric
    time: int
    values: tuple[float, ...] = ()
    counts: tuple[float, ...] = ()
    """How often each value was seen; empty: once each."""
    statistics: StatisticSet | None = None
    """In place of values."""
    unit: str = "None"
    resolution: int = MINUTE
    """60, or 1 for values by the second."""


@dataclass(frozen=True, slots=True)
class MetricStat:
    """A statistic of a metric, such as its p99, by period."""

    metric: Metric
    stat: str
    period: int
    unit: str | None = None
    """Only samples of this unit; None for all."""


@dataclass(frozen=True, slots=True)
class DataQuery:
    """One query of several that may refer to each other: a statistic or an expression."""

    id: str
    stat: MetricStat | None = None
    expression: str | None = None
    """Metric math over the ids of others; exactly one of this and ``stat`` is given."""
    period: int | None = None
    """Of an expression."""
    label: str | None = None
    returned: bool = True
    """Whether its series is wanted, or only used by expressions."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time from ``start``, inclusive, to ``end``, exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Value:
    """A statistic over one window."""

    value: float
    samples: float
    """How many samples it is made of."""
