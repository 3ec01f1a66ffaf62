"""The hash chain: every record names its number and the hash of the record before.

A record is stored as canonical JSON (sorted names, no white space) with its hash as the last
member. The hash is SHA-256 of exactly the text before it, so that a check needs no second
opinion on how JSON is written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ORIGIN = "0" * 64
"""The hash before the first record."""
_TAIL = re.compile(r',"hash":"([0-9a-f]{64})"\}', re.ASCII)
_TAIL_LENGTH = len(',"hash":""}') + 64


@dataclass(frozen=True, slots=True)
class Head:
    """The newest record of the chain."""

    sequence: int = 0
    hash: str = ORIGIN
    time: int = 0
    """Its time in epoch milliseconds: no later record lies before it."""

    def to_json(self) -> str:
        """As the catalog keeps it."""
        return json.dumps([self.sequence, self.hash, self.time])

    @staticmethod
    def from_json(text: str) -> Head:
        """The inverse of ``to_json``."""
        return Head(*json.loads(text))


@dataclass(frozen=True, slots=True)
class Link:
    """A stored record as the chain sees it."""

    sequence: int
    previous: str
    hash: str
    time: int
    """Epoch milliseconds."""


def link(head: Head, record: Mapping[str, Any], time: int) -> tuple[str, Head]:
    """The text of a record behind ``head``, and the new head."""
    chained = {
        **record,
        "sequence": head.sequence + 1,
        "previousHash": head.hash,
        "recordedTime": time,
    }
    text = canonical(chained)
    found = hashlib.sha256(text.encode()).hexdigest()
    return f'{text[:-1]},"hash":"{found}"}}', Head(head.sequence + 1, found, time)


def read(text: str) -> Link | None:
    """The link that a stored text is; None if its hash is not that of its text."""
    match = _TAIL.fullmatch(text[-_TAIL_LENGTH:])
    if match is None:
        return None
    plain = text[:-_TAIL_LENGTH] + "}"
    try:
        if hashlib.sha256(plain.encode()).hexdigest() != match[1]:
            return None
        record = json.loads(plain)
    except ValueError:
        return None
    match record:
        case {
            "sequence": int(sequence),
            "previousHash": str(previous),
            "recordedTime": int(time),
        }:
            return Link(sequence, previous, match[1], time)
    return None


def canonical(record: Mapping[str, Any]) -> str:
    """JSON with sorted names and no white space."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
