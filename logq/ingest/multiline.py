"""Joining the lines of an event: stack traces, partial lines of containers, a user's own pattern.

``join_block`` takes and gives Arrow arrays; what may still go on at the end of a block is carried
into the next one. ``boundary`` says the same of bytes. ``Joiner`` does it line by line, with a
timer. A block in which no line can go on with another costs one search by a regular expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, zip_longest

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.envelope import open_envelopes
from logq.ingest.trace import Preset, continues, matches, preset_named

MAX_LINES = 500
MAX_BYTES = 256 * 1024
_NEWLINE = b"\n"
_TRAILING = r"(?:\r?\n[ \t\r]*)+$"


@dataclass(frozen=True, slots=True)
class Caps:
    """When an event is cut: the rest becomes an event of its own."""

    lines: int = MAX_LINES
    bytes: int = MAX_BYTES
    """One line is never cut here, however long."""


DEFAULT_CAPS = Caps()


@dataclass(frozen=True, slots=True)
class Joined:
    """Events made of a block of lines."""

    events: pa.Array
    """Of the type of the lines; the lines of an event are parted by newlines."""
    cut: int
    """How many of the events were ended by a cap."""
    carry: pa.Array
    """The last lines: what may still go on, to be put in front of the next block."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """Which lines make which event, in the order of first lines."""

    groups: list[list[int]] | None
    """Numbers of the lines of each closed event; None: each closed line is an event."""
    cut: frozenset[int]
    """Which groups were ended by a cap."""
    open_from: int
    """The first line of an event that may go on; all lines from there on are carried."""


def join_block(
    lines: pa.Array,
    preset: Preset | str,
    *,
    carry: pa.Array | None = None,
    caps: Caps = DEFAULT_CAPS,
    last: bool = False,
) -> Joined:
    """Join the lines (string or binary, without newlines) of ``carry`` and a block.

    With ``last`` nothing is carried. No line is lost but blank ones at the end of an event.
    """
    if carry is not None and len(carry):
        lines = pa.concat_arrays([carry, lines])
    known = preset_named(preset) if isinstance(preset, str) else preset
    plain = None if known.envelope else _join_plain(lines, known, caps, last)
    if plain is not None:
        return plain
    grouped = group(lines, known, caps, last)
    rest = lines.slice(grouped.open_from)
    if grouped.groups is None:
        return Joined(lines.slice(0, grouped.open_from), 0, rest)
    return Joined(_join(lines, grouped.groups), len(grouped.cut), rest)


def boundary(preset: Preset | str, caps: Caps = DEFAULT_CAPS) -> Callable[[bytes], int]:
    """A function from whole lines to the place where their first event that may go on begins."""
    known = preset_named(preset) if isinstance(preset, str) else preset

    def place(data: bytes) -> int:
        enough = len(data) - 4 * caps.bytes
        start = 0 if enough <= 0 else data.find(_NEWLINE, enough) + 1
        if not data[start:]:
            return len(data)
        lines = data[start:].removesuffix(_NEWLINE).split(_NEWLINE)
        open_from = group(pa.array(lines, pa.binary()), known, caps, False).open_from
        return start + sum(len(line) + 1 for line in lines[:open_from])

    return place


def group(lines: pa.Array, preset: Preset, caps: Caps, last: bool) -> Grouped:
    """Which of ``lines`` make an event together."""
    if not len(lines):
        return Grouped(None, frozenset(), 0)
    if preset.envelope:
        return _group_streams(lines, preset, caps, last)
    goes_on = continues(preset, lines)
    if not pc.any(goes_on).as_py():
        return Grouped(None, frozenset(), len(lines) if last else _last_written(lines))
    groups, cut = _split(list(range(len(lines))), goes_on.to_pylist(), _sizes(lines), caps)
    open_from = len(lines) if last else groups.pop()[0]
    return Grouped(groups, frozenset(cut), open_from)


def _group_streams(lines: pa.Array, preset: Preset, caps: Caps, last: bool) -> Grouped:
    inside = open_envelopes(lines, preset.envelope)
    streams = pc.unique(inside.streams)
    members = [pc.indices_nonzero(pc.equal(inside.streams, name)).to_pylist() for name in streams]
    may_join = (
        pc.any(inside.partial).as_py() or pc.any(matches(inside.texts, preset.possible)).as_py()
    )
    if not may_join:
        ends = [numbers[-1] for numbers in members if len(lines) - numbers[-1] <= caps.lines]
        return Grouped(None, frozenset(), len(lines) if last else min(ends))
    groups: list[list[int]] = []
    cut: set[int] = set()  # first lines
    open_from = len(lines)
    sizes = _sizes(lines)
    partial = inside.partial.to_pylist()
    for numbers in members:
        goes_on = continues(preset, inside.texts.take(pa.array(numbers))).to_pylist()
        for place, (before, number) in enumerate(pairwise(numbers), 1):
            goes_on[place] = partial[before] or (goes_on[place] and number - before <= caps.lines)
        found, found_cut = _split(numbers, goes_on, sizes, caps)
        if not last and len(lines) - numbers[-1] <= caps.lines:
            open_from = min(open_from, found[-1][0])
        groups += found
        cut |= {found[place][0] for place in found_cut}
    groups.sort()
    for lines_of in reversed(groups):
        if lines_of[0] < open_from <= lines_of[-1]:
            open_from = lines_of[0]
    closed = [lines_of for lines_of in groups if lines_of[0] < open_from]
    return Grouped(
        closed,
        frozenset(place for place, lines_of in enumerate(closed) if lines_of[0] in cut),
        open_from,
    )


def _last_written(lines: pa.Array) -> int:
    place = len(lines) - 1
    while place > 0 and not lines[place].as_py():
        place -= 1
    return place


def _sizes(lines: pa.Array) -> list[int]:
    sizes: list[int] = pc.add(pc.binary_length(lines).cast(pa.int64()), 1).to_pylist()
    return sizes


def _split(
    numbers: list[int], goes_on: list[bool], sizes: list[int], caps: Caps
) -> tuple[list[list[int]], list[int]]:
    """Groups of the lines ``numbers``, and the places of the groups that a cap ended."""
    groups: list[list[int]] = []
    cut: list[int] = []
    size = 0
    for number, continued in zip(numbers, goes_on, strict=True):
        if groups and continued:
            if len(groups[-1]) < caps.lines and size + sizes[number] <= caps.bytes:
                groups[-1].append(number)
                size += sizes[number]
                continue
            cut.append(len(groups) - 1)
        groups.append([number])
        size = sizes[number]
    return groups, cut


def _join_plain(lines: pa.Array, preset: Preset, caps: Caps, last: bool) -> Joined | None:
    """What ``join_block`` returns, without a look at single lines; None where a cap is reached."""
    goes_on = continues(preset, lines)
    if not pc.any(goes_on).as_py():
        return None
    starts = pc.indices_nonzero(pc.invert(goes_on)).cast(pa.int32())
    bounds = pa.concat_arrays([starts, pa.array([len(lines)], pa.int32())])
    written = pc.cumulative_sum(pc.add(pc.binary_length(lines).cast(pa.int64()), 1))
    written = pa.concat_arrays([pa.array([0], pa.int64()), written])
    largest = pc.max(pc.pairwise_diff(written.take(bounds))).as_py()
    if pc.max(pc.pairwise_diff(bounds)).as_py() > caps.lines or largest > caps.bytes:
        return None
    if not last:
        bounds = starts
    open_from = bounds[-1].as_py()
    return Joined(_join_lists(bounds, lines.slice(0, open_from)), 0, lines.slice(open_from))


def _join(lines: pa.Array, groups: list[list[int]]) -> pa.Array:
    offsets = [0, *accumulate(map(len, groups))]
    order = pa.array([number for numbers in groups for number in numbers], pa.int64())
    return _join_lists(pa.array(offsets, pa.int32()), lines.take(order))


def _join_lists(offsets: pa.Int32Array, lines: pa.Array) -> pa.Array:
    lists = pa.ListArray.from_arrays(offsets, lines)
    joined = pc.binary_join(lists, pa.scalar("\n", pa.string()).cast(lines.type))
    trailing = matches(joined, r"\n\s*$")
    if not pc.any(trailing).as_py():
        return joined
    return pc.if_else(trailing, pc.replace_substring_regex(joined, _TRAILING, ""), joined)


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a stream of lines."""

    text: bytes
    end: int
    """The offset up to which every line is in this event or one before it."""
    cut: bool = False
    """A cap ended it; the next event is its rest."""


