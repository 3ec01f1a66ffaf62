"""Paging: tokens that say where the next page begins.

A token holds the sort key of the last item of a page and a digest over it, the operation and the
filter that it belongs to. It is not secret and needs no signature: whoever makes one up gets
nothing that the same caller would not get by asking from the start, since every page is filtered
by the policies again. So no server has to remember tokens, and they outlive restarts.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from logq.server.cloudwatch.fault import WireError

T = TypeVar("T")

_PAGING = ("nextToken", "limit", "maxResults", "maxItems", "NextToken", "MaxRecords", "MaxResults")
_DIGEST_BYTES = 9


def write(operation: str, params: Mapping[str, Any], position: list[Any]) -> str:
    """The token of a position in the answer to a call; the position is of plain JSON values."""
    raw = _digest(operation, params, position) + json.dumps(position).encode()
    return base64.urlsafe_b64encode(raw).decode()


def read(operation: str, params: Mapping[str, Any], token: str) -> list[Any]:
    """The position that a token names; raises WireError if it is not of this call."""
    try:
        raw = base64.b64decode(token.encode(), b"-_", validate=True)
        position = json.loads(raw[_DIGEST_BYTES:])
    except (binascii.Error, ValueError, RecursionError):
        raise invalid() from None
    is_ours = isinstance(position, list) and position
    if not is_ours or raw[:_DIGEST_BYTES] != _digest(operation, params, position):
        raise invalid()
    return list(position)


def page(
    operation: str,
    params: Mapping[str, Any],
    items: Iterable[T],
    key: Callable[[T], list[Any]],
    size: int,
    *,
    descending: bool = False,
    token: str = "nextToken",
) -> tuple[list[T], str | None]:
    """The items of the page that a call asks for, in order of their keys, and the next token.

    Keys must differ. Raises WireError for a token of another call.
    """
    ordered = sorted(items, key=key, reverse=descending)
    if token in params:
        last = read(operation, params, params[token])
        try:
            ordered = [i for i in ordered if (key(i) < last if descending else key(i) > last)]
        except TypeError:
            raise invalid() from None
    found = ordered[:size]
    more = len(ordered) > size
    return found, write(operation, params, key(found[-1])) if more else None


def invalid() -> WireError:
    """What logs says to a token that it did not give."""
    return WireError("InvalidParameterException", "The specified nextToken is invalid.")


def _digest(operation: str, params: Mapping[str, Any], position: list[Any]) -> bytes:
    asked = {name: value for name, value in params.items() if name not in _PAGING}
    text = json.dumps([operation, asked, position], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).digest()[:_DIGEST_BYTES]
