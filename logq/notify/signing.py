"""Signatures of webhooks as Standard Webhooks has them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from logq.errors import InvalidValue

PREFIX = "whsec_"
MAX_SECRETS = 3


def new_secret() -> str:
    """A secret of 32 random bytes, as receivers' libraries take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def key(secret: str) -> bytes:
    """The bytes of a secret; raises InvalidValue."""
    try:
        raw = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        raw = b""
    if not secret.startswith(PREFIX) or not 24 <= len(raw) <= 64:
        raise InvalidValue(
            "a signing secret is 'whsec_' and 24 to 64 bytes in base64",
            hint="leave it out and LogQ makes one",
        )
    return raw


def headers(id: str, seconds: int, body: bytes, chosen: Sequence[str]) -> dict[str, str]:
    """The headers of a message; one signature for each secret, so that they can be rotated."""
    signed = f"{id}.{seconds}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.digest(key(secret), signed, "sha256")).decode("ascii")
        for secret in chosen
    ]
    found = {"webhook-id": id, "webhook-timestamp": str(seconds)}
    if not chosen:
        return found
    # Receivers of GitHub's kind of signature read this one; it covers the body only.
    older = hmac.new(chosen[0].encode(), body, hashlib.sha256).hexdigest()
    return found | {
        "webhook-signature": " ".join(signatures),
        "x-hub-signature-256": f"sha256={older}",
    }
