"""OpenTelemetry's values and attributes, from protobuf and from JSON, as plain values.

OTLP's JSON writes 64-bit integers as texts and bytes in base64, but ids in hexadecimal.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from typing import Any

_DEEP = 64
"""Lists and maps within each other; the protocol's own libraries stop at 100 messages."""


class BadValue(ValueError):
    """Something that the protocol does not know."""


def from_message(value: Any, depth: int = 0) -> Any:
    """What an ``AnyValue`` message says; None if nothing."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    held = getattr(value, kind)
    if kind == "array_value":
        return [from_message(item, depth + 1) for item in held.values]
    if kind == "kvlist_value":
        return attributes_of(held.values)
    if kind == "bytes_value":
        return base64.b64encode(held).decode()
    return _finite(held) if kind == "double_value" else held


def attributes_of(pairs: Iterable[Any]) -> dict[str, Any]:
    """The attributes in ``KeyValue`` messages."""
    return {pair.key: from_message(pair.value) for pair in pairs}


def from_json(value: Any, depth: int = 0) -> Any:
    """The same of an ``AnyValue`` in JSON; raises BadValue."""
    if value is None:
        return None
    if depth > _DEEP:
        raise BadValue("values are nested too deep")
    if not isinstance(value, Mapping):
        raise BadValue("a value is not an object")
    for name, held in value.items():
        read = _READERS.get(name) or _READERS.get(_camel(name))
        if read is not None and held is not None:
            return read(held, depth)
    return None


def attributes_in(pairs: Any, depth: int = 0) -> dict[str, Any]:
    """The attributes in a JSON list of keys and values; raises BadValue."""
    if pairs is None:
        return {}
    if not isinstance(pairs, list) or not all(isinstance(pair, Mapping) for pair in pairs):
        raise BadValue("attributes are not a list of objects")
    return {str(pair.get("key", "")): from_json(pair.get("value"), depth + 1) for pair in pairs}


def integer(value: Any) -> int:
    """A whole number that JSON may hold as text; raises BadValue."""
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        raise BadValue(f"{_short(value)} is not a whole number")
    try:
        if isinstance(value, str) and len(value) > 20:
            raise ValueError
        number = int(value)
    except (ValueError, OverflowError):
        raise BadValue(f"{_short(value)} is not a whole number") from None
    if not -(1 << 63) <= number < 1 << 64:
        raise BadValue(f"{_short(value)} has more than 64 bits")
    return number


def pick(holder: Any, name: str) -> Any:
    """A member by its name in camelCase, or as the protocol's files write it, in snake_case."""
    if not isinstance(holder, Mapping):
        raise BadValue("something that should be an object is not")
    if name in holder:
        return holder[name]
    return holder.get("".join(f"_{c.lower()}" if c.isupper() else c for c in name))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _finite(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)


def _double(value: Any, depth: int) -> float | str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadValue(f"{_short(value)} is not a number")
    try:
        return _finite(float(value))
    except (ValueError, OverflowError):
        raise BadValue(f"{_short(value)} is not a number") from None


def _bool(value: Any, depth: int) -> bool:
    if not isinstance(value, bool):
        raise BadValue(f"{_short(value)} is neither true nor false")
    return value


def _text(value: Any, depth: int) -> str:
    if not isinstance(value, str):
        raise BadValue(f"{_short(value)} is not text")
    return value


def _array(value: Any, depth: int) -> list[Any]:
    values = pick(value, "values")
    if values is not None and not isinstance(values, list):
        raise BadValue("the values of a list are not a list")
    return [from_json(item, depth + 1) for item in values or ()]


_READERS = {
    "stringValue": _text,
    "boolValue": _bool,
    "intValue": lambda value, depth: integer(value),
    "doubleValue": _double,
    "arrayValue": _array,
    "kvlistValue": lambda value, depth: attributes_in(pick(value, "values"), depth),
    "bytesValue": _text,
}


def _short(value: Any) -> str:
    return repr(value)[:40]
