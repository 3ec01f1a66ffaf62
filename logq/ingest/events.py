"""``--format events``: lines that say time and message apart.

One JSON object a line: ``{"timestamp": 1767225600000, "message": "text", "stream": "optional"}``;
the time may also be ISO 8601 text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from logq.ingest.documents import parse_object
from logq.ingest.format import Context
from logq.ingest.timestamps import parse_timestamps

NAME = "events"

_YEAR_10000 = 253_402_300_800_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that is not an event."""

    line: int
    """Counted from 1 in the source."""
    reason: str


@dataclass(frozen=True, slots=True)
class Events:
    """Events as their lines state them."""

    messages: pa.Array
    timestamps: pa.Array
    streams: pa.Array
    """Null where the line names none."""
    rejected: tuple[Rejected, ...]


def read_events(lines: pa.Array, first_line: int, context: Context) -> Events:
    """The events of binary ``lines``; the first is line ``first_line`` of its source."""
    messages: list[str] = []
    times: list[int | None] = []
    texts: list[str | None] = []
    streams: list[str | None] = []
    rejected: list[Rejected] = []
    numbers: list[int] = []
    for number, line in enumerate(lines.to_pylist(), first_line):
        if not line.strip():
            continue
        event = parse_object(line)
        fault = _fault(event)
        if event is None or fault:
            rejected.append(Rejected(number, fault))
            continue
        time = event["timestamp"]
        messages.append(event["message"])
        times.append(None if isinstance(time, str) else int(time))
        texts.append(time if isinstance(time, str) else None)
        streams.append(event.get("stream"))
        numbers.append(number)
    written = parse_timestamps(pa.array(texts, pa.string()), context)
    stated = pa.array(times, pa.timestamp("ms"))
    timestamps = pa.compute.coalesce(stated, written)
    good = timestamps.is_valid()
    if timestamps.null_count:
        unread = [n for n, ok in zip(numbers, good.to_pylist(), strict=True) if not ok]
        rejected += [Rejected(number, "timestamp is not a time") for number in unread]
        rejected.sort(key=lambda found: found.line)
    return Events(
        pa.array(messages, pa.string()).filter(good),
        timestamps.filter(good),
        pa.array(streams, pa.string()).filter(good),
        tuple(rejected),
    )


def _fault(event: dict[str, Any] | None) -> str:
    if event is None:
        return "not a JSON object"
    if not isinstance(event.get("message"), str):
        return "message is missing or not text"
    time = event.get("timestamp")
    if isinstance(time, bool) or not isinstance(time, int | float | str):
        return "timestamp is missing or neither a number nor text"
    if not isinstance(time, str) and not 0 <= time < _YEAR_10000:
        return "timestamp is not in epoch milliseconds"
    stream = event.get("stream")
    if stream is not None and not (isinstance(stream, str) and stream):
        return "stream is not text"
    return ""
