"""Which lines of one source make one event, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.format import HEAD, detect, format_named
from logq.ingest.multiline import join_block
from logq.ingest.parser import AUTO
from logq.ingest.text import without_returns

_EVENTS = "events"


class Chooser:
    """The multi-line preset of a source: the one asked for, or the one of its format."""

    def __init__(self, format: str, multiline: str | None = AUTO) -> None:
        self._preset: str | None = None
        self._heads: list[str] = []
        self._known = multiline != AUTO or format != AUTO
        if multiline != AUTO:
            self._preset = multiline
        elif format not in (AUTO, _EVENTS):
            self._preset = format_named(format).multiline

    def preset(self, lines: Iterable[bytes]) -> str | None:
        """The preset after a look at the first of these lines; None: every line is an event."""
        if not self._known:
            for line in lines:
                if len(self._heads) >= HEAD:
                    break
                if line.strip():
                    self._heads.append(line.decode("utf-8", "replace"))
            self._preset = detect(self._heads).multiline
            self._known = len(self._heads) >= HEAD
        return self._preset


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole events out of some lines."""

    events: pa.Array
    lines: pa.Array
    """The lines that they are made of."""
    held: int
    """Bytes of the lines behind them, which may still go on and come again with the next ones."""


class Joining:
    """Joins the lines of one source in order; what may still go on is held back."""

    def __init__(self, format: str, multiline: str | None = AUTO) -> None:
        self._chooser = Chooser(format, multiline)
        self.held = pa.array([], pa.binary())
        """Lines of an event that may still go on."""

    def take(self, lines: pa.Array, *, last: bool, whole: bool = False) -> Chunk:
        """The events that end in these binary lines, without newlines.

        ``last`` says that no line follows, ``whole`` that every line is to be an event: nothing
        is held back then.
        """
        lines, self.held = pa.concat_arrays([self.held, lines]), lines.slice(0, 0)
        preset = self._chooser.preset(line.as_py() for line in lines.slice(0, 2 * HEAD))
        if preset is None or whole:
            return Chunk(lines, lines, 0)
        joined = join_block(without_returns(lines), preset, last=last)
        closed = len(lines) - len(joined.carry)
        self.held = lines.slice(closed)
        size = pc.sum(pc.binary_length(self.held)).as_py() or 0
        return Chunk(joined.events, lines.slice(0, closed), size + len(self.held))
