"""Addresses and signing secrets at rest: encrypted, and shown only in part.

A chat webhook's URL lets whoever knows it write to the channel: it is a password. The key is
derived from the master key, which is not in the data directory, so a copy of the directory alone
tells nobody.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from logq.errors import StorageError

_NONCE = 12
_VERSION = "v1:"


class Seals:
    """Encrypts small JSON objects, each for one use, with AES-256 in Galois/Counter mode."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def seal(self, value: Mapping[str, Any], use: str) -> str:
        """The object as text that tells nothing; ``use`` is needed to open it."""
        nonce = os.urandom(_NONCE)
        plain = json.dumps(value).encode()
        return _VERSION + base64.b64encode(
            nonce + self._cipher.encrypt(nonce, plain, use.encode())
        ).decode("ascii")

    def open(self, sealed: str, use: str) -> dict[str, Any]:
        """The inverse of ``seal``; raises StorageError with another master key or another use."""
        try:
            raw = base64.b64decode(sealed.removeprefix(_VERSION), validate=True)
            plain = self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], use.encode())
        except (ValueError, InvalidTag):
            raise StorageError(
                "an address of notifications cannot be decrypted: the master key is another one",
                hint="restore the master key from a backup, or give the address again",
            ) from None
        opened: dict[str, Any] = json.loads(plain)
        return opened

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._key())


def shown(url: str) -> str:
    """An address without what is secret in it: the scheme and, of a web address, the host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "***"
    if not host or parts.scheme not in ("http", "https"):
        return f"{parts.scheme}://***" if parts.scheme else "***"
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}/***"
