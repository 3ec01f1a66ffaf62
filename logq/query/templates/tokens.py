"""What a line is made of: words and signs that stay, and values of known kinds that change.

A line is cut into *chunks*, at blanks and behind commas and the like. In a chunk every value is
replaced by a mark, so that lines that differ only in their values have equal chunks. A chunk that
a blank follows ends with one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_CHARS = 4096
"""What lies behind so many characters of a line is not looked at."""
MOST_VALUES = 64
"""What lies behind so many values of a line is one value."""
VALUE = "\ud800"
"""Stands for a value without blanks. No text from a log holds half a surrogate pair."""
PHRASE = "\ud801"
"""Stands for a value that may hold blanks."""
MASKED = "[A-Za-z0-9]*[0-9][A-Za-z0-9]*"
"""What every value is at least: letters and digits with a digit. RE2 counts lines by it."""

_NO = r"(?<![A-Za-z0-9])"
_END = r"(?![A-Za-z0-9])"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}-\d{1,2}-\d{4}"
    rf"|\d{{1,2}}[/-]{_MONTH}[/-]\d{{4}})"
)
_TIME = (
    rf"(?:{_DATE}[T :-]?\d{{2}}[:.]\d{{2}}[:.]\d{{2}}(?:[.,]\d+)?{_ZONE}"
    rf"|\d{{2}}/\d{{2}}/\d{{2}} {_CLOCK}{_ZONE}"
    rf"|(?:{_DAY},? )?(?:{_MONTH} {{1,2}}\d{{1,2}}|\d{{1,2}} {_MONTH})(?:,? \d{{4}})? "
    rf"{_CLOCK}{_ZONE}(?: \d{{4}})?"
    rf"|\d{{1,2}}[-/]\d{{1,2}} {_CLOCK}|{_CLOCK}{_ZONE})"
)
_IP4 = r"/?(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5}|/\d{1,2})?"
_IP6 = r"/?(?:[0-9a-fA-F]{0,4}:){3,8}[0-9a-fA-F]{0,4}"
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_URL = r"[A-Za-z][A-Za-z0-9+]{1,15}://[^\s\"'<>)\],]+"
_EMAIL = r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}"
_STEP = "/[A-Za-z0-9_.@%+~$-]+"
_UNITS = "ns|us|µs|ms|secs?|seconds?|mins?|minutes?|hours?|days?"
_NUMBER = r"\d+(?:\.\d+)?"
_PART = "[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of values with a name of its own in patterns."""

    name: str
    find: str
    """How it is found in a line, given what stands around it."""
    whole: re.Pattern[str]
    """What a value must be to be of it."""


def _kind(name: str, find: str, whole: str) -> Kind:
    return Kind(name, find, re.compile(whole, re.ASCII))


KINDS = (
    _kind("URL", _URL, _URL),
    _kind("Email", _EMAIL, _EMAIL),
    _kind("UUID", _NO + _UUID + _END, _UUID),
    _kind(
        "IP",
        rf"(?<![A-Za-z0-9.]){_IP4}(?![A-Za-z0-9]|\.\d)|(?<![A-Za-z0-9:]){_IP6}(?![A-Za-z0-9:])",
        rf"{_IP4}|{_IP6}",
    ),
    _kind("Time", _NO + _TIME + _END, _TIME),
    _kind("Date", _NO + _DATE + _END, _DATE),
    _kind(
        "Path",
        rf"(?<![A-Za-z0-9/.])(?:~|\.{{1,2}})?(?:{_STEP}){{2,}}/?"
        rf"|(?<![A-Za-z0-9_])[A-Za-z]:\\[^\s\"'()<>,;]+|(?<=[ =(\[:\"]){_STEP}/?",
        rf"(?:~|\.{{1,2}})?(?:{_STEP})+/?|[A-Za-z]:\\.+",
    ),
    _kind(
        "Size",
        rf"{_NO}{_NUMBER} ?(?:[KMGTP]i?)?B{_END}",
        rf"{_NUMBER} ?(?:[KMGTP]i?)?B",
    ),
    _kind(
        "Duration",
        rf"{_NO}{_NUMBER} ?(?:{_UNITS}){_END}|{_NO}{_NUMBER}[smhd]{_END}",
        rf"{_NUMBER} ?(?:{_UNITS}|[smhd])",
    ),
    _kind(
        "Number",
        rf"(?:(?<![A-Za-z0-9)\]])[-+])?{_NO}{_NUMBER}{_END}(?!\.\d)",
        rf"[-+]?{_NUMBER}",
    ),
    _kind("Hex", rf"{_NO}0[xX][0-9a-fA-F]+{_END}", "0[xX][0-9a-fA-F]+|[0-9a-fA-F]{4,}"),
)
"""In the order in which they are looked for."""
UNKNOWN = "Token"
"""The name of values of no known kind."""
TEXT = "Text"
"""The name of values that hold blanks and are of no known kind."""

