"""A parser for each followed file, as its source wants it."""

from __future__ import annotations

from collections import OrderedDict

from logq.ingest.agent_config import Source
from logq.ingest.followed import Followed
from logq.ingest.format import FALLBACK
from logq.ingest.hold import Boundary
from logq.ingest.masks import mask_named
from logq.ingest.parser import Parser
from logq.ingest.text import Mask
from logq.units import parse_zone

_KEPT = 1024
"""Parsers in memory; one that was forgotten finds the format of its file again."""


class FileParsers:
    """Makes parsers, and remembers those used last."""

    def __init__(self) -> None:
        self._parsers: OrderedDict[str, Parser] = OrderedDict()

    def check(self, source: Source) -> None:
        """Raise InvalidValue if the files of a source could not be parsed."""
        make_parser(source)

    def parser(self, followed: Followed) -> Parser:
        """The parser of a file, with what it learned from the lines before."""
        key = followed.progress.key
        parser = self._parsers.pop(key, None) or make_parser(followed.source)
        self._parsers[key] = parser
        if len(self._parsers) > _KEPT:
            self._parsers.popitem(last=False)
        return parser

    def plain_parser(self, followed: Followed) -> Parser:
        """A parser that looks for nothing in a line; labels and masks stay."""
        return make_parser(followed.source, FALLBACK)

    def boundary(self, followed: Followed) -> Boundary | None:
        """How to find the event of a file that may still go on; None if lines are events."""
        return None


def make_parser(source: Source, format: str | None = None) -> Parser:
    """A parser for the files of a source; raises InvalidValue."""
    return Parser(
        format or source.format,
        zone=parse_zone(source.zone),
        labels=source.labels,
        masks=[mask_of(mask.name, mask.pattern) for mask in source.masks],
        max_event_bytes=source.max_event_bytes,
    )


def mask_of(name: str, pattern: str | None) -> Mask:
    """A built-in mask, or one of a user's own; raises InvalidValue."""
    if pattern is None:
        return mask_named(name)
    return Mask(pattern, f"<{name}>".replace("\\", "\\\\"))