class Joiner:
    """Joins the lines of one source as they come; an event waits until another one begins.

    ``timeout_ms`` after the last line whatever waits is complete.
    """

    def __init__(
        self,
        preset: Preset | str,
        max_lines: int = MAX_LINES,
        max_bytes: int = MAX_BYTES,
        timeout_ms: int = 2000,
    ) -> None:
        self._preset = preset_named(preset) if isinstance(preset, str) else preset
        self._caps = Caps(max_lines, max_bytes)
        self._timeout = timeout_ms
        self._lines: list[bytes] = []
        self._ends: list[int] = []
        self._fed = 0

    @property
    def waiting(self) -> int:
        """How many lines wait."""
        return len(self._lines)

    def feed(self, lines: Sequence[bytes], ends: Sequence[int], now: int) -> list[Event]:
        """Take whole lines and the offsets just after them; what is complete comes back."""
        if lines:
            self._lines += lines
            self._ends += ends
            self._fed = now
        return self._take(last=False)

    def flush_due(self, now: int) -> list[Event]:
        """Whatever waits, if the last line came ``timeout_ms`` ago or longer."""
        return self.flush() if now - self._fed >= self._timeout else []

    def flush(self) -> list[Event]:
        """Whatever waits."""
        return self._take(last=True)

    def _take(self, *, last: bool) -> list[Event]:
        lines = pa.array(self._lines, pa.binary())
        grouped = group(lines, self._preset, self._caps, last)
        if grouped.groups is None:
            texts, groups = self._lines[: grouped.open_from], None
        else:
            texts, groups = _join(lines, grouped.groups).to_pylist(), grouped.groups
        events = [
            Event(text, end, place in grouped.cut)
            for place, (text, end) in enumerate(zip(texts, self._safe(groups), strict=False))
        ]
        del self._lines[: grouped.open_from], self._ends[: grouped.open_from]
        return events

    def _safe(self, groups: list[list[int]] | None) -> Iterator[int]:
        if groups is None:
            yield from self._ends
            return
        reached = -1
        safe = self._ends[0] - len(self._lines[0]) - 1
        firsts = [numbers[0] for numbers in groups[1:]]
        for numbers, following in zip_longest(groups, firsts):
            reached = max(reached, numbers[-1])
            if following is None or reached < following:
                safe = self._ends[reached]
            yield safe
