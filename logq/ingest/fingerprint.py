"""Knowing a file again by what is in it: hashes of its first bytes and of those before a place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

PRINT_BYTES = 1024
"""Longest run of bytes that a fingerprint covers."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hash of some bytes, and how many they are."""

    length: int = 0
    digest: str = ""

    @staticmethod
    def of(data: bytes) -> Fingerprint:
        """The fingerprint of all of ``data``."""
        if not data:
            return Fingerprint()
        return Fingerprint(len(data), hashlib.blake2b(data, digest_size=16).hexdigest())

    def begins(self, data: bytes) -> bool:
        """Whether ``data`` starts with the bytes this was made of."""
        return len(data) >= self.length and Fingerprint.of(data[: self.length]) == self


def head(data: bytes) -> bytes:
    """The part of a file's beginning that fingerprints cover."""
    return data[:PRINT_BYTES]


def tail(before: bytes, data: bytes) -> bytes:
    """The last bytes of ``data``, and of what came ``before`` it where it is short."""
    if len(data) >= PRINT_BYTES:
        return data[-PRINT_BYTES:]
    return (before + data)[-PRINT_BYTES:]
