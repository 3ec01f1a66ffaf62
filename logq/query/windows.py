"""Windows of time that are read one after the other, from one end of the events to the other."""

from __future__ import annotations

from collections.abc import Sequence

from logq.query.planner import FIRST_WINDOW_ROWS, LAST_WINDOW_ROWS
from logq.query.source import Reading

Bounds = tuple[int | None, int | None]
Window = tuple[int | None, int | None, bool]
"""First and last millisecond, and whether another window follows."""


def windows(readings: Sequence[Reading], bounds: Bounds, descending: bool) -> list[Window]:
    """Windows that leave no millisecond of the bounds out and grow in rows."""
    sign = -1 if descending else 1
    spans = (
        (group.start, group.end, group.rows)
        for reading in readings
        for group in (reading.piece.row_groups or (reading.piece,))
    )
    parts = sorted(
        (-end, -start, rows) if descending else (start, end, rows) for start, end, rows in spans
    )
    near, far = (bounds[1], bounds[0]) if descending else bounds
    first, last = (None if edge is None else edge * sign for edge in (near, far))
    cuts = [
        cut
        for cut in _cuts(parts)
        if (first is None or cut >= first) and (last is None or cut < last)
    ]
    edges: list[tuple[int | None, int | None, bool]] = []
    for cut in cuts:
        edges.append((first, cut, True))
        first = cut + 1
    edges.append((first, last, False))
    if not descending:
        return edges
    return [(_negative(end), _negative(start), more) for start, end, more in edges]


def _cuts(parts: Sequence[tuple[int, int, int]]) -> list[int]:
    """Where windows end, rising."""
    cuts: list[int] = []
    collected, target = 0, FIRST_WINDOW_ROWS
    for _, end, rows in parts:
        collected += rows
        if collected >= target and (not cuts or end > cuts[-1]):
            cuts.append(end)
            collected, target = 0, min(target * 4, LAST_WINDOW_ROWS)
    return cuts


def _negative(edge: int | None) -> int | None:
    return None if edge is None else -edge
