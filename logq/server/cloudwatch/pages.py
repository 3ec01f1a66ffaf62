"""Pages of a hundred, by the last ARN that was listed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TypeVar

from logq.errors import InvalidValue
from logq.server.cloudwatch.operation import Params

T = TypeVar("T")
PAGE = 100


def page(
    found: Sequence[T], name: Callable[[T], str], params: Params
) -> tuple[Sequence[T], str | None]:
    """One page, in order of the names, and the token of the next; raises InvalidValue."""
    after = _after(params.get("NextToken") or "")
    left = sorted((one for one in found if name(one) > after), key=name)
    more = len(left) > PAGE
    token = base64.urlsafe_b64encode(name(left[PAGE - 1]).encode()).decode() if more else None
    return left[:PAGE], token


def _after(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        raise InvalidValue("the NextToken is none that was given out here") from None
