"""Which series or bars an answer holds: the rules of drawing, without any drawing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_SERIES = 50
MOST_BARS = 100
OTHER = "other"

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: values by bucket start (epoch ms)."""

    label: str
    points: Mapping[int, float]

    @property
    def weight(self) -> float:
        """How much of the picture is this series; the heaviest are drawn."""
        return sum(abs(value) for value in self.points.values())


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    label: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns of an answer mean in a chart, as positions."""

    time: int | None
    keys: tuple[int, ...]
    values: tuple[int, ...]


def number(value: Any) -> float | None:
    """A value as a finite float, else None."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def roles(
    names: Sequence[str],
    types: Sequence[str],
    rows: Sequence[Row],
    time_column: str | None,
    keys: Iterable[str],
) -> Roles:
    """Time, keys and values by what the query says of them, else by their types."""
    time = names.index(time_column) if time_column in names else None
    known = {names.index(key) for key in keys if key in names} - {time}
    if time is None and not known and "timestamp" in types:
        first = types.index("timestamp")
        time = first if all(row[first] is not None for row in rows) else None
    values = tuple(
        at
        for at, type in enumerate(types)
        if at != time and at not in known and type != "timestamp" and _is_numeric(type, rows, at)
    )
    rest = [at for at in range(len(names)) if at != time and at not in values]
    return Roles(time, tuple(at for at in rest if not known or at in known), values)


def _is_numeric(type: str, rows: Sequence[Row], at: int) -> bool:
    if type in ("integer", "number"):
        return True
    held = [row[at] for row in rows if row[at] is not None]
    return type in ("dynamic", "text") and bool(held) and all(number(v) is not None for v in held)


def time_series(
    rows: Sequence[Row],
    found: Roles,
    names: Sequence[str],
    texts: Sequence[Callable[[Any], str]],
    additive: Iterable[str],
) -> tuple[list[Series], int]:
    """At most ``MOST_SERIES`` series, heaviest first, and how many were left out.

    One series for every combination of keys and value column. What is left out is summed as
    ``other`` where all of it may be summed.
    """
    assert found.time is not None
    points: dict[tuple[int, str], dict[int, float]] = {}
    for row in rows:
        value_of = {at: number(row[at]) for at in found.values}
        for at, value in value_of.items():
            if value is not None and row[found.time] is not None:
                held = points.setdefault((at, key_label(row, found.keys, texts)), {})
                held[row[found.time]] = value
    several = len(found.values) > 1
    drawn = [
        (at, Series(_series_label(key, names[at], several), by_time))
        for (at, key), by_time in points.items()
    ]
    drawn.sort(key=lambda pair: -pair[1].weight)
    if len(drawn) <= MOST_SERIES:
        return [series for _, series in drawn], 0
    kept = [series for _, series in drawn[: MOST_SERIES - 1]]
    rest = drawn[MOST_SERIES - 1 :]
    if not {names[at] for at, _ in rest} <= set(additive):
        return [*kept, rest[0][1]], len(rest) - 1
    total: dict[int, float] = {}
    for _, series in rest:
        for moment, value in series.points.items():
            total[moment] = total.get(moment, 0.0) + value
    return [*kept, Series(f"{OTHER} ({len(rest)} series)", total)], 0


def key_label(row: Row, keys: Sequence[int], texts: Sequence[Callable[[Any], str]]) -> str:
    """The keys of a row as one text."""
    return " · ".join("(missing)" if row[at] is None else texts[at](row[at]) for at in keys)


def _series_label(key: str, name: str, several: bool) -> str:
    if not key:
        return name
    return f"{key} · {name}" if several else key


def bars(
    rows: Sequence[Row],
    found: Roles,
    names: Sequence[str],
    texts: Sequence[Callable[[Any], str]],
    numeric_order: bool,
) -> tuple[list[Bar], int]:
    """At most ``MOST_BARS`` bars in the order of the rows, and how many were left out."""
    if numeric_order and found.keys:
        first = found.keys[0]
        rows = sorted(rows, key=lambda row: number(row[first]) or 0.0)
    several = len(found.values) > 1
    drawn = [
        Bar(_series_label(key_label(row, found.keys, texts), names[at], several), number(row[at]))
        for row in rows
        for at in found.values
    ]
    return drawn[:MOST_BARS], max(0, len(drawn) - MOST_BARS)


def histogram(moments: Sequence[int], buckets: int = 60) -> tuple[Series, int]:
    """How many of the moments (epoch ms) fall in each bucket, and the bucket's length.

    Empty buckets inside are zero: nothing happened there.
    """
    span = max(moments) - min(moments)
    length = next((size for size in ROUND_TIMES if span / size <= buckets), ROUND_TIMES[-1])
    counts: dict[int, float] = {}
    for moment in moments:
        start = moment // length * length
        counts[start] = counts.get(start, 0.0) + 1
    first, last = min(counts), max(counts)
    if (last - first) // length <= 10 * buckets:
        counts = {at: counts.get(at, 0.0) for at in range(first, last + 1, length)}
    return Series("events", counts), length


_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
ROUND_TIMES = (
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(_SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 7, 14, 28, 91, 182, 364, 1820, 3640, 36400)),
)
"""Lengths of time (ms) that people read easily."""
