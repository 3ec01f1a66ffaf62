"""AWS CloudTrail."""

from __future__ import annotations

import json
from collections.abc import Iterator

import orjson
import pyarrow as pa

from logq.ingest.format import Context, Format, Projection, Sample, register

_DECODER = json.JSONDecoder()
_BLANKS = " \t\r\n"


@register
class CloudTrail(Format):
    """AWS CloudTrail events, one JSON object each; a file with a Records array is taken apart."""

    name = "cloudtrail"
    title = "AWS CloudTrail"
    priority = 20
    samples = (
        Sample(
            '{"eventVersion":"1.08","userIdentity":{"type":"Root"},"eventTime":'
            '"2026-01-05T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"PutObject"}',
            1767607200000,
            {
                "eventVersion": "1.08",
                "userIdentity.type": "Root",
                "eventTime": "2026-01-05T10:00:00Z",
                "eventSource": "s3.amazonaws.com",
                "eventName": "PutObject",
            },
        ),
    )

    def recognises(self, line: str) -> bool:
        if not line.startswith("{"):
            return False
        return line.startswith('{"Records":') or (
            '"eventVersion"' in line and '"eventSource"' in line and '"eventTime"' in line
        )

    def project(self, lines: pa.StringArray, context: Context) -> Projection:
        nothing = pa.nulls(len(lines), pa.timestamp("ms"))
        return Projection(nothing, shred=True, time_fields=("eventTime",))


def explode(data: bytes) -> Iterator[bytes]:
    """The records of CloudTrail files, one line each; lines of any other kind as they are.

    A record keeps its exact text unless that spans several lines. ``data`` may be one object,
    on one line or many, or one object per line.
    """
    whole = _records(data)
    if whole is not None:
        yield from whole
        return
    for line in data.splitlines():
        records = _records(line)
        yield from [line] if records is None else records


def _records(data: bytes) -> list[bytes] | None:
    """The records of one object, or None if it is none with an array ``Records``."""
    try:
        text = data.decode("utf-8-sig")
        if text.find('"Records"', 0, 4096) < 0 or not text.lstrip().startswith("{"):
            return None
        position = _array(text)
        return None if position is None else list(_elements(text, position))
    except (UnicodeDecodeError, ValueError, RecursionError):
        return None


def _array(text: str) -> int | None:
    """Where the elements of the top-level array ``Records`` begin."""
    position = _skip(text, text.index("{") + 1)
    while text.startswith('"', position):
        key, position = _DECODER.raw_decode(text, position)
        position = _skip(text, position)
        if not text.startswith(":", position):
            return None
        position = _skip(text, position + 1)
        if key == "Records":
            return position + 1 if text.startswith("[", position) else None
        _, position = _DECODER.raw_decode(text, position)
        position = _skip(text, _skip(text, position) + 1)
    return None


def _elements(text: str, position: int) -> Iterator[bytes]:
    position = _skip(text, position)
    while not text.startswith("]", position):
        _, end = _DECODER.raw_decode(text, position)
        yield _on_one_line(text[position:end].encode())
        position = _skip(text, end)
        if text.startswith(",", position):
            position = _skip(text, position + 1)
    json.loads('{"Records":0' + text[position + 1 :])  # what follows must end the object


def _on_one_line(record: bytes) -> bytes:
    if b"\n" not in record and b"\r" not in record:
        return record
    return orjson.dumps(orjson.loads(record))


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANKS:
        position += 1
    return position
