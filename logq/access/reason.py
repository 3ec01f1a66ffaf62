"""Why somebody is not known: the stable words in ``Unauthenticated.reason``."""

from __future__ import annotations

import re
from enum import StrEnum

from logq.errors import Unauthenticated


class Reason(StrEnum):
    """A fault of credentials; doors turn it into their protocol's code."""

    MISSING = "missing"
    """No credentials at all: MissingAuthenticationToken."""
    INCOMPLETE = "incomplete"
    """An Authorization header that lacks parts: IncompleteSignature."""
    PRESIGNED = "presigned"
    """A signature in the query string, which LogQ does not take."""
    UNKNOWN_KEY = "unknown-key"
    """No such key, or a revoked one: UnrecognizedClient, InvalidClientTokenId."""
    EXPIRED_KEY = "expired-key"
    """The key or token is past its time: ExpiredToken."""
    REQUEST_EXPIRED = "request-expired"
    """Signed too long ago or in the future: RequestExpired."""
    SIGNATURE = "signature"
    """The signature is not that of this request: SignatureDoesNotMatch."""
    UNSIGNED = "unsigned"
    """A header that must be signed is not: SignatureDoesNotMatch."""
    PAYLOAD = "payload"
    """The body is not the one that was signed, or may not go unsigned."""
    SCOPE = "scope"
    """Signed for another service, date or ending: SignatureDoesNotMatch."""


def refuse(reason: Reason, message: str, hint: str | None = None) -> Unauthenticated:
    """The error of this kind."""
    return Unauthenticated(message, reason=reason.value, hint=hint)


def claimed_key(authorization: str) -> str | None:
    """The id of the key that an Authorization header claims to be of, for the audit."""
    match = re.search(r"Credential=([A-Za-z0-9]{16,64})/|lq_([a-z0-9]{12})_", authorization)
    return (match[1] or match[2]) if match else None
