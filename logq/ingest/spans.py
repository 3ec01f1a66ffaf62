"""JSON read so that each part can be kept as the sender wrote it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from logq.ingest.documents import parse_object

_SPACE = re.compile(r"[ \t\r\n]*")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse)
"""Finds where values end; its numbers are not looked at."""


class NotJson(ValueError):
    """A text is not JSON from ``position`` on."""

    def __init__(self, position: int) -> None:
        super().__init__(f"not JSON from character {position} on")
        self.position = position


@dataclass(frozen=True, slots=True)
class Value:
    """One JSON value in a longer text."""

    text: str
    """As it is written."""
    value: Any
    """With numbers as texts."""

    @property
    def string(self) -> str | None:
        """What a JSON string says, if it is one; halves of characters become U+FFFD."""
        if not self.text.startswith('"'):
            return None
        told: str = self.value
        if told.isascii():
            return told
        return told.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_object(text: str) -> bool:
    """Whether a text is a JSON object, be it one with halves of characters or endless numbers."""
    if parse_object(text) is not None:
        return True
    try:
        return type(_DECODER.decode(text)) is dict
    except (ValueError, RecursionError):
        return False


def skip_space(text: str, at: int) -> int:
    """The next position that is not white space."""
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


def value_at(text: str, at: int) -> tuple[Value, int]:
    """The value that begins at a position, and where it ends; raises NotJson."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError) as error:
        raise NotJson(getattr(error, "pos", at)) from None
    return Value(text[at:end], value), end


def elements(text: str, at: int) -> tuple[list[Value], int]:
    """The elements of the array whose ``[`` is at a position, and where it ends; raises NotJson."""
    found: list[Value] = []
    at = skip_space(text, at + 1)
    if text.startswith("]", at):
        return found, at + 1
    while True:
        value, at = value_at(text, at)
        found.append(value)
        at = skip_space(text, at)
        if text.startswith("]", at):
            return found, at + 1
        if not text.startswith(",", at):
            raise NotJson(at)
        at = skip_space(text, at + 1)


def members(text: str) -> dict[str, Value]:
    """The members of the object that a text is; raises NotJson."""
    found: dict[str, Value] = {}
    at = skip_space(text, 0)
    if text[at : at + 1] != "{":
        raise NotJson(at)
    at = skip_space(text, at + 1)
    if text[at : at + 1] == "}":
        return found
    while True:
        key, at = value_at(text, at)
        at = skip_space(text, at)
        name = key.string
        if name is None or text[at : at + 1] != ":":
            raise NotJson(at)
        value, at = value_at(text, skip_space(text, at + 1))
        found[name] = value
        at = skip_space(text, at)
        if text[at : at + 1] == "}":
            return found
        if text[at : at + 1] != ",":
            raise NotJson(at)
        at = skip_space(text, at + 1)
