"""Where an event stands among all others: by time, then by arrival.

The number of arrival is unique in a data directory, so a position names one event, and it stays
what it is wherever storage puts the event later.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from logq.errors import InvalidValue

POINTER = "@ptr"
_AHEAD = 3 * 10**19
"""Makes every time a positive number of twenty digits."""
LAST = (1 << 63) - 1
"""No event has a higher number."""


class Position(NamedTuple):
    """The place of an event, or a place between events."""

    time: int
    """Epoch milliseconds."""
    seq: int


def event_id(time: int, seq: int) -> str:
    """56 digits that sort as the events do."""
    return f"{_AHEAD + time}{seq:036d}"


def pointer(group: str, position: Position) -> str:
    """The opaque ``@ptr`` of an event."""
    text = f"{position.time}:{position.seq}:{group}"
    return base64.b64encode(text.encode()).decode()


def read_pointer(text: str) -> tuple[str, Position]:
    """The log group and position that a ``@ptr`` names; raises InvalidValue."""
    try:
        time, seq, group = base64.b64decode(text, validate=True).decode().split(":", 2)
        return group, Position(int(time), int(seq))
    except (ValueError, binascii.Error):
        raise InvalidValue(
            "this is not the pointer of an event",
            hint="give the value of @ptr in a row of a query's answer",
        ) from None
