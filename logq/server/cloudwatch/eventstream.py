"""Messages of ``application/vnd.amazon.eventstream``: what a live tail is made of.

A stream begins with ``initial_response()``; then come events, and an exception where it breaks.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import Any

import orjson

MEDIA_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7
_JSON = "application/json"


def initial_response() -> bytes:
    """The first message of every stream; botocore fails without it."""
    return event("initial-response", {})


def event(kind: str, payload: Mapping[str, Any]) -> bytes:
    """An event, for example ``sessionUpdate``."""
    return _message("event", "event-type", kind, payload)


def exception(kind: str, text: str) -> bytes:
    """The error that ends a stream, for example ``SessionTimeoutException``."""
    return _message("exception", "exception-type", kind, {"message": text})


def _message(type: str, name: str, kind: str, payload: Mapping[str, Any]) -> bytes:
    headers = {":message-type": type, f":{name}": kind, ":content-type": _JSON}
    return frame(headers, orjson.dumps(payload))


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message: lengths, their CRC, headers, payload, CRC of all; big-endian."""
    packed = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    start = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    message = start + struct.pack(">I", zlib.crc32(start)) + packed + payload
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + struct.pack(">BH", _STRING, len(value)) + value
