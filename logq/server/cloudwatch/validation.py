"""What a service model demands of parameters, refused in AWS's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from logq.server.cloudwatch.fault import WireError

_SHOWN = 4096
_UNNAMED = ("logGroupIdentifier",)
"""AWS leaves the value out where it says what is wrong with these."""
_ORDERS = {"StateValue": ("INSUFFICIENT_DATA", "ALARM", "OK")}
"""Enumerations that AWS lists in another order than its model."""
_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}
"""Java's classes of characters as Python has them."""


def check(operation: OperationModel, params: Mapping[str, Any]) -> None:
    """Raise WireError with everything that the model forbids in these parameters."""
    shape = operation.input_shape
    found = list(_structure(shape, params, "")) if shape else []
    if found:
        count = len(found)
        errors = "error" if count == 1 else "errors"
        logs = operation.service_model.service_name == "logs"
        raise WireError(
            "InvalidParameterException" if logs else "ValidationException",
            f"{count} validation {errors} detected: {'; '.join(found)}",
        )


def _structure(shape: Shape, params: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in params:
            yield _violation(None, path + _lower(name), "Member must not be null")
    for name, value in params.items():
        yield from _value(shape.members[name], value, path + _lower(name))


def _value(shape: Shape, value: Any, path: str) -> Iterator[str]:
    for constraint in _broken(shape, value):
        hidden = shape.metadata.get("sensitive") or path in _UNNAMED
        yield _violation(value, path, constraint, hidden=bool(hidden))
    if isinstance(shape, StructureShape):
        if not getattr(shape, "is_document_type", False):
            yield from _structure(shape, value, path + ".")
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, 1):
            yield from _value(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        for below, word, given in (
            (shape.key, "keys", value.keys()),
            (shape.value, "value", value.values()),
        ):
            if any(next(_broken(below, one), None) for one in given):
                rules = ", ".join(_constraints(below))
                yield _violation(value, path, f"Map {word} must satisfy constraint: [{rules}]")


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """The constraints of a shape that a value breaks."""
    rules = shape.metadata
    if isinstance(value, str | list | dict | bytes):
        size: int | float = len(value)
        word = "length"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        size = value
        word = "value"
    else:
        return
    if "max" in rules and size > rules["max"]:
        yield f"Member must have {word} less than or equal to {rules['max']}"
    if "min" in rules and size < rules["min"]:
        yield f"Member must have {word} greater than or equal to {rules['min']}"
    if not isinstance(value, str):
        return
    if "pattern" in rules and len(value) <= _SHOWN:
        expression = _compiled(rules["pattern"])
        if expression and not expression.fullmatch(value):
            yield f"Member must satisfy regular expression pattern: {rules['pattern']}"
    if "enum" in rules and value not in rules["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(_order(shape))}]"


def _constraints(shape: Shape) -> Iterator[str]:
    rules = shape.metadata
    if "max" in rules:
        yield f"Member must have length less than or equal to {rules['max']}"
    yield f"Member must have length greater than or equal to {rules.get('min', 0)}"
    if "pattern" in rules:
        yield f"Member must satisfy regular expression pattern: {rules['pattern']}"


def _order(shape: Shape) -> tuple[str, ...]:
    return _ORDERS.get(shape.name, tuple(shape.metadata["enum"]))


def _violation(value: Any, path: str, constraint: str, *, hidden: bool = False) -> str:
    shown = "" if hidden else " null" if value is None else f" '{_shown(value)}'"
    return f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        text = f"[{', '.join(map(_shown, value))}]"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{k}={_shown(v)}" for k, v in value.items()) + "}"
    else:
        text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """A pattern of a model; None if Python cannot have it."""
    for java, python in _CLASSES.items():
        pattern = pattern.replace(java, python)
    try:
        return re.compile(pattern)
    except re.error:
        return None
