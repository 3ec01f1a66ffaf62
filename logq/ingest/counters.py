"""What the agent counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Running totals of one agent process; bytes unless said otherwise."""

    lines: int = 0
    events: int = 0
    bytes: int = 0
    batches: int = 0
    rotations: int = 0
    truncations: int = 0
    cut_lines: int = 0
    unfinished_lines: int = 0
    invalid_utf8: int = 0
    """Events whose bytes are not UTF-8."""
    parse_failures: int = 0
    """Pieces that a format could not read and that were stored as plain text."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Bytes that are not stored, by reason: removed, truncated, cut, conflict, expired (events)."""
