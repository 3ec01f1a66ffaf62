"""A look at Arrow's stream format before its bytes are trusted.

Buffers may be compressed one by one, and each says itself how large it will be: a few bytes could
ask for all memory there is. pyarrow does not tell before it obeys, so this reads the frame of each
message itself. The format is Arrow's ``Message.fbs``, in FlatBuffers' encoding.
"""

from __future__ import annotations

import struct

from logq.errors import InvalidValue

_CONTINUES = 0xFFFFFFFF
_SCHEMA, _RECORD_BATCH = 1, 3
_HEADER_TYPE, _HEADER, _BODY_LENGTH = 1, 2, 3
_COMPRESSION = 3
_MOST_MESSAGES = 10_000


def check_plain(data: bytes) -> None:
    """Raise InvalidValue for a stream with compressed buffers, dictionaries or broken frames."""
    try:
        at = messages = 0
        while at + 4 <= len(data):
            at, ended = _message(data, at)
            messages += 1
            if ended:
                return
            if messages > _MOST_MESSAGES:
                raise InvalidValue("the stream has too many parts")
        if not messages:
            raise InvalidValue("the body is empty")
    except (struct.error, IndexError) as error:
        raise InvalidValue("the body is no Arrow stream") from error


def _message(data: bytes, at: int) -> tuple[int, bool]:
    """Check a message; the place after it, and whether it ends the stream."""
    (size,) = struct.unpack_from("<I", data, at)
    at += 4
    if size == _CONTINUES:
        (size,) = struct.unpack_from("<I", data, at)
        at += 4
    if size == 0:
        return at, True
    if size > len(data) - at:
        raise InvalidValue("the stream is cut off")
    (root,) = struct.unpack_from("<I", data, at)
    table = at + root
    kind_at = _field(data, table, _HEADER_TYPE)
    kind = data[kind_at] if kind_at else 0
    if kind not in (_SCHEMA, _RECORD_BATCH):
        raise InvalidValue("the stream has dictionaries", hint="send plain columns")
    header_at = _field(data, table, _HEADER)
    if kind == _RECORD_BATCH and header_at:
        (offset,) = struct.unpack_from("<I", data, header_at)
        if _field(data, header_at + offset, _COMPRESSION):
            raise InvalidValue(
                "the stream has compressed buffers", hint="compress the body as a whole instead"
            )
    length_at = _field(data, table, _BODY_LENGTH)
    length = struct.unpack_from("<q", data, length_at)[0] if length_at else 0
    if length < 0 or length > len(data) - at - size:
        raise InvalidValue("the stream is cut off")
    return at + size + length, False


def _field(data: bytes, table: int, number: int) -> int:
    """The place of a field of a FlatBuffers table, 0 if it has none."""
    (back,) = struct.unpack_from("<i", data, table)
    vtable = table - back
    if vtable < 0:
        raise IndexError
    (size,) = struct.unpack_from("<H", data, vtable)
    if 4 + 2 * number + 2 > size:
        return 0
    (offset,) = struct.unpack_from("<H", data, vtable + 4 + 2 * number)
    return table + int(offset) if offset else 0
