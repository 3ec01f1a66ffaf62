"""Tokens that say where a page begins: opaque, without any state on the server.

A token holds a position and a hash of what it belongs to, so that one of another request is
refused instead of giving strange pages. It needs no secret: whoever makes one up gets nothing that
the same caller would not get by asking from the start, since every page asks the policies again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from logq.errors import InvalidValue

_MARK = 6
"""Bytes of the hash."""


def write_token(scope: Sequence[object], place: Sequence[int | str]) -> str:
    """A token for a place within what ``scope`` describes; both are plain values."""
    body = json.dumps(list(place), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mark(scope, body) + body).decode().rstrip("=")


def read_token(scope: Sequence[object], token: str) -> list[Any]:
    """The place that a token of this scope names; raises InvalidValue."""
    try:
        whole = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        mark, body = whole[:_MARK], whole[_MARK:]
        if mark != _mark(scope, body):
            raise ValueError(token)
        return list(json.loads(body))
    except (ValueError, binascii.Error):
        raise InvalidValue("the specified nextToken is invalid") from None


def _mark(scope: Sequence[object], body: bytes) -> bytes:
    text = json.dumps(list(scope), ensure_ascii=True, sort_keys=True).encode()
    return hashlib.blake2b(body + b"\0" + text, digest_size=_MARK, person=b"logq page").digest()
