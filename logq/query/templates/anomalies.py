"""What is unusual about a pattern, against its lines of an earlier time."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from logq.query.templates.counting import Pattern
from logq.query.templates.template import Token

SURE = 3.0
"""So many standard deviations apart two counts are no chance."""
DOUBLE = 2.0
"""A pattern is unusual if it occurs so many times more or less often."""
ENOUGH = 10
"""Values are compared if both times have so many lines."""
FAR = 0.5
"""Two distributions differ by at least so much (0 to 1)."""
MORE_ERRORS = 0.1
"""The share of HTTP errors grows by at least so much."""
MEASURED = frozenset({"Number", "Duration", "Size"})
"""Kinds of tokens whose values are amounts."""
MOST_VALUES = 20
"""A token with more values, or one whose values are mostly different, names something unique."""
UNIQUE = frozenset({"Time", "Date", "UUID"})
"""Kinds of tokens whose values are always others."""


_AMOUNT = re.compile(r"([-+]?[0-9.]+) ?(.*)", re.DOTALL)
_UNITS: dict[str, float] = {
    "ns": 1e-6,
    "us": 1e-3,
    "µs": 1e-3,
    "ms": 1,
    "s": 1e3,
    "m": 6e4,
    "h": 3.6e6,
    "d": 8.64e7,
    "sec": 1e3,
    "second": 1e3,
    "min": 6e4,
    "minute": 6e4,
    "hour": 3.6e6,
    "day": 8.64e7,
    **{f"{prefix}{b}": 1024**n for n, prefix in enumerate("KMGTP", 1) for b in ("B", "iB")},
}
"""Milliseconds or bytes of the units that tokens have."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One thing that is unusual about a pattern."""

    pattern: Pattern
    type: str
    score: float
    """From 0 to 1."""
    description: str


def anomalies(patterns: Sequence[Pattern]) -> list[Anomaly]:
    """Everything unusual, the highest score first; nothing if there were no lines before."""
    if not any(pattern.counts[1] for pattern in patterns):
        return []
    found = [one for pattern in patterns if pattern.counts[0] for one in _of(pattern)]
    return sorted(
        found, key=lambda one: (-one.score, -one.pattern.counts[0], one.pattern.template.text)
    )


def _of(pattern: Pattern) -> Iterator[Anomaly]:
    now, before = pattern.counts
    if not before:
        times = f"{now} time{'s' * (now > 1)}"
        yield Anomaly(pattern, "New pattern", now / (now + 1), f"{times} now, never before")
        return
    sure = abs(now - before) >= SURE * (now + before) ** 0.5
    if sure and max(now, before) >= DOUBLE * min(now, before):
        share = abs(now - before) / (now + before)
        yield Anomaly(pattern, "Pattern frequency", share, f"{now} times now, {before} before")
    if min(now, before) < ENOUGH:
        return
    for token in pattern.template.tokens:
        yield from _of_token(pattern, token)


def _of_token(pattern: Pattern, token: Token) -> Iterator[Anomaly]:
    now, before = token.counts
    if not token.kind or not now or not before:
        return
    if token.is_status:
        grown = _errors(now) - _errors(before)
        if grown >= MORE_ERRORS:
            shares = f"{_errors(now):.0%} of {token.name} are errors, {_errors(before):.0%} before"
            yield Anomaly(pattern, "HTTP error code", _errors(now), shares)
        return
    if token.kind in MEASURED:
        far = _apart(_numbers(now), _numbers(before))
        if far >= FAR:
            middles = [_median(side) for side in (now, before)]
            unit = {"Duration": " ms", "Size": " bytes"}.get(token.kind, "")
            told = f"the median of {token.name} is {middles[0]:g}{unit}, {middles[1]:g} before"
            yield Anomaly(pattern, "Numerical token", far, told)
        return
    values = len(set(now) | set(before))
    if token.kind not in UNIQUE and values <= min(MOST_VALUES, sum(pattern.counts) / 2):
        far = _shift(now, before)
        if far >= FAR:
            value = max(sorted(now), key=lambda v: _share(now, v) - _share(before, v))
            told = (
                f"{token.name} is {value!r} in {_share(now, value):.0%} of the lines, "
                f"{_share(before, value):.0%} before"
            )
            yield Anomaly(pattern, "Token variation", far, told)


def _share(counts: Mapping[str, float], value: str) -> float:
    return counts.get(value, 0.0) / sum(counts.values())


def _errors(counts: Mapping[str, float]) -> float:
    return sum(_share(counts, value) for value in counts if value >= "4")


def _shift(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    """The total variation distance of two distributions of values."""
    values = set(now) | set(before)
    return sum(abs(_share(now, value) - _share(before, value)) for value in values) / 2


def _numbers(counts: Mapping[str, float]) -> list[tuple[float, float]]:
    """Numbers in order, with how many lines have one so large or less."""
    total, found = 0.0, []
    for value, count in sorted((amount(value), count) for value, count in counts.items() if value):
        total += count
        found.append((value, total))
    return [(value, upto / total) for value, upto in found]


def _apart(now: list[tuple[float, float]], before: list[tuple[float, float]]) -> float:
    """The largest difference of two cumulative distributions (Kolmogorov and Smirnov)."""
    return max((abs(_upto(now, at) - _upto(before, at)) for at, _ in now + before), default=0.0)


def _upto(numbers: list[tuple[float, float]], at: float) -> float:
    place = bisect_right(numbers, (at, 2.0))
    return numbers[place - 1][1] if place else 0.0


def amount(value: str) -> float:
    """The number that a value of a measured kind is, in milliseconds or bytes if it has a unit."""
    match = _AMOUNT.match(value)
    if match is None:
        return 0.0
    return float(match[1]) * _UNITS.get(match[2], _UNITS.get(match[2].rstrip("s"), 1))


def _median(counts: Mapping[str, float]) -> float:
    """The least number that at least half of the lines have or less."""
    return next((value for value, share in _numbers(counts) if share >= 0.5), 0.0)
