"""Patterns of dates: what ``parseDate`` reads and what ``formatDate`` writes.

``parseDate`` takes the letters of Java's ``DateTimeFormatter``, ``formatDate`` those of strftime;
both as far as they are listed here. Names of months and days are English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from logq.errors import WrongArguments
from logq.query import zones

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ABBREVIATIONS = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "WET": 0,
    "WEST": 60,
    "BST": 60,
    "CET": 60,
    "CEST": 120,
    "EET": 120,
    "EEST": 180,
    "MSK": 180,
    "IST": 330,
    "JST": 540,
    "AEST": 600,
    "AEDT": 660,
    "EST": -300,
    "EDT": -240,
    "CST": -360,
    "CDT": -300,
    "MST": -420,
    "MDT": -360,
    "PST": -480,
    "PDT": -420,
}
"""Minutes east of UTC of the abbreviations that ``z`` reads."""

_TOKEN = re.compile(r"([A-Za-z])\1*|'((?:[^']|'')*)'|[^A-Za-z']", re.DOTALL)


def _choice(words: tuple[str, ...]) -> str:
    return "(?i:" + "|".join(words) + ")"


_LETTERS = {
    # letters -> (name of the group, what it takes); no name: read and left out
    "yyyy": ("year", "[0-9]{4}"),
    "uuuu": ("year", "[0-9]{4}"),
    "yy": ("short_year", "[0-9]{2}"),
    "MM": ("month", "0[1-9]|1[0-2]"),
    "M": ("month", "1[0-2]|0?[1-9]"),
    "MMM": ("month_name", _choice(tuple(m[:3] for m in MONTHS))),
    "MMMM": ("month_name", _choice(MONTHS)),
    "dd": ("day", "[0-3][0-9]"),
    "d": ("day", "[12][0-9]|3[01]|0?[1-9]"),
    "HH": ("hour", "[01][0-9]|2[0-3]"),
    "H": ("hour", "1[0-9]|2[0-3]|0?[0-9]"),
    "hh": ("half_hour", "0[1-9]|1[0-2]"),
    "h": ("half_hour", "1[0-2]|0?[1-9]"),
    "mm": ("minute", "[0-5][0-9]"),
    "ss": ("second", "[0-5][0-9]"),
    "a": ("half", "(?i:AM|PM)"),
    "EEE": ("", _choice(tuple(d[:3] for d in _DAYS))),
    "EEEE": ("", _choice(_DAYS)),
    "Z": ("offset", "[+-][0-9]{4}"),
    "X": ("offset", "Z|[+-][0-9]{2}(?:[0-9]{2})?"),
    "XX": ("offset", "Z|[+-][0-9]{4}"),
    3 * "X": ("offset", "Z|[+-][0-9]{2}:[0-9]{2}"),
    "z": ("abbreviation", "(?i:" + "|".join(sorted(ABBREVIATIONS, key=len, reverse=True)) + ")"),
}
_PARSES = "yyyy yy MM M MMM MMMM dd d HH H hh h mm ss S a EEE Z X (one to three) z VV and 'text'"


@dataclass(frozen=True, slots=True)
class DatePattern:
    """A pattern to read dates with."""

    regex: str
    """RE2; the whole text must match."""
    groups: tuple[str, ...]
    """Names of its groups, in order; the first, ``whole``, is all of it."""


@cache
def date_pattern(pattern: str) -> DatePattern:
    """The regular expression of a pattern for ``parseDate``; raises WrongArguments."""
    parts: list[str] = []
    groups = ["whole"]
    position = 0
    for match in _TOKEN.finditer(pattern):
        if match.start() != position:
            break
        position = match.end()
        if match[1] is None:
            parts.append(re.escape(_literal(match)))
            continue
        name, takes = _reads(match[0])
        if name in groups:
            raise WrongArguments(f"the pattern has more than one {name.replace('_', ' ')}")
        parts.append(f"({takes})" if name else f"(?:{takes})")
        groups += [name] if name else []
    if position != len(pattern) or len(groups) == 1:
        raise WrongArguments(
            f"'{pattern}' is not a pattern of a date",
            hint='write for example "yyyy-MM-dd HH:mm:ss"',
        )
    return DatePattern(f"^({''.join(parts)})$", tuple(groups))


def _literal(match: re.Match[str]) -> str:
    """Text between quotes; two quotes are one, in it and alone."""
    return match[0] if match[2] is None else match[2].replace("''", "'") or "'"


def _reads(letters: str) -> tuple[str, str]:
    if letters in _LETTERS:
        return _LETTERS[letters]
    if letters[0] == "S":
        return "fraction", f"[0-9]{{{len(letters)}}}"
    if letters == "VV":
        return "zone", "|".join(re.escape(name) for name in sorted(zones.names(), reverse=True))
    raise WrongArguments(
        f"'{letters}' is not a part of a date's pattern", hint=f"there are {_PARSES}"
    )


_STRFTIME = {
    # letter -> DuckDB's, or None for what it does not have
    **{letter: f"%{letter}" for letter in "YymbBdjHIMSfpaAuwV%"},
    "L": "%g",
    **dict.fromkeys("ezZs"),
}
_WRITES = " ".join(f"%{letter}" for letter in "YymbBdejHIMSLfpaAuwVzZs")


def time_parts(pattern: str) -> list[tuple[str, bool]]:
    """A strftime pattern cut into pieces for DuckDB (True) and letters that it lacks (False).

    Raises WrongArguments.
    """
    parts: list[tuple[str, bool]] = []
    for match in re.finditer(r"%(.?)|[^%]+", pattern, re.DOTALL):
        if match[1] is None:
            piece: str | None = match[0]
        elif match[1] not in _STRFTIME:
            raise WrongArguments(
                f"'{match[0]}' is not a part of a format", hint=f"there are {_WRITES}"
            )
        else:
            piece = _STRFTIME[match[1]]
        if piece is None:
            parts.append((match[1], False))
        elif parts and parts[-1][1]:
            parts[-1] = (parts[-1][0] + piece, True)
        else:
            parts.append((piece, True))
    return parts
