"""The ways in which logs write times, as regular expressions for RE2.

Groups: ``Y`` year, ``y`` year of the century, ``m`` month, ``b`` its English name, ``d`` day,
``p q`` day and month in unknown order, ``H M S`` time of day, ``f`` digits of the fraction, ``a``
AM or PM, ``z`` zone, ``e`` number since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from logq.ingest.zones import ABBREVIATIONS, AMBIGUOUS

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_MONTH = r"(?P<b>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))"
_LONG_MONTH = _MONTH + r"[a-z]{0,6}"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?"
_NAMES = "|".join(sorted((*ABBREVIATIONS, *AMBIGUOUS), key=len, reverse=True))
_ZONE = (
    r"(?P<z> ?(?:(?:UTC|GMT)[+-]\d\d?(?::?\d\d)?|(?:" + _NAMES + r"|[Zz])\b)"
    r"|[+-]\d\d(?::?\d\d)?\b| [+-]\d\d:?\d\d\b)?"
)
_FRACTION = r"(?:[.,:](?P<f>\d+))?"
_SECONDS = r"(?P<H>\d{1,2}):(?P<M>\d\d):(?P<S>\d\d)" + _FRACTION
_CLOCK = r"(?P<H>\d{1,2}):(?P<M>\d\d)(?::(?P<S>\d\d)" + _FRACTION + r")?"
_AMPM = r"(?: ?(?P<a>[AaPp])\.?[Mm]\b\.?)?"
_YEAR = r"(?P<Y>(?:19|20|21)\d\d)"


@dataclass(frozen=True)
class Shape:
    """One way to write a time."""

    name: str
    pattern: str
    start: bool = False
    """Too vague to be found anywhere but at the start of a line."""
    leads: bool = False
    """Common, and not to be confused with another shape: may be tried before all others."""
    alone: bool = False
    """Too vague to be found in a line; only a whole value is read so."""

    @cached_property
    def groups(self) -> frozenset[str]:
        """The parts of a time that it writes."""
        return frozenset(re.findall(r"\(\?P<(\w+)>", self.pattern))

    @cached_property
    def like(self) -> re.Pattern[str]:
        """For a guess from a few texts."""
        return re.compile(self.pattern, re.ASCII)

    @property
    def leading(self) -> str:
        """The pattern of a line that begins with it, in group ``t``."""
        return rf"^\W{{0,2}}(?P<t>{self.bare})"

    @property
    def whole(self) -> str:
        """The pattern of a text that is nothing else."""
        return rf"^\s*{self.pattern}\s*$"

    @property
    def bare(self) -> str:
        """The pattern without names of groups."""
        return re.sub(r"\(\?P<\w+>", "(?:", self.pattern)


SHAPES = (
    Shape("iso", r"(?P<Y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:[Tt_:, -]| {2}|, )"
          + _CLOCK + _ZONE, leads=True),
    Shape("clf", r"(?P<d>\d{1,2})/" + _MONTH + r"/(?P<Y>\d{4}):" + _SECONDS + _ZONE,
          leads=True),
    Shape("syslog", _WEEKDAY + _MONTH + r" {1,2}(?P<d>\d{1,2}) " + _SECONDS + r"(?:" + _ZONE
          + " " + _YEAR + r"\b)?", leads=True),
    Shape("month first", _WEEKDAY + _LONG_MONTH + r" {1,2}(?P<d>\d{1,2}),? (?:" + _YEAR
          + r",? )?(?:at )?" + _CLOCK + _AMPM + _ZONE),
    Shape("day first", _WEEKDAY + r"(?P<d>\d{1,2})[ /-]" + _LONG_MONTH + r"[ /-](?:" + _YEAR
          + r",?[ :T])?" + _CLOCK + _AMPM + _ZONE),
    Shape("year first", _YEAR + r"[ /-]" + _LONG_MONTH + r"[ /-](?P<d>\d{1,2})[ :T]" + _CLOCK
          + _ZONE),
    Shape("dots", r"(?P<Y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)[-T ](?P<H>\d\d)[.-](?P<M>\d\d)[.-]"
          r"(?P<S>\d\d)(?:\.(?P<f>\d+))?" + _ZONE),
    Shape("compact", _YEAR + r"(?P<m>\d\d)(?P<d>\d\d)[Tt _-](?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)"
          r"(?:[.,](?P<f>\d+))?" + _ZONE),
    Shape("compact date", _YEAR + r"(?P<m>\d\d)(?P<d>\d\d)[Tt _-](?P<H>\d{1,2}):(?P<M>\d{1,2}):"
          r"(?P<S>\d{1,2})" + _FRACTION + _ZONE),
    Shape("short year", r"(?P<y>\d\d)/(?P<m>\d\d)/(?P<d>\d\d)[ ,T]" + _SECONDS + _ZONE),
    Shape("short american", r"(?P<m>\d\d)/(?P<d>\d\d)/(?P<y>\d\d)[ ,T]" + _SECONDS + _ZONE,
          alone=True),
    Shape("year last", r"(?P<p>\d{1,2})[/-](?P<q>\d{1,2})[/-](?P<Y>\d{4})[T ,:] ?" + _CLOCK + _AMPM
          + _ZONE),
    Shape("german", r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<Y>\d{4}),?[T ]" + _CLOCK + _ZONE),
    Shape("no year", r"(?P<m>\d\d)[-/](?P<d>\d\d)[ T]" + _SECONDS),
    Shape("six and six", r"(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d) {1,2}(?P<H>\d{1,2}):?(?P<M>\d\d):?"
          r"(?P<S>\d\d)", start=True),
    Shape("fourteen", _YEAR + r"(?P<m>\d\d)(?P<d>\d\d)(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)"
          r"(?:[.,]?(?P<f>\d{3}))?", start=True),
    Shape("epoch", r"(?P<e>1\d{9}(?:\.\d+)?|1\d{12}(?:\.\d+)?|1\d{15}|1\d{18})", start=True),
    Shape("klog", r"(?P<m>\d\d)(?P<d>\d\d) " + _SECONDS, alone=True),
    Shape("iso without colons", r"(?P<Y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)[T ](?P<H>\d\d)"
          r"(?:(?P<M>\d\d)(?:(?P<S>\d\d)(?:[.,](?P<f>\d+))?)?)?" + _ZONE, alone=True),
    Shape("date", r"(?P<Y>\d{4})[-/](?P<m>\d\d)[-/](?P<d>\d\d)", alone=True),
    Shape("number", r"(?P<e>[1-9]\d{8,18}(?:\.\d*)?|[1-9](?:\.\d+)?[eE]\+?\d{1,2})", alone=True),
)  # fmt: skip
"""Every shape, the common and strict ones first."""


def _alternatives(*, start: bool) -> str:
    return "|".join(s.bare for s in SHAPES if s.start == start and not s.alone)


ANYWHERE = (
    rf"^\W{{0,2}}(?P<start>{_alternatives(start=True)})(?:[^\w.-]|$)"
    r"|\baudit\((?P<audit>\d{10}\.\d+)"
    rf"|\b(?P<free>{_alternatives(start=False)})"
)
"""The leftmost time in a line, in one of three groups."""

LEADING = tuple(shape for shape in SHAPES if shape.leads)


def guess_leading(lines: Sequence[str]) -> list[Shape]:
    """The leading shapes with which some lines begin; decides speed, never a result."""
    texts = [line.lstrip("[<(\"' ") for line in lines]
    return [shape for shape in LEADING if any(map(shape.like.match, texts))]


def likely_first(texts: Sequence[str]) -> list[Shape]:
    """All shapes, those of some texts first; decides speed, never a result.

    Texts that two shapes could read are read alike by both, or one of them is ``alone``.
    """
    first = [s for s in SHAPES if not s.alone and any(map(s.like.fullmatch, texts))]
    return first + [shape for shape in SHAPES if shape not in first]
