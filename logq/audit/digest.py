"""Signed digests: every hour says which record of the chain was its last, and with which hash.

A digest signs the head of the chain and not files, as CloudTrail's do: compaction replaces the
files of a log group, and the chain runs over the records themselves. The signature is an
HMAC-SHA256 with a key derived from the master key, which is not in the data directory: whoever
can change the data but not read that key can rewrite the chain, yet not its digests. (Python's
standard library has no Ed25519.) Each digest names the one before, so none can be taken away.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logq.audit.chain import Head, canonical
from logq.audit.record import instant
from logq.audit.store import Signer

HOUR = 3_600_000
ALGORITHM = "HMAC-SHA256"
PURPOSE = "audit digest"


@dataclass(frozen=True, slots=True)
class Last:
    """The newest digest, as the catalog remembers it."""

    number: int = 0
    end: int = 0
    """Epoch milliseconds."""
    sequence: int = 0
    """The last record that is signed."""
    hash: str | None = None
    signature: str | None = None

    def to_json(self) -> str:
        """As the catalog keeps it."""
        return json.dumps([self.number, self.end, self.sequence, self.hash, self.signature])

    @staticmethod
    def from_json(text: str) -> Last:
        """The inverse of ``to_json``."""
        return Last(*json.loads(text))


@dataclass(frozen=True, slots=True)
class Digest:
    """A stored digest whose form is right."""

    number: int
    start: str
    end: str
    newest: str
    """The time of the last record."""
    first: int
    """The first record since the digest before; one more than ``last`` if there were none."""
    last: int
    head: str
    """The hash of the last record."""
    hash: str
    """SHA-256 of the digest itself."""
    signature: str
    previous_hash: str | None
    previous_signature: str | None
    key: str
    """The fingerprint of the master key that signed it."""


def make(last: Last, head: Head, begun: int, end: int, signer: Signer) -> tuple[str, Last]:
    """The text of the next digest, and what to remember of it; times in epoch milliseconds."""
    body: dict[str, Any] = {
        "digestNumber": last.number + 1,
        "digestStartTime": instant(begun),
        "digestEndTime": instant(end),
        "newestEventTime": instant(head.time),
        "digestSignatureAlgorithm": ALGORITHM,
        "digestKeyFingerprint": signer.fingerprint,
        "firstSequence": last.sequence + 1,
        "lastSequence": head.sequence,
        "headHash": head.hash,
        "previousDigestHash": last.hash,
        "previousDigestSignature": last.signature,
    }
    found = _hash(body)
    signature = _sign(instant(end), last.number + 1, found, last.signature, signer)
    text = canonical({**body, "signature": signature})
    return text, Last(last.number + 1, end, head.sequence, found, signature)


def read(text: str) -> Digest | None:
    """A stored digest; None if it is none."""
    try:
        body = json.loads(text)
        signature = body.pop("signature")
        return Digest(
            int(body["digestNumber"]), body["digestStartTime"], body["digestEndTime"],
            body["newestEventTime"],
            int(body["firstSequence"]), int(body["lastSequence"]), body["headHash"],
            _hash(body), signature,
            body["previousDigestHash"], body["previousDigestSignature"],
            body["digestKeyFingerprint"],
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def is_signed(digest: Digest, signer: Signer) -> bool:
    """Whether the signature is that of this digest by this master key."""
    wanted = _sign(digest.end, digest.number, digest.hash, digest.previous_signature, signer)
    return hmac.compare_digest(wanted, str(digest.signature))


def _hash(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(body).encode("utf-8", "replace")).hexdigest()


def _sign(end: str, number: int, found: str, previous: str | None, signer: Signer) -> str:
    text = "\n".join([str(end), f"{number}", found, str(previous or "")])
    return hmac.digest(signer.derive(PURPOSE), text.encode("utf-8", "replace"), "sha256").hex()
