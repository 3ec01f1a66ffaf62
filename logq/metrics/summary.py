"""What is kept of the samples of one bucket: enough for every statistic, and mergeable.

Up to ``MOST_VALUES`` different values are kept exactly, with how often each was seen. More are
folded into bins whose borders grow by a tenth, so that a percentile is wrong by 5 % at most. How
samples were divided among calls never matters: whatever has more values than fit is folded whole.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

MOST_VALUES = 150
_GROWTH = math.log(1.1)
_ZERO = 10_000
"""More than the number of any bin: the sign of a key is the sign of its values."""

_COUNTED, _FOLDED, _OPAQUE = 1, 2, 4
_FIGURES = struct.Struct("<4d")


class Figures(NamedTuple):
    """What is known of any samples."""

    samples: float
    total: float
    low: float
    high: float


NOTHING = Figures(0.0, 0.0, math.inf, -math.inf)


def joined(figures: Iterable[Figures]) -> Figures:
    """The figures of all samples together."""
    parts = list(figures)
    if len(parts) == 1:
        return parts[0]
    return Figures(
        math.fsum(each.samples for each in parts),
        math.fsum(each.total for each in parts),
        min((each.low for each in parts), default=math.inf),
        max((each.high for each in parts), default=-math.inf),
    )


@dataclass(slots=True)
class Summary:
    """Samples; grows by ``add`` and ``merge``."""

    values: dict[float, float] = field(default_factory=dict)
    """How often each value was seen; empty once they are folded."""
    bins: dict[int, float] = field(default_factory=dict)
    """How many samples lie in each bin, once they are folded."""
    rest: Figures = NOTHING
    """Of the samples that are not among the values."""
    opaque: bool = False
    """Whether of some samples only figures are known: there are no percentiles then."""

    def add(self, value: float, count: float = 1.0) -> None:
        """Add a value that was seen ``count`` times."""
        value += 0.0  # of the two zeros only one is kept
        if self.bins:
            self.rest = joined([self.rest, Figures(count, value * count, value, value)])
            key = bin_of(value)
            self.bins[key] = self.bins.get(key, 0.0) + count
            return
        self.values[value] = self.values.get(value, 0.0) + count
        if len(self.values) > MOST_VALUES:
            self._fold()

    def add_figures(self, figures: Figures) -> None:
        """Add samples of which only the figures are known; if all are equal, they are known."""
        if figures.low == figures.high and math.isclose(
            figures.total, figures.low * figures.samples, rel_tol=1e-9, abs_tol=1e-300
        ):
            self.add(figures.low, figures.samples)
        else:
            self.rest = joined([self.rest, figures])
            self.opaque = True

    def merge(self, other: Summary) -> None:
        """Add the samples of another."""
        if other.bins and not self.bins:
            self._fold()
        for value, count in other.values.items():
            self.add(value, count)
        for key, count in other.bins.items():
            self.bins[key] = self.bins.get(key, 0.0) + count
        if other.rest.samples:
            self.rest = joined([self.rest, other.rest])
        self.opaque = self.opaque or other.opaque

    def _fold(self) -> None:
        self.rest = self.figures
        for value, count in self.values.items():
            key = bin_of(value)
            self.bins[key] = self.bins.get(key, 0.0) + count
        self.values = {}

    @property
    def figures(self) -> Figures:
        """Of all samples."""
        if not self.values:
            return self.rest
        held = Figures(
            math.fsum(self.values.values()),
            math.fsum(value * count for value, count in self.values.items()),
            min(self.values),
            max(self.values),
        )
        return joined([held, self.rest]) if self.rest.samples else held

    def weighed(self) -> dict[float, float]:
        """Values and how often each was seen; the middle of a bin stands for what is in it."""
        if not self.bins:
            return self.values
        found: dict[float, float] = {}
        for key, count in self.bins.items():
            value = min(max(middle_of(key), self.rest.low), self.rest.high)
            found[value] = found.get(value, 0.0) + count
        return found

    @property
    def counts(self) -> list[float]:
        """How often each value was seen, or how many samples each bin has, in their order."""
        if self.bins:
            return [self.bins[key] for key in sorted(self.bins)]
        return [self.values[value] for value in sorted(self.values)]

    def detail(self) -> bytes | None:
        """What ``of`` needs beside the figures; None if one value is all there is."""
        if len(self.values) == 1 and not self.rest.samples:
            return None
        keys: Sequence[float] = sorted(self.bins) or sorted(self.values)
        counts = self.counts
        counted = any(count != 1.0 for count in counts)
        kind = counted * _COUNTED | bool(self.bins) * _FOLDED | self.opaque * _OPAQUE
        parts = [bytes([kind])]
        if self.opaque and not self.bins:
            parts.append(_FIGURES.pack(*self.rest))
        parts.append(struct.pack(f"<{len(keys)}{'h' if self.bins else 'd'}", *keys))
        if counted:
            parts.append(struct.pack(f"<{len(keys)}d", *counts))
        return b"".join(parts)

    @classmethod
    def of(cls, figures: Figures, detail: bytes | None) -> Self:
        """The summary with these figures and this detail."""
        if detail is None:
            return cls({figures.low: figures.samples})
        kind, at = detail[0], 1
        rest = NOTHING
        if kind & _FOLDED:
            rest = figures
        elif kind & _OPAQUE:
            rest = Figures(*_FIGURES.unpack_from(detail, at))
            at += _FIGURES.size
        size = (2 if kind & _FOLDED else 8) + (8 if kind & _COUNTED else 0)
        many = (len(detail) - at) // size
        keys = struct.unpack_from(f"<{many}{'h' if kind & _FOLDED else 'd'}", detail, at)
        counts: Iterable[float] = (1.0,) * many
        if kind & _COUNTED:
            counts = struct.unpack_from(f"<{many}d", detail, len(detail) - 8 * many)
        held = dict(zip(keys, counts, strict=True))
        opaque = bool(kind & _OPAQUE)
        if kind & _FOLDED:
            return cls({}, held, rest, opaque)
        return cls(held, {}, rest, opaque)


def bin_of(value: float) -> int:
    """The key of the bin of a value; keys are in the order of the values."""
    if value == 0:
        return 0
    number = math.floor(math.log(abs(value)) / _GROWTH) + _ZERO
    return number if value > 0 else -number


def middle_of(key: int) -> float:
    """The value that stands for those of a bin."""
    if key == 0:
        return 0.0
    return math.copysign(math.exp((abs(key) - _ZERO + 0.5) * _GROWTH), key)
