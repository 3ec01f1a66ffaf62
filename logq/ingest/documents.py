"""The JSON object inside one message: finding it, and writing it so that every reader agrees.

Readers of JSON differ on objects that name a key twice; the document of an event never does.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

MAX_LEAVES = 1000
"""Fields discovered in one event, in document order."""
PREFIX_CHARS = 8192
"""How far into a message the JSON behind a text prefix may begin."""
_FRAGMENT_WORK = 1 << 20  # characters looked at in vain before a message counts as text
_OPENING = re.compile(r'\{\s*["}]')
_HUGE = re.compile(rb"\d[eE]\+?\d{3}|\d{309}")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:]')
_DECODER = json.JSONDecoder()


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def parse_object(text: str | bytes) -> dict[str, Any] | None:
    """The JSON object that ``text`` is, or None."""
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        return None
    return value if type(value) is dict else None


def find_fragment(text: str) -> str | None:
    """The first JSON object inside ``text`` that is complete, or None."""
    budget = _FRAGMENT_WORK
    for match in _OPENING.finditer(text, 0, PREFIX_CHARS + 1024):
        start = match.start()
        if start >= PREFIX_CHARS or budget < 0:
            return None
        rest = text[start:].rstrip()
        if rest.endswith("}") and parse_object(rest) is not None:
            return rest
        try:
            _, end = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            budget -= (error.pos - start) + len(rest)
            continue
        except (RecursionError, ValueError):
            budget -= 2 * len(rest)
            continue
        fragment = text[start:end]
        if parse_object(fragment) is not None:
            return fragment
        budget -= end - start + len(rest)
    return None


def has_duplicate_keys(text: bytes, value: dict[str, Any]) -> bool:
    """Whether ``text``, parsed as ``value``, names a key twice in one object."""
    try:
        compact = orjson.dumps(value)
    except (orjson.JSONEncodeError, RecursionError):
        return _search_duplicates(text)
    if len(compact) == len(text):
        return compact != text and _search_duplicates(text)
    if b"\\u003" not in text and compact.count(b":") == text.count(b":"):
        return False
    return _search_duplicates(text)


def rewrite(text: bytes) -> str:
    """The same object with the last of every duplicate key, cut after ``MAX_LEAVES`` leaves.

    Numbers stay as they are written. Raises RecursionError when it is too deep for that.
    """
    value = json.loads(text, parse_int=_Number, parse_float=_Number)
    return _write(_cut(value, [MAX_LEAVES]))


def tame(text: bytes) -> str | None:
    """An object with numbers no double can hold, these as text; None if that is not its fault."""
    if not _HUGE.search(text):
        return None

    def number(digits: str) -> Any:
        return digits if math.isinf(float(digits)) else _Number(digits)

    try:
        value = json.loads(text, parse_int=number, parse_float=number, parse_constant=_refuse)
        return _write(_cut(value, [MAX_LEAVES])) if type(value) is dict else None
    except (ValueError, RecursionError, TypeError):
        return None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def count_leaves(value: Any) -> int:
    """Leaves of a document: scalars that are not null."""
    count, work = 0, [value]
    while work:
        item = work.pop()
        if type(item) is dict:
            work.extend(item.values())
        elif type(item) is list:
            work.extend(item)
        elif item is not None:
            count += 1
    return count


def _search_duplicates(text: bytes) -> bool:
    duplicates = False

    def watch(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal duplicates
        made = dict(pairs)
        duplicates = duplicates or len(made) != len(pairs)
        return made

    try:
        json.loads(text, object_pairs_hook=watch)
    except RecursionError:
        return _walk_for_duplicates(text.decode())
    return duplicates


def _walk_for_duplicates(text: str) -> bool:
    """The same for valid JSON of any depth."""
    open_keys: list[set[str] | None] = []
    tokens = _TOKEN.findall(text)
    for token, after in zip(tokens, [*tokens[1:], ""], strict=True):
        if token in "{[":
            open_keys.append(set() if token == "{" else None)
        elif token in "}]":
            open_keys.pop()
        elif after == ":" and token != ":":
            keys, key = open_keys[-1], orjson.loads(token)
            if keys is not None and key in keys:
                return True
            if keys is not None:
                keys.add(key)
    return False


def _cut(value: Any, left: list[int]) -> Any:
    if type(value) is dict:
        return {k: _cut(v, left) for k, v in value.items() if left[0] > 0}
    if type(value) is list:
        return [_cut(v, left) for v in value if left[0] > 0]
    left[0] -= value is not None
    return value


def _write(value: Any) -> str:
    if type(value) is dict:
        return "{" + ",".join(f"{_write(k)}:{_write(v)}" for k, v in value.items()) + "}"
    if type(value) is list:
        return "[" + ",".join(map(_write, value)) + "]"
    return value if type(value) is _Number else orjson.dumps(value).decode()
