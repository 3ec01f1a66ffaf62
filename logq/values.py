"""How the values of an answer are written: as text in cells, as JSON in objects.

Types are those of an answer's columns: integer, number, text, boolean, timestamp (epoch ms), json
and dynamic (both JSON text). Missing is None and never gets here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import tzinfo
from functools import cache, lru_cache
from typing import Any

from logq.units import format_time

_EXPONENT_FROM = 1e21
_EXPONENT_BELOW = 1e-6
_WIDE_INTEGER = 1 << 63
_MANY_DIGITS = re.compile(r"\d{17}")

Writer = Callable[[Any], Any]


def number_text(value: int | float) -> str | None:
    """Shortest text that reads back exactly; None for what is no number (NaN, infinity).

    Integers have no point; exponents are used from 1e21 and below 1e-6.
    """
    if isinstance(value, int):
        return str(int(value))
    if not math.isfinite(value):
        return None
    size = abs(value)
    if value == int(value) and size < _EXPONENT_FROM:
        return str(int(value))
    shortest = repr(value)
    if "e" not in shortest:
        return shortest
    mantissa, _, exponent = shortest.partition("e")
    if size >= _EXPONENT_BELOW and size < 1:
        digits = mantissa.replace(".", "").lstrip("-")
        return ("-" if value < 0 else "") + "0." + "0" * (-int(exponent) - 1) + digits
    return f"{mantissa}e{int(exponent)}"


@cache
def time_writer(zone: tzinfo) -> Callable[[int], str]:
    """Writes epoch milliseconds as ``YYYY-MM-DD HH:MM:SS.mmm`` in ``zone``."""

    @lru_cache(maxsize=8192)
    def second(epoch: int) -> str:
        return format_time(epoch * 1000, zone).removesuffix(".000")

    def write(epoch_ms: int) -> str:
        epoch, rest = divmod(epoch_ms, 1000)
        text = second(epoch)
        return f"{text}.{rest:03d}" if ":" in text else str(epoch_ms)

    return write


def cell_writer(type: str, zone: tzinfo) -> Callable[[Any], str]:
    """Writes the values of a column of this type as text, for tables and CSV."""
    if type == "timestamp":
        return time_writer(zone)
    if type == "text":
        return _same
    if type == "boolean":
        return _bit
    if type in ("integer", "number"):
        return _number_cell
    return _json_cell


def json_writer(type: str, zone: tzinfo) -> Writer | None:
    """Turns values of this type into what orjson writes; None when they already are."""
    if type == "timestamp":
        return time_writer(zone)
    if type in ("text", "boolean"):
        return None
    return _json_number if type in ("integer", "number") else _json_value


def decode(text: str) -> Any:
    """The value of a JSON text, integers of any size exact; the text itself if it is none."""
    import orjson

    try:
        return json.loads(text) if _MANY_DIGITS.search(text) else orjson.loads(text)
    except ValueError:
        return text


def compact(value: Any) -> str:
    """JSON text without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _same(value: str) -> str:
    return value


def _bit(value: bool) -> str:
    return "1" if value else "0"


def _number_cell(value: int | float) -> str:
    return number_text(value) or ""


def _json_cell(text: str) -> str:
    value = decode(text)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _bit(value)
    if isinstance(value, int | float):
        return _number_cell(value)
    return "" if value is None else compact(value)


def _json_number(value: int | float) -> Any:
    """An int, float or JSON fragment that prints as ``number_text``; None for no number."""
    if isinstance(value, int):
        return value if -_WIDE_INTEGER <= value < _WIDE_INTEGER else _fragment(str(value))
    if 1e-4 <= abs(value) < 1e15:
        return int(value) if value == int(value) else value
    text = number_text(value)
    return None if text is None else _fragment(text)


def _json_value(text: str) -> Any:
    value = decode(text)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _json_number(value)
    if isinstance(value, dict | list) and _MANY_DIGITS.search(text):
        return _fragment(compact(value))
    return value


def _fragment(text: str) -> Any:
    import orjson

    return orjson.Fragment(text)
