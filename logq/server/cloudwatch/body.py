"""The body of a request: read whole, unpacked, and not without bound."""

from __future__ import annotations

import zlib

from starlette.requests import Request

from logq.server.cloudwatch.fault import WireError

MAX_BYTES = 16 << 20
"""Of a body, before and after unpacking: a full PutLogEvents can be 6.3 MB of JSON, and a lookup
table of 10 MB comes in one call."""


async def raw_body(request: Request) -> bytes:
    """The bytes as they came, which a signature covers; raises WireError if there are too many."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BYTES:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


def unpack(body: bytes, encoding: str) -> bytes:
    """A body without its compression; raises WireError."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise WireError("SerializationException", f"bodies cannot be packed with {encoding}")
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        text = unpacker.decompress(body, MAX_BYTES + 1)
    except zlib.error as error:
        raise WireError("SerializationException", f"the body is not gzip: {error}") from None
    if len(text) > MAX_BYTES:
        raise _too_large()
    if not unpacker.eof:
        raise WireError("SerializationException", "the body is cut short")
    return text


def _too_large() -> WireError:
    return WireError(
        "RequestEntityTooLargeException", f"the body is larger than {MAX_BYTES >> 20} MB"
    )
