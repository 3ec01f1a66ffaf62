"""How the columns of a table share the width of a terminal."""

from __future__ import annotations

from collections.abc import Sequence

GAP = "  "
"""Between two columns."""


def fit(wanted: Sequence[int], narrowest: Sequence[int], room: int) -> list[int] | None:
    """Widths that sum to ``room`` at most, or None; the widest columns give way first."""
    if sum(narrowest) > room:
        return None
    low, high = 0, max(wanted, default=0)
    while low < high:
        limit = (low + high + 1) // 2
        if sum(_limited(wanted, narrowest, limit)) <= room:
            low = limit
        else:
            high = limit - 1
    widths = _limited(wanted, narrowest, low)
    for at, (want, size) in enumerate(zip(wanted, widths, strict=True)):
        if size < want and sum(widths) < room:
            widths[at] += 1
    return widths


def _limited(wanted: Sequence[int], narrowest: Sequence[int], limit: int) -> list[int]:
    return [max(least, min(want, limit)) for want, least in zip(wanted, narrowest, strict=True)]
