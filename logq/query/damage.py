"""Why DuckDB could not read: a damaged segment, or a fault of ours.

DuckDB raises the same errors over a damaged file and over SQL that it cannot run, and after some
of them answers nothing any more. So the files themselves are looked at, not what it says of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from logq.errors import EngineFault
from logq.model import Piece
from logq.query.connection import Damaged
from logq.query.planner import Plan


def damaged(
    plans: Iterable[Plan],
    error: Damaged,
    is_intact: Callable[[str], bool],
    can_read: Callable[[str], bool],
) -> list[Piece]:
    """The segments of plans that are not what was written, else those that nobody can read.

    ``is_intact`` takes the id of a segment and compares its bytes; ``can_read`` takes a path and
    reads with a new DuckDB. A segment that the error names is looked at first.
    """
    pieces = {r.piece.path: r.piece for plan in plans for r in plan.readings}
    files = {path: piece for path, piece in pieces.items() if path is not None}
    named = [piece for path, piece in files.items() if path in error.message]
    for some in (named, files.values()):
        if bad := [piece for piece in some if not is_intact(piece.name)]:
            return bad
    return [piece for path, piece in files.items() if not can_read(path)]


def fault(error: Damaged) -> EngineFault:
    """What to tell when all segments are as they should be."""
    return EngineFault.of(error.reason)
