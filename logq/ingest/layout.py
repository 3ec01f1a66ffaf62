"""Text formats whose lines follow a few declared layouts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import re2

from logq.ingest.format import Context, Format, Projection
from logq.ingest.timestamps import find_missing, parse_timestamps

TIME = "time"
LEVELS = (
    r"(?:TRACE|FINEST|FINER|FINE|DEBUG|CONFIG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|CRITICAL"
    r"|FATAL|ALERT|EMERG|OFF)"
)
ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
MSG = r"(?P<msg>[^\n]*)"
"""The rest of an event's first line; a stack trace below it stays in the message alone."""
_LOOKED_AT = 4096


@dataclass(frozen=True)
class Layout:
    """One way in which a format writes an event, as a pattern for RE2.

    Group ``time`` is the time, every other group a field of its name.
    """

    pattern: str

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in order."""
        return tuple(re.findall(r"\(\?P<(\w+)>", self.pattern))

    @cached_property
    def _look(self) -> Any:
        return re2.compile(self.pattern)

    def fits(self, line: str) -> bool:
        """Whether a line begins in this layout."""
        return self._look.search(line[:_LOOKED_AT]) is not None


@dataclass(frozen=True, slots=True)
class Parts:
    """The pieces of some events that layouts cut out, by group; '' or null where missing."""

    texts: Mapping[str, pa.StringArray]
    fits: pa.BooleanArray
    """Which events follow one of the layouts."""


def cut_out(lines: pa.StringArray, layouts: Sequence[Layout]) -> Parts:
    """The groups of the first layout that each event follows."""
    texts: dict[str, pa.Array] = {}
    unread = pc.is_valid(lines)
    for layout in layouts:
        rest = lines.filter(unread)
        if not len(rest):
            break
        found = pc.extract_regex(rest, layout.pattern)
        if found.null_count == len(found):
            continue
        found_rows = pc.is_valid(found)
        whole = found.null_count == 0 and len(rest) == len(lines)
        rows = pc.replace_with_mask(unread, unread, found_rows)
        for group in layout.groups:
            text = found.field(group)
            if not whole:
                before = texts.get(group, pa.nulls(len(lines), pa.string()))
                text = pc.replace_with_mask(before, rows, text.filter(found_rows))
            texts[group] = text
        unread = pc.and_not(unread, rows)
    return Parts(texts, pc.invert(unread))


def text_column(texts: pa.StringArray, *, dash: bool = False) -> pa.StringArray:
    """Texts as a column: an empty one (and with ``dash``, a ``-``) is missing."""
    missing = pc.equal(texts, "")
    if dash:
        missing = pc.or_(missing, pc.equal(texts, "-"))
    return pc.if_else(missing, None, texts)


def int_column(texts: pa.StringArray) -> pa.Int64Array:
    """Texts as whole numbers; missing where they are none or beyond 18 digits."""
    try:
        return text_column(texts, dash=True).cast(pa.int64())
    except pa.ArrowInvalid:
        fits = pc.match_substring_regex(texts, r"^-?\d{1,18}$")
        return pc.if_else(fits, texts, None).cast(pa.int64())


def float_column(texts: pa.StringArray) -> pa.DoubleArray:
    """Texts as numbers; missing where they are none."""
    fits = pc.match_substring_regex(texts, r"^-?\d{1,30}(?:\.\d*)?$")
    return pc.if_else(fits, texts, None).cast(pa.float64())


class LayoutFormat(Format):
    """A format that is nothing but its layouts and the types of its fields."""

    layouts: ClassVar[tuple[Layout, ...]]
    paths: ClassVar[Mapping[str, str]] = {}
    """Fields not named like their group."""
    ints: ClassVar[frozenset[str]] = frozenset()
    floats: ClassVar[frozenset[str]] = frozenset()
    dash: ClassVar[bool] = False
    """Whether ``-`` stands for a missing value."""
    keeps_time: ClassVar[bool] = False
    """Whether the text of the time is a field, too."""
    shred: ClassVar[bool] = True
    """Whether a JSON object may follow the text of an event."""

    def recognises(self, line: str) -> bool:
        return any(layout.fits(line) for layout in self.layouts)

    def project(self, lines: pa.StringArray, context: Context) -> Projection:
        parts = cut_out(lines, self.layouts)
        times = find_missing(self.times(parts.texts, lines, context), lines, context)
        columns = {
            self.paths.get(group, group): column
            for group, text in parts.texts.items()
            if (group != TIME or self.keeps_time)
            and (column := self._column(group, text)).null_count < len(column)
        }
        return Projection(times, self.complete(columns, parts.texts), shred=self.shred)

    def times(
        self, texts: Mapping[str, pa.StringArray], lines: pa.StringArray, context: Context
    ) -> pa.TimestampArray:
        """The times that the layouts cut out."""
        if TIME not in texts:
            return pa.nulls(len(lines), pa.timestamp("ms"))
        return parse_timestamps(texts[TIME], context)

    def complete(
        self, columns: Mapping[str, pa.Array], texts: Mapping[str, pa.StringArray]
    ) -> Mapping[str, pa.Array]:
        """The columns, with those that a format computes from its groups."""
        return columns

    def _column(self, group: str, text: pa.StringArray) -> pa.Array:
        if group in self.ints:
            return int_column(text)
        if group in self.floats:
            return float_column(text)
        return text_column(text, dash=self.dash)
