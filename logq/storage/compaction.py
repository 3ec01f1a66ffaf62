"""Decide which segments to merge; the deciding half of compaction, without any effect."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from logq.model import RowGroup

WORKING_BYTES = 48 << 20
"""Message bytes that a compaction holds in memory at once; it takes up to ten times that."""

_MANY = 8
_MOST = 256
"""So many segments at most go into one: their footers are all in memory."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A segment as compaction sees it."""

    id: str
    day: str
    rows: int
    bytes: int
    disk_bytes: int
    compacted: bool
    row_groups: tuple[RowGroup, ...]
    sha256: str
    hidden: tuple[str, ...] = ()
    """Log streams whose events are deleted: they are left out when it is written anew."""
    hidden_rows: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a compacted segment may become."""

    rows: int
    disk_bytes: int
    working_bytes: int = WORKING_BYTES


def choose(
    candidates: Sequence[Candidate], limits: Limits, everything: bool
) -> list[list[Candidate]]:
    """The sets of segments to merge, each into one; all of one log group.

    With ``everything`` each segment that can gain is in a set; without, only sets whose merging
    is worth the writing: many segments, and not mostly events that were merged before.
    """
    days: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        days.setdefault(candidate.day, []).append(candidate)
    chosen = [
        part
        for day in sorted(days)
        for part in _parts(days[day], limits)
        if len(part) > 1 or any(not c.compacted or c.hidden for c in part)
    ]
    return chosen if everything else [part for part in chosen if _worth(part, limits)]


def _parts(day: Sequence[Candidate], limits: Limits) -> list[list[Candidate]]:
    parts: list[list[Candidate]] = []
    open_part: list[Candidate] = []
    for candidate in sorted(day, key=lambda c: (c.row_groups[0].start, c.id)):
        if candidate.compacted and _full([candidate], limits, share=0.5):
            if candidate.hidden:
                parts.append([candidate])
            continue
        if open_part and not _fits([*open_part, candidate], limits):
            parts.append(open_part)
            open_part = []
        open_part.append(candidate)
    return [*parts, open_part] if open_part else parts


def _full(part: Sequence[Candidate], limits: Limits, share: float) -> bool:
    rows, size = sum(c.rows for c in part), sum(c.disk_bytes for c in part)
    return rows >= limits.rows * share or size >= limits.disk_bytes * share


def _fits(part: Sequence[Candidate], limits: Limits) -> bool:
    if len(part) > _MOST:
        return False
    if sum(c.rows for c in part) > limits.rows:
        return False
    if sum(c.disk_bytes for c in part) > limits.disk_bytes:
        return False
    return working_bytes(part) <= limits.working_bytes


def working_bytes(part: Sequence[Candidate]) -> int:
    """Message bytes of the row groups that overlap in time at the worst moment."""
    spans = sorted(
        (g.start, g.end, c.bytes * g.rows // max(1, c.rows)) for c in part for g in c.row_groups
    )
    held: list[tuple[int, int]] = []
    now = worst = 0
    for start, end, size in spans:
        while held and held[0][0] < start:
            now -= heapq.heappop(held)[1]
        heapq.heappush(held, (end, size))
        now += size
        worst = max(worst, now)
    return worst


def _worth(part: Sequence[Candidate], limits: Limits) -> bool:
    fresh = [c for c in part if not c.compacted]
    rows = sum(c.rows for c in fresh)
    merged = sum(c.rows for c in part) - rows
    if _full(fresh, limits, share=0.5) or any(c.hidden_rows * 4 >= c.rows for c in part):
        return True
    return len(fresh) >= _MANY and rows * 4 >= merged
