"""How the lines of each followed file become events: one parser a file, as its source wants it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import pyarrow as pa

from logq.ingest.agent_config import Source
from logq.ingest.followed import Followed
from logq.ingest.format import FALLBACK, HEAD
from logq.ingest.hold import Boundary
from logq.ingest.joining import Chooser
from logq.ingest.masks import mask_named
from logq.ingest.multiline import boundary, join_block
from logq.ingest.parser import AUTO, Parsed, Parser
from logq.ingest.text import Mask
from logq.ingest.trace import preset_named
from logq.units import parse_zone

_KEPT = 1024
"""Readings in memory; one that was forgotten finds the format of its file again."""


class Reading:
    """The parser of one file, and which of its lines make one event."""

    def __init__(self, source: Source, parser: Parser) -> None:
        self._parser = parser
        self._chooser = Chooser(source.format, source.multiline)
        self._preset: str | None = None

    def open_from(self, lines: bytes) -> int:
        """The place in whole lines where their last event begins that may go on."""
        self._preset = self._chooser.preset(_heads(lines))
        return len(lines) if self._preset is None else _boundary(self._preset)(lines)

    def parse(
        self,
        lines: Sequence[bytes],
        *,
        stream: str,
        arrival: int,
        reference: int | None = None,
        cuts: Mapping[int, int] | None = None,
    ) -> Parsed:
        """The batch of whole events."""
        events = pa.array(lines, pa.binary())
        if self._preset is not None and not cuts:
            events = join_block(events, self._preset, last=True).events
        return self._parser.parse(
            events, stream=stream, arrival=arrival, reference=reference, cuts=cuts
        )


class FileParsers:
    """Makes readings, and remembers those used last."""

    def __init__(self) -> None:
        self._readings: OrderedDict[str, Reading] = OrderedDict()

    def check(self, source: Source) -> None:
        """Raise InvalidValue if the files of a source could not be parsed."""
        make_parser(source)
        if source.multiline not in (None, AUTO):
            preset_named(source.multiline)

    def parser(self, followed: Followed) -> Reading:
        """The reading of a file, with what it learned from the lines before."""
        key = followed.progress.key
        reading = self._readings.pop(key, None)
        if reading is None:
            progress = followed.progress
            parser = make_parser(followed.source, last=progress.event_time, begun=progress.offset)
            reading = Reading(followed.source, parser)
        self._readings[key] = reading
        if len(self._readings) > _KEPT:
            self._readings.popitem(last=False)
        return reading

    def plain_parser(self, followed: Followed) -> Parser:
        """A parser that looks for nothing in a line; labels and masks stay."""
        return make_parser(followed.source, FALLBACK, begun=1)

    def boundary(self, followed: Followed) -> Boundary | None:
        """How to find the event of a file that may still go on; None if lines are events."""
        if followed.source.multiline is None:
            return None
        return lambda lines: self.parser(followed).open_from(lines)


def make_parser(
    source: Source, format: str | None = None, *, last: int | None = None, begun: int = 0
) -> Parser:
    """A parser for the files of a source; raises InvalidValue.

    ``last`` is the time of the event before; ``begun`` is not 0 where the file's start was read.
    """
    return Parser(
        format or source.format,
        zone=parse_zone(source.zone),
        labels=source.labels,
        masks=[mask_of(mask.name, mask.pattern) for mask in source.masks],
        max_event_bytes=source.max_event_bytes,
        last=last,
        line=min(begun, 1),
    )


def mask_of(name: str, pattern: str | None) -> Mask:
    """A built-in mask, or one of a user's own; raises InvalidValue."""
    if pattern is None:
        return mask_named(name)
    return Mask(pattern, f"<{name}>".replace("\\", "\\\\"))


def _heads(lines: bytes) -> Iterator[bytes]:
    """The first lines, split only if somebody looks."""
    yield from lines.split(b"\n", 2 * HEAD)[: 2 * HEAD]


@cache
def _boundary(preset: str) -> Callable[[bytes], int]:
    return boundary(preset)
