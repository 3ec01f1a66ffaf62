r"""What the literals of a query mean, and how a value is written as one.

Escapes of a text literal are ``\\ \" \' \n \t \r \uXXXX``; any other ``\x`` keeps its backslash,
so ``"\d"`` is two characters. A glob has escapes of its own, ``\\`` and ``\*``: these two pass
through a text literal unread (``glob_text``), which means that in ``parse "C:\\*"`` the star is
still a wildcard, as a reader expects. Inside backticks the escapes are ``\\`` and ``` \` ```.
"""

from __future__ import annotations

import re
from decimal import Decimal

from logq.errors import QuerySyntaxError, WrongArguments
from logq.units import UNIT_NAMES

RESERVED = frozenset({"and", "or", "not", "in", "like", "as", "by", "true", "false", "null"})

_ESCAPE = re.compile(r"""\\(?:u([0-9a-fA-F]{4})|([\\"'ntr]))""")
_SURROGATES = re.compile("([\ud800-\udbff])([\udc00-\udfff])")
_CONTROL = {"n": "\n", "t": "\t", "r": "\r"}
_GLOB_SIGN = {"\\": "\\\\", "*": "\\*"}
_PLAIN_NAME = re.compile(r"@{0,2}[^\W\d][\w@]*(?:\.[\w@]+)*")
_SEGMENT = re.compile(r"(@{0,2})(?:`((?:[^`\\]|\\[\s\S])*)`|([\w@]+))")
_PAIR = re.compile(r"\\[\s\S]|/")
_NUMBER = re.compile(r"\d+")

MOST_YEARS = 10_000
"""The longest period: there is no calendar beyond the year 9999."""
_DAY = 86_400_000
_PER_YEAR = {
    "ms": 366 * _DAY,
    "s": 366 * _DAY // 1_000,
    "m": 366 * _DAY // 60_000,
    "h": 366 * 24,
    "d": 366,
    "w": 53,
    "mo": 12,
    "q": 4,
    "y": 1,
}


def string_value(token: str) -> str:
    """The text that a text literal with its quotes stands for."""
    return _join_surrogates(_ESCAPE.sub(_unescape, token[1:-1]))


def glob_text(token: str) -> str:
    r"""A text literal read as a glob: ``\\`` and ``\*`` stay, other escapes are read.

    A backslash or star written as ``\uXXXX`` arrives escaped: it is never a sign of the glob.
    """

    def unescape(match: re.Match[str]) -> str:
        if match[2] == "\\":
            return match[0]
        text = _unescape(match)
        return _GLOB_SIGN.get(text, text)

    return _join_surrogates(_ESCAPE.sub(unescape, token[1:-1]))


def regex_pattern(token: str) -> str:
    r"""The pattern between the slashes of a regex literal; ``\/`` is a slash."""
    return _PAIR.sub(lambda pair: "/" if pair[0] == "\\/" else pair[0], token[1:-1])


def field_path(token: str) -> tuple[tuple[str, ...], bool]:
    """The segments of a field name, and whether it is one name in backticks."""
    found = list(_SEGMENT.finditer(token))
    path = tuple(m[1] + (m[3] if m[2] is None else _untick(m[2])) for m in found)
    return path, len(found) == 1 and found[0][2] is not None


def integer(token: str) -> int:
    """A whole number of any size."""
    return int(Decimal(token))


def decimal(token: str) -> float:
    """A number with a point or an exponent; raises QuerySyntaxError beyond the range of double."""
    value = float(token)
    if value in (float("inf"), float("-inf")):
        raise QuerySyntaxError(
            f"the number {token} is too large", hint="the largest number is about 1.8e308"
        )
    return value


def duration(token: str) -> tuple[int, str]:
    """Amount and normalised unit of a period such as ``5m``.

    Raises WrongArguments where it is zero or too long.
    """
    number = _NUMBER.match(token)
    assert number is not None
    amount = integer(number[0])
    if amount == 0:
        raise WrongArguments(f"a period of {token} has no length", hint="write at least 1, as 1m")
    unit = UNIT_NAMES[token[number.end() :].strip().lower()]
    if amount > MOST_YEARS * _PER_YEAR[unit]:
        raise WrongArguments(
            f"a period of {token} is too long", hint=f"the longest is {MOST_YEARS}y"
        )
    return amount, unit


_SIZE = re.compile(r"([0-9.]+)([kmgt])(i?)b", re.IGNORECASE)


def size(token: str) -> int | float:
    """Bytes of a size such as ``10MB`` (10,000,000) or ``1KiB`` (1,024)."""
    match = _SIZE.fullmatch(token)
    assert match is not None
    power = "kmgt".index(match[2].lower()) + 1
    value = Decimal(match[1]) * (1024 if match[3] else 1000) ** power
    return int(value) if value == int(value) else float(value)


def quote(text: str) -> str:
    """The text as a text literal in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def quote_name(name: str) -> str:
    """One field name, in backticks if it needs them; a dotted plain name stays plain."""
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in RESERVED:
        return name
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def quote_regex(pattern: str) -> str:
    r"""The pattern between slashes; its own slashes become ``\/``."""
    return "/" + _PAIR.sub(lambda p: "\\/" if p[0] == "/" else p[0], pattern) + "/"


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _CONTROL.get(match[2], match[2])


def _join_surrogates(text: str) -> str:
    r"""``\ud83d\ude00`` is one character; half of a pair becomes the replacement character."""
    joined = _SURROGATES.sub(lambda m: _pair(m[1], m[2]), text)
    return re.sub("[\ud800-\udfff]", "\ufffd", joined)


def _pair(high: str, low: str) -> str:
    return (high + low).encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _untick(text: str) -> str:
    return re.sub(r"\\([`\\])", r"\1", text)
