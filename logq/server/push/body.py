"""The body of a request with events: read whole, unpacked, and neither without bound."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pyarrow as pa
from starlette.requests import Request

from logq.errors import InvalidValue, LimitExceeded

_STEP = 4 << 20


async def read(request: Request, limit: int, take: Callable[[int], None]) -> bytes:
    """The bytes as they come; ``take`` is told of each part. Raises LimitExceeded."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise too_large(limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large(limit)
        take(len(part))
        parts.append(part)
    return b"".join(parts)


def unpack(body: bytes, encoding: str, limit: int, take: Callable[[int], None]) -> bytes:
    """A body without its ``Content-Encoding``; raises InvalidValue and LimitExceeded."""
    for name in reversed([name.strip().lower() for name in encoding.split(",")]):
        if name in ("", "identity"):
            continue
        unpacker = _UNPACKERS.get(name)
        if unpacker is None:
            raise InvalidValue(
                f"bodies packed with {name!r} are not understood",
                hint=f"Content-Encoding is one of {', '.join(sorted(_UNPACKERS))}",
            )
        try:
            body = unpacker(body, limit, take)
        except (OSError, zlib.error):
            raise InvalidValue(
                f"the body does not unpack with {name}", hint="nothing of it was stored"
            ) from None
    return body


def too_large(limit: int) -> LimitExceeded:
    """The error of a body over the limit."""
    return LimitExceeded(
        f"the body is larger than {limit >> 20} MB", hint="send fewer events at once"
    )


def _arrow(name: str) -> Callable[[bytes, int, Callable[[int], None]], bytes]:
    def unpack(body: bytes, limit: int, take: Callable[[int], None]) -> bytes:
        parts: list[bytes] = []
        size = 0
        with pa.CompressedInputStream(pa.BufferReader(body), name) as stream:
            while part := stream.read(min(_STEP, limit + 1 - size)):
                size += len(part)
                if size > limit:
                    raise too_large(limit)
                take(len(part))
                parts.append(part)
        return b"".join(parts)

    return unpack


def _deflate(body: bytes, limit: int, take: Callable[[int], None]) -> bytes:
    """Deflate as the standard has it, with zlib's head, or bare, as some clients send it."""
    try:
        return _inflate(body, limit, take, zlib.MAX_WBITS)
    except zlib.error:
        return _inflate(body, limit, take, -zlib.MAX_WBITS)


def _inflate(body: bytes, limit: int, take: Callable[[int], None], window: int) -> bytes:
    unpacker = zlib.decompressobj(window)
    found = unpacker.decompress(body, limit + 1)
    if len(found) > limit:
        raise too_large(limit)
    if not unpacker.eof:
        raise zlib.error("cut short")
    take(len(found))
    return found


_UNPACKERS = {
    "gzip": _arrow("gzip"),
    "x-gzip": _arrow("gzip"),
    "zstd": _arrow("zstd"),
    "deflate": _deflate,
}
