"""The body of a request: read whole, unpacked, and not without bound."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from starlette.requests import Request

from logq.errors import InvalidValue
from logq.server.problems import TooLarge, Unpackable


def _gzip(data: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    text = unpacker.decompress(data, most)
    while unpacker.eof and unpacker.unused_data and len(text) < most:
        rest = unpacker.unused_data  # another member of the same gzip file
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        text += unpacker.decompress(rest, most - len(text))
    _check_end(unpacker.eof, text, most)
    return text


def _deflate(data: bytes, most: int) -> bytes:
    """As clients write it: with the frame of zlib, or without."""
    framed = data[:1] != b"" and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    unpacker = zlib.decompressobj(zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)
    text = unpacker.decompress(data, most)
    _check_end(unpacker.eof, text, most)
    return text


def _check_end(ended: bool, text: bytes, most: int) -> None:
    if not ended and len(text) < most:
        raise zlib.error("it ends in the middle")


_PACKINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
}
"""How to unpack no more than so many bytes."""


def _untold(count: int) -> None:
    """Tell nobody."""


async def raw_body(request: Request, limit: int, take: Callable[[int], None] = _untold) -> bytes:
    """The bytes as they came, which a signature covers; raises TooLarge.

    ``take`` is told how many bytes came, as they come, and may raise.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
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


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """A body without its ``Content-Encoding``; raises TooLarge, Unpackable, InvalidValue."""
    packing = encoding.strip().lower()
    if packing in ("", "identity"):
        return body
    if packing == "zstd":
        return _zstd(body, limit)
    if packing not in _PACKINGS:
        raise Unpackable(
            f"bodies packed with {packing[:40]!r} cannot be read", hint="use gzip, zstd or deflate"
        )
    try:
        text = _PACKINGS[packing](body, limit + 1)
    except zlib.error as error:
        raise InvalidValue(f"the body is not {packing}: {error}") from None
    if len(text) > limit:
        raise too_large(limit)
    return text


def _zstd(body: bytes, limit: int) -> bytes:
    import pyarrow as pa

    try:
        with pa.input_stream(pa.BufferReader(body), compression="zstd") as stream:
            text: bytes = stream.read(limit + 1)
    except (OSError, pa.ArrowException) as error:
        raise InvalidValue(f"the body is not zstd: {str(error).splitlines()[0]}") from None
    if len(text) > limit:
        raise too_large(limit)
    return text


async def read_body(request: Request, limit: int) -> bytes:
    """The body of a request, unpacked; no more than ``limit`` bytes before and after.

    Raises TooLarge, Unpackable, and InvalidValue for a body that is not packed as it says.
    """
    body = await raw_body(request, limit)
    return unpack(body, request.headers.get("content-encoding", ""), limit)


def too_large(limit: int) -> TooLarge:
    """The error of a body over a limit."""
    return TooLarge(
        f"the body is larger than {limit:,} bytes",
        hint="send less at once, or raise the setting request_bytes or push_bytes",
    )
