"""What a query has to read: decided from the catalog before DuckDB sees anything.

Everything here may only leave out what cannot change the answer: segments outside the time range
or without a wanted stream or field, and row groups whose times or texts cannot match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from logq import model
from logq.errors import QueryError
from logq.model import Piece, Snapshot
from logq.query import nodes
from logq.query.command import Command
from logq.query.commands.fields import Display, Fields
from logq.query.commands.filter import Filter, Search
from logq.query.commands.limit import Head, Limit
from logq.query.commands.parse import Parse
from logq.query.commands.sort import Sort
from logq.query.filter_pattern import required_texts
from logq.query.function import canonical
from logq.query.grid import lengths
from logq.query.matching import Matching
from logq.query.nodes import Expr
from logq.query.regex import compile_pattern
from logq.query.source import Reading, Source
from logq.units import parse_iso

TextIndex = Callable[[str, int, bytes], bool]
"""Of an index file, a row group and a text: whether the row group may hold the text."""

FIRST_WINDOW_ROWS = 65_536
LAST_WINDOW_ROWS = 1 << 20
"""Windows of newest rows grow from the first to the last size."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What every event of the answer must be like."""

    start: int | None = None
    end: int | None = None
    """Epoch milliseconds, both inclusive."""
    streams: frozenset[str] | None = None
    fields: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    """Texts that ``@message`` must contain."""

    @property
    def window(self) -> tuple[int | None, int | None]:
        return self.start, self.end


def earlier(needs: Needs, period: nodes.Duration) -> Needs:
    """The same needs of events that lie back by a period."""
    shortest, longest = lengths(period)
    return replace(
        needs,
        start=None if needs.start is None else needs.start - longest,
        end=None if needs.end is None else needs.end - shortest,
    )


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


def needs_of(commands: Iterable[Command], start: int | None, end: int | None) -> Needs:
    """What the filters before the first limit, sort-dependent command or barrier ask for."""
    needs = Needs(start, end)
    defined: set[str] = set()
    for command in commands:
        match command:
            case Filter() | Search():
                for part in _conjuncts(command.condition):
                    needs = _narrow(needs, part, defined)
            case Matching(pattern=pattern):
                needs = replace(needs, texts=(*needs.texts, *required_texts(pattern)))
            case Fields(items=items) | Display(items=items):
                defined |= {item.alias for item in items if item.alias is not None}
            case Parse(names=names, pattern=pattern):
                defined |= {name.name for name in names} | _groups(pattern)
            case Sort():
                pass
            case _:
                break
    return needs


def _groups(pattern: object) -> set[str]:
    if not isinstance(pattern, nodes.Regex):
        return set()
    try:
        return {g for g in compile_pattern(pattern.pattern).groups if g is not None}
    except QueryError:
        return set()


def _conjuncts(condition: Expr) -> Iterable[Expr]:
    if isinstance(condition, nodes.And):
        for value in condition.values:
            yield from _conjuncts(value)
    else:
        yield condition


Constant = str | int | float | None


@dataclass(frozen=True, slots=True)
class _Test:
    """A condition on one field alone that something missing cannot meet."""

    field: str
    op: str
    """``= < <= > >= in like present``."""
    values: tuple[Constant, ...] = ()


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _test_of(part: Expr) -> _Test | None:
    match part:
        case nodes.Compare(op="!="):
            return None
        case nodes.Compare(op=op, left=nodes.Field() as field, right=nodes.Literal(value=value)):
            return _Test(field.name, op, (value,))
        case nodes.Compare(op=op, left=nodes.Literal(value=value), right=nodes.Field() as field):
            return _Test(field.name, _MIRRORED.get(op, op), (value,))
        case nodes.Like(value=nodes.Field() as field, pattern=pattern, negated=False):
            return _Test(field.name, "like", _texts(pattern))
        case nodes.In(value=nodes.Field() as field, items=nodes.ListLiteral() as items):
            return None if part.negated else _Test(field.name, "in", _values(items))
        case nodes.Call(name=name, args=(nodes.Field() as field,)):
            return _Test(field.name, "present") if canonical(name) == "ispresent" else None
        case _:
            return None


def _values(items: nodes.ListLiteral) -> tuple[Constant, ...]:
    return tuple(item.value for item in items.items)


def _narrow(needs: Needs, part: Expr, defined: set[str]) -> Needs:
    test = _test_of(part)
    if test is None or any(test.field == d or test.field.startswith(d + ".") for d in defined):
        return needs
    if test.field == model.LOG_STREAM:
        return _narrow_streams(needs, test)
    if test.field == model.TIMESTAMP:
        value = test.values[0] if test.values else None
        return _narrow_time(needs, test.op, parse_iso(value) if isinstance(value, str) else None)
    if test.field == model.MESSAGE:
        texts = (str(v) for v in test.values if test.op == "like")
        return replace(needs, texts=(*needs.texts, *texts))
    if test.field.startswith("@") and not test.field.startswith("@@"):
        return needs
    return replace(needs, fields=needs.fields | {test.field})


def _narrow_streams(needs: Needs, test: _Test) -> Needs:
    if test.op not in ("=", "in") or not all(isinstance(v, str) for v in test.values):
        return needs
    streams = frozenset(str(v) for v in test.values)
    return replace(needs, streams=streams if needs.streams is None else streams & needs.streams)


def _texts(pattern: nodes.Literal | nodes.Regex) -> tuple[str, ...]:
    if isinstance(pattern, nodes.Literal):
        return (str(pattern.value),)
    try:
        return compile_pattern(pattern.pattern).literals
    except QueryError:
        return ()


def _narrow_time(needs: Needs, op: str, moment: int | None) -> Needs:
    if moment is None:
        return needs
    start, end = needs.start, needs.end
    if op in (">", ">=", "="):
        start = moment if start is None else max(start, moment)
    if op in ("<", "<=", "="):
        end = moment if end is None else min(end, moment)
    return replace(needs, start=start, end=end)


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
    if isinstance(command, Filter) and has_query(command.condition):
        return False  # it would be run again with every window
    if isinstance(command, Parse):
        return not command.multi
    return isinstance(command, Matching | Fields | Display | Filter | Search)


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
        beside = isinstance(command, Fields | Display)
        if not is_rowwise(command) or _redefines_time(command) or (rows and not beside):
            return None
    return rows


def _redefines_time(command: Command) -> bool:
    match command:
        case Fields(items=items) | Display(items=items):
            return any(item.alias == model.TIMESTAMP for item in items)
        case Parse(names=names):
            return any(name.name == model.TIMESTAMP for name in names)
        case _:
            return False


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
