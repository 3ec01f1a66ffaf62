"""Values as they come over the wire, turned into those that a model's shapes describe."""

from __future__ import annotations

import base64
import binascii
import math
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from logq.server.cloudwatch.fault import WireError

_TEXTS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_TOKENS = {
    dict: "START_OBJECT",
    list: "START_ARRAY",
    str: "STRING_VALUE",
    bool: "BOOLEAN_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
    bytes: "BINARY_VALUE",
    datetime: "TIMESTAMP_VALUE",
}


def read(shape: Shape, value: Any) -> Any:
    """A value of this shape: unknown members and nulls left out, times as datetimes.

    Raises WireError (SerializationException) for a value of another type.
    """
    if isinstance(shape, StructureShape):
        if getattr(shape, "is_document_type", False):
            return value
        given = _expect(shape, value, dict)
        members = {
            name: (member, given.get(member.serialization.get("name", name)))
            for name, member in shape.members.items()
        }
        return {name: read(s, v) for name, (s, v) in members.items() if v is not None}
    if isinstance(shape, ListShape):
        return [read(shape.member, v) for v in _expect(shape, value, list) if v is not None]
    if isinstance(shape, MapShape):
        given = _expect(shape, value, dict)
        return {_string(shape, k): read(shape.value, v) for k, v in given.items() if v is not None}
    return _SCALARS[shape.type_name](shape, value)


def _expect(shape: Shape, value: Any, wanted: type) -> Any:
    if not isinstance(value, wanted):
        raise _wrong(shape, value)
    return value


def _wrong(shape: Shape, value: Any) -> WireError:
    token = _TOKENS.get(type(value), "VALUE")
    kind = shape.type_name.capitalize()
    return WireError("SerializationException", f"{token} can not be converted to a {kind}")


def _string(shape: Shape, value: Any) -> str:
    return str(_expect(shape, value, str))


def _integer(shape: Shape, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(shape, value)
    if not math.isfinite(value) or value != int(value):
        raise _wrong(shape, value)
    bits = 31 if shape.type_name == "integer" else 63
    number = int(value)
    if not -(1 << bits) <= number < 1 << bits:
        raise _wrong(shape, value)
    return number


def _double(shape: Shape, value: Any) -> float:
    if isinstance(value, str) and value in _TEXTS:
        return _TEXTS[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(shape, value)
    try:
        return float(value)
    except OverflowError:
        raise _wrong(shape, value) from None


def _boolean(shape: Shape, value: Any) -> bool:
    return bool(_expect(shape, value, bool))


def _timestamp(shape: Shape, value: Any) -> datetime:
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise _wrong(shape, value) from None
    given: datetime = _expect(shape, value, datetime)
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


def _blob(shape: Shape, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(_string(shape, value), validate=True)
    except binascii.Error:
        raise _wrong(shape, value) from None


_SCALARS = {
    "string": _string,
    "character": _string,
    "integer": _integer,
    "long": _integer,
    "float": _double,
    "double": _double,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}


def present(value: Any) -> Any:
    """An answer without its Nones: what is absent is not there, in lists of objects too."""
    if isinstance(value, dict):
        return {k: present(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [present(v) for v in value]
    return value
