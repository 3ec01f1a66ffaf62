"""What a query has to read: decided from the catalog before DuckDB sees anything.

Everything here may only leave out what cannot change the answer: segments outside the time range
or without a wanted stream or field, and row groups whose times or texts cannot match.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from logq import model
from logq.model import Piece, Snapshot
from logq.query import nodes
from logq.query.command import Command
from logq.query.commands.limit import Head, Limit
from logq.query.commands.sort import Sort
from logq.query.needs import Needs
from logq.query.nodes import Expr
from logq.query.source import Reading, Source

TextIndex = Callable[[str, int, bytes], bool]
"""Of an index file, a row group and a text: whether the row group may hold the text."""

FIRST_WINDOW_ROWS = 65_536
LAST_WINDOW_ROWS = 1 << 20
"""Windows of newest rows grow from the first to the last size."""


NOT_INDEXED = "the log group does not index the fields of filterIndex"


@dataclass(frozen=True, slots=True)
class Skip:
    """A piece, or a part of one, that is not read, and why."""

    piece: Piece
    reason: str
    row_groups: int | None = None
    """How many of its row groups; None: all of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read and what is not."""

    needs: Needs
    readings: tuple[Reading, ...]
    skips: tuple[Skip, ...]

    @property
    def rows(self) -> int:
        """How many events are read."""
        return sum(rows_of(reading) for reading in self.readings)

    @property
    def bytes(self) -> int:
        """About how many bytes of files are read."""
        return sum(r.piece.bytes * rows_of(r) // max(1, r.piece.rows) for r in self.readings)


def rows_of(reading: Reading) -> int:
    """How many events a reading covers."""
    if reading.ranges is None:
        return reading.piece.rows
    return sum(last - first + 1 for first, last in reading.ranges)


def plan(snapshot: Snapshot, needs: Needs, index: TextIndex | None) -> Plan:
    """Choose the pieces and row ranges to read."""
    source = Source(snapshot)
    readings: list[Reading] = []
    skips: list[Skip] = []
    for piece in snapshot.pieces:
        reason = _why_not(piece, needs, snapshot, source)
        if reason is not None:
            skips.append(Skip(piece, reason))
            continue
        ranges, unread = _row_ranges(piece, needs, index)
        skips += [Skip(piece, reason, count) for reason, count in unread.items() if count]
        if ranges is None or ranges:
            readings.append(Reading(piece, ranges))
    return Plan(needs, tuple(readings), tuple(skips))


def _why_not(piece: Piece, needs: Needs, snapshot: Snapshot, source: Source) -> str | None:
    if _outside(piece.start, piece.end, needs):
        return "outside the time range"
    if piece.end < snapshot.visible_from.get(piece.group, piece.end):
        return "expired"
    if needs.groups is not None and piece.group not in needs.groups:
        return NOT_INDEXED
    if needs.streams is not None and piece.streams and not piece.streams & needs.streams:
        return "other log streams"
    for name in sorted(needs.fields):
        if not source.holds(piece, name):
            return f"no event has the field '{name}'"
    return None


def _outside(start: int, end: int, needs: Needs) -> bool:
    before = needs.start is not None and end < needs.start
    return before or (needs.end is not None and start > needs.end)


def _row_ranges(
    piece: Piece, needs: Needs, index: TextIndex | None
) -> tuple[tuple[tuple[int, int], ...] | None, dict[str, int]]:
    """Row ranges of the row groups that may match (None: all), and why others cannot."""
    unread = {"outside the time range": 0, "text index: cannot contain the text": 0}
    by_time, by_text = unread
    possible = _possible(piece, needs.texts, index)
    ranges: list[tuple[int, int]] = []
    first = 0
    for number, group in enumerate(piece.row_groups):
        last = first + group.rows - 1
        if _outside(group.start, group.end, needs):
            unread[by_time] += 1
        elif possible is not None and not possible[number]:
            unread[by_text] += 1
        elif ranges and ranges[-1][1] == first - 1:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
        first = last + 1
    if not any(unread.values()):
        return None, unread
    return tuple(ranges), unread


def _possible(piece: Piece, texts: Sequence[str], index: TextIndex | None) -> list[bool] | None:
    if index is None or piece.grams is None or not texts:
        return None
    wanted = [text.encode("utf-8", "surrogatepass") for text in texts]
    path = piece.grams
    return [all(index(path, n, w) for w in wanted) for n in range(len(piece.row_groups))]


def is_rowwise(command: Command) -> bool:
    """Whether a command looks at each event alone and keeps the newest first."""
    if isinstance(command, Sort):
        key = command.keys[0]
        newest = isinstance(key.expr, nodes.Field) and key.expr.name == model.TIMESTAMP
        return newest and key.descending
    if any(map(has_query, command.conditions())):
        return False  # it would be run again with every window
    return command.keeps_rows or command.filters


def has_query(condition: Expr) -> bool:
    """Whether a condition holds another query."""
    return any(
        isinstance(node, nodes.In) and isinstance(node.items, nodes.Subquery)
        for node in nodes.walk(condition)
    )


def newest_rows(commands: Sequence[Command]) -> int | None:
    """How many of the newest events that pass row-wise commands are the answer.

    0 stands for all of them; None if the answer is something else.
    """
    rows = 0
    for command in commands:
        if isinstance(command, Limit | Head):
            rows = min(rows, command.rows) if rows else command.rows
            continue
        redefines = command.name_before(model.TIMESTAMP) != model.TIMESTAMP
        if not is_rowwise(command) or redefines or (rows and command.filters):
            return None
    return rows


def newest_windows(readings: Sequence[Reading]) -> list[int]:
    """Times (ms, falling) that cut the readings into windows of growing numbers of rows."""
    parts = sorted(
        (
            (group.end, group.start, group.rows)
            for reading in readings
            for group in (reading.piece.row_groups or (reading.piece,))
        ),
        reverse=True,
    )
    cuts: list[int] = []
    collected, target = 0, FIRST_WINDOW_ROWS
    for _, start, rows in parts:
        collected += rows
        if collected >= target and (not cuts or start < cuts[-1]):
            cuts.append(start)
            collected, target = 0, min(target * 4, LAST_WINDOW_ROWS)
    return cuts