_TOKEN = re.compile(
    "|".join(f"(?P<{kind.name}>{kind.find})" for kind in KINDS)
    + rf"|(?P<Quoted>(?<==)\"[^\"\n]*\")|(?P<Name>{_NO}{_PART}(?:[-.:]{_PART})+{_END})"
    + rf"|(?P<{UNKNOWN}>{MASKED})|(?P<word>[^\W\d_]+)|(?P<blank>[ \t\n\r\f]+)|(?P<sign>[\s\S])",
    re.ASCII,
)
_SPLIT = re.compile(r"([^A-Za-z0-9]+)")
_ASSIGNED = re.compile(r"(?<=[A-Za-z_\])])=(?![\"=])[^=,;(){}\[\]&|\s]+")
_RUN = re.compile(f"[{VALUE}{PHRASE}]{{2,}}")
_BREAKS = frozenset(",;|&")


def chunks(line: str) -> tuple[str, ...]:
    """The chunks of a line, values replaced by marks."""
    found: list[str] = []
    parts: list[str] = []
    values = 0
    for match in _TOKEN.finditer(line, 0, MOST_CHARS):
        kind, text = match.lastgroup, match[0]
        if kind == "blank":
            parts.append(" ")
        elif kind in ("word", "sign"):
            parts.append(text)
        elif kind == "Quoted":
            parts += ('"', PHRASE, '"')
            values += 1
        elif kind == "Name":
            parts += _name(text)
            values += 1
        else:
            parts.append(PHRASE if " " in text else VALUE)
            values += 1
        if values >= MOST_VALUES:
            break
        if kind == "blank" or text in _BREAKS:
            found.append(_chunk(parts))
            parts = []
    if parts:
        found.append(_chunk(parts))
    if len(line) > MOST_CHARS or values >= MOST_VALUES:
        found[-1] = PHRASE
    return tuple(found)


def _name(text: str) -> list[str]:
    """A name of several parts is a value if its parts have digits: hosts, pods, places."""
    parts = _SPLIT.split(text)
    numbered = sum(map(_has_digit, parts))
    if numbered > 1 or (numbered and "-" in text):
        return [VALUE]
    return [VALUE if _has_digit(part) else part for part in parts]


def _has_digit(text: str) -> bool:
    return any("0" <= char <= "9" for char in text)


def _chunk(parts: list[str]) -> str:
    joined = _ASSIGNED.sub("=" + VALUE, "".join(parts))
    return merged(joined)


def merged(chunk: str) -> str:
    """The chunk with marks that follow each other made one."""
    return _RUN.sub(lambda run: PHRASE if PHRASE in run[0] else VALUE, chunk)


def kind_of(values: list[str]) -> str:
    """The name of the kind that all values are of."""
    if values:
        for kind in KINDS:
            if all(kind.whole.fullmatch(value) for value in values):
                return kind.name
    blank = any(" " in value for value in values)
    return TEXT if blank else UNKNOWN
