"""Events as a sender states them: message, time and stream apart, as over HTTP or syslog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Incoming:
    """Events in the order in which they were sent; all arrays are of one length."""

    messages: pa.Array
    """Strings, never null or empty."""
    timestamps: pa.Array
    """timestamp[ms]; null where the sender gives no time."""
    streams: str | pa.Array
    """One log stream for all, or one for each."""
    labels: pa.Array | None = None
    """What the sender says beside each message: JSON objects of texts, null for nothing."""
    format: str | None = None
    """How messages are read in a group that pins no format, ``auto`` included; None: only the
    fields of JSON are looked for, and no time."""
    raw: pa.Array | None = None
    """The bytes of messages that came as other than UTF-8, null for the others."""


def incoming(
    messages: Sequence[str], times: Sequence[int | None], streams: str | Sequence[str]
) -> Incoming:
    """Events from plain values; ``times`` in epoch milliseconds."""
    return Incoming(
        pa.array(messages, pa.string()),
        pa.array(times, pa.timestamp("ms")),
        streams if isinstance(streams, str) else pa.array(streams, pa.string()),
    )
