"""What CloudWatch demands of a batch of events that a client puts into a log stream."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from logq.errors import InvalidValue

MOST_EVENTS = 10_000
MOST_BYTES = 1_048_576
EVENT_OVERHEAD = 26
"""Bytes that are counted for an event besides its message."""
DAY = 86_400_000
AHEAD = 7_200_000
"""Milliseconds that an event may lie in the future."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which events of a batch are taken: those from ``first`` up to, without, ``end``."""

    first: int
    end: int
    too_old_end: int | None = None
    """Behind the last event that is too old, if there is one."""
    expired_end: int | None = None
    """Behind the last event that the log group would not keep, if there is one."""
    too_new_start: int | None = None
    """The first event that lies too far ahead, if there is one."""

    @property
    def whole(self) -> bool:
        """Whether nothing was refused."""
        return self.too_old_end is self.expired_end is self.too_new_start is None


def judge(
    times: Sequence[int],
    message_bytes: int,
    now: int,
    retention_days: int | None,
    oldest_days: int,
) -> Verdict:
    """What becomes of events with these times (epoch ms); raises InvalidValue.

    ``oldest_days`` is how old an event may be, 0 for any age.
    """
    count = len(times)
    if not 1 <= count <= MOST_EVENTS:
        raise InvalidValue(f"a batch has 1 to {MOST_EVENTS} log events, this one has {count}")
    size = message_bytes + EVENT_OVERHEAD * count
    if size > MOST_BYTES:
        raise InvalidValue(f"upload too large: {size} bytes exceeds limit of {MOST_BYTES}")
    if sorted(times) != list(times):
        raise InvalidValue(
            "log events in a single PutLogEvents request must be in chronological order"
        )
    too_old = bisect_left(times, now - oldest_days * DAY) if oldest_days else 0
    expired = bisect_left(times, now - retention_days * DAY) if retention_days else 0
    too_new = bisect_right(times, now + AHEAD)
    first, end = max(too_old, expired), too_new
    if first < end and times[end - 1] - times[first] > DAY:
        raise InvalidValue(
            "the batch of log events in a single PutLogEvents request cannot span more than "
            "24 hours"
        )
    return Verdict(
        first,
        max(first, end),
        too_old or None,
        expired or None,
        too_new if too_new < count else None,
    )
