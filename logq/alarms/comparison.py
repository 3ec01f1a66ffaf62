"""How a point is held against a threshold, or against the two edges of a band."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from logq.alarms.state import Slot


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator of alarms; the point is on its left."""

    name: str
    """As CloudWatch calls it."""
    sign: str
    """As people write it; empty for those of bands."""
    words: str
    """For reasons: the point was ... the threshold."""
    breaches: Callable[[float, float, float], bool]
    """Of a value and the lower and upper edge; both are the threshold where it is one."""


_ALL = (
    Comparison(
        "GreaterThanOrEqualToThreshold",
        ">=",
        "greater than or equal to",
        lambda value, low, high: value >= high,
    ),
    Comparison("GreaterThanThreshold", ">", "greater than", lambda value, low, high: value > high),
    Comparison("LessThanThreshold", "<", "less than", lambda value, low, high: value < low),
    Comparison(
        "LessThanOrEqualToThreshold",
        "<=",
        "less than or equal to",
        lambda value, low, high: value <= low,
    ),
    Comparison(
        "LessThanLowerOrGreaterThanUpperThreshold",
        "",
        "outside of",
        lambda value, low, high: value < low or value > high,
    ),
    Comparison("LessThanLowerThreshold", "", "less than", lambda value, low, high: value < low),
    Comparison(
        "GreaterThanUpperThreshold", "", "greater than", lambda value, low, high: value > high
    ),
)
COMPARISONS: Mapping[str, Comparison] = {each.name: each for each in _ALL}
SIGNS: Mapping[str, Comparison] = {each.sign: each for each in _ALL if each.sign}
STATIC = tuple(each.name for each in SIGNS.values())
"""The operators that take one threshold."""


def classify(value: float | None, operator: str, low: float, high: float | None = None) -> Slot:
    """What a point is; a threshold is ``low`` alone, a band has both edges."""
    if value is None:
        return Slot.MISSING
    breaches = COMPARISONS[operator].breaches(value, low, low if high is None else high)
    return Slot.BREACH if breaches else Slot.OK
