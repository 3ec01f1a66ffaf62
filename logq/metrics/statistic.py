"""Statistics by the names that CloudWatch gives them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
How AWS interpolates percentiles is not published. Here a percentile is the nearest rank: the
smallest value up to which there are that many samples. Of a range in percent, the samples count
whose rank lies in it, a sample on its border in part.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import accumulate

from logq.errors import InvalidValue
from logq.metrics.summary import Figures, Summary

_PERCENT = r"(?:\d{1,2}(?:\.\d{0,10})?|100)"
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?"
_SHORT = re.compile(rf"(p|tm|tc|ts|wm)({_PERCENT})")
_RANGE = re.compile(
    rf"(TM|TC|TS|WM)\((?:({_PERCENT})%)?:(?:({_PERCENT})%)?\)"
    rf"|(TM|TC|TS|WM|PR)\(({_NUMBER})?:({_NUMBER})?\)"
)

BASIC: Mapping[str, Callable[[Figures], float]] = {
    "SampleCount": lambda figures: figures.samples,
    "Average": lambda figures: figures.total / figures.samples,
    "Sum": lambda figures: figures.total,
    "Minimum": lambda figures: figures.low,
    "Maximum": lambda figures: figures.high,
}
"""Statistics for which the figures are enough."""


@dataclass(frozen=True)
class Distribution:
    """Samples in order of their values."""

    values: tuple[float, ...]
    counts: tuple[float, ...]

    @cached_property
    def ranks(self) -> tuple[float, ...]:
        """How many samples there are up to each value."""
        return tuple(accumulate(self.counts))

    @property
    def samples(self) -> float:
        """How many there are; at least one."""
        return self.ranks[-1]

    def percentile(self, part: Fraction) -> float:
        """The smallest value up to which this part of all samples lies."""
        at = bisect_left(self.ranks, part * Fraction(self.samples))
        return self.values[min(at, len(self.values) - 1)]

    def up_to(self, value: float) -> float:
        """How many samples are not above a value."""
        at = bisect_right(self.values, value)
        return self.ranks[at - 1] if at else 0.0

    def sum(self, first: float, last: float) -> float:
        """The sum of the samples with ranks above ``first`` and up to ``last``."""
        parts = []
        before = 0.0
        for value, rank in zip(self.values, self.ranks, strict=True):
            inside = min(rank, last) - max(before, first)
            if inside > 0:
                parts.append(value * inside)
            before = rank
        return math.fsum(parts)


@dataclass(frozen=True, slots=True)
class Border:
    """An end of a range: a part of the samples, or a value."""

    part: Fraction | None = None
    value: float = 0.0

    def rank(self, of: Distribution) -> float:
        """How many samples lie up to it."""
        if self.part is None:
            return of.up_to(self.value)
        return float(self.part * Fraction(of.samples))

    def bound(self, of: Distribution) -> float:
        """The value that it stands for."""
        return self.value if self.part is None else of.percentile(self.part)


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic of samples."""

    name: str
    figure: Callable[[Figures], float] | None = None
    """For a statistic that needs no more than figures."""
    spread: Callable[[Distribution], float | None] | None = None
    """For one that needs to know the samples."""

    def of(self, summary: Summary) -> float | None:
        """Its value; None if there are no samples, or not enough is known of them."""
        figures = summary.figures
        if not figures.samples:
            return None
        if self.figure is not None:
            return self.figure(figures)
        if summary.opaque:
            return None
        return self.of_samples(summary.weighed())

    def of_samples(self, weighed: Mapping[float, float]) -> float | None:
        """Its value over samples that are known: how often each value was seen."""
        assert self.spread is not None
        values = tuple(sorted(weighed))
        return self.spread(Distribution(values, tuple(weighed[value] for value in values)))


@lru_cache(maxsize=1024)
def statistic(name: str) -> Statistic:
    """The statistic of this name; raises InvalidValue."""
    if name in BASIC:
        return Statistic(name, BASIC[name])
    if name == "IQM":
        return Statistic(name, None, _ranged("TM", _at("25"), _at("75")))
    if match := _SHORT.fullmatch(name):
        kind, border = match[1], _at(match[2])
        if kind == "p":
            part = border.part or Fraction(0)
            return Statistic(name, None, lambda samples: samples.percentile(part))
        return Statistic(name, None, _ranged(kind.upper(), None, border))
    if match := _RANGE.fullmatch(name):
        if match[1]:
            kind = match[1]
            first, last = (_at(text) if text else None for text in match.group(2, 3))
        else:
            kind = match[4]
            first, last = (
                Border(None, float(text)) if text else None for text in match.group(5, 6)
            )
        if first or last:
            return Statistic(name, None, _ranged(kind, first, last))
    raise InvalidValue(
        f"{name!r} is no statistic",
        hint="such as Sum, Average, Minimum, Maximum, SampleCount, p99, tm95, IQM or PR(:300)",
    )


def _at(percent: str) -> Border:
    return Border(Fraction(percent.rstrip(".")) / 100)


def _ranged(
    kind: str, first: Border | None, last: Border | None
) -> Callable[[Distribution], float | None]:
    def over(samples: Distribution) -> float | None:
        low = first.rank(samples) if first else 0.0
        high = max(last.rank(samples) if last else samples.samples, low)
        if kind == "TC":
            return high - low
        if kind == "PR":
            return 100.0 * (high - low) / samples.samples
        inside = samples.sum(low, high)
        if kind == "TS":
            return inside
        if kind == "TM":
            return inside / (high - low) if high > low else None
        below = first.bound(samples) * low if first else 0.0
        above = last.bound(samples) * (samples.samples - high) if last else 0.0
        return (below + inside + above) / samples.samples

    return over
