"""Lists page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from logq.actions.tokens import read_token, write_token

T = TypeVar("T")

_PAGING = ("nextToken", "limit", "maxResults", "maxItems", "NextToken", "MaxRecords", "MaxResults")
"""Parameters that may change from page to page."""


def write(operation: str, params: Mapping[str, Any], position: list[Any]) -> str:
    """The token of a position in the answer to a call; the position is of plain values."""
    return write_token(_scope(operation, params), position)


def read(operation: str, params: Mapping[str, Any], token: str) -> list[Any]:
    """The position that a token names; raises InvalidValue if it is not of this call."""
    return read_token(_scope(operation, params), token)


def _scope(operation: str, params: Mapping[str, Any]) -> list[Any]:
    return [operation, {name: given for name, given in params.items() if name not in _PAGING}]


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

    Keys are of plain values and differ. Raises InvalidValue for a token of another call.
    """
    ordered = sorted(items, key=key, reverse=descending)
    if token in params:
        last = read(operation, params, params[token])
        ordered = [
            item for item in ordered if (key(item) < last if descending else key(item) > last)
        ]
    found = ordered[:size]
    more = len(ordered) > size
    return found, write(operation, params, key(found[-1])) if more else None
