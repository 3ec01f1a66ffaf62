"""Token buckets: how many messages a second a receiver is sent."""

from __future__ import annotations

import threading
from dataclasses import dataclass

LEAST_ROOM = 1.0
"""A bucket holds the tokens of one second, and at least one."""


@dataclass
class _Bucket:
    tokens: float
    at: int
    closed_until: int = 0


class Buckets:
    """One bucket for each receiver; the clock comes with each question."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, name: str, per_second: float, now: int) -> int:
        """Take a token; 0, or without taking one the ms until there is one."""
        with self._lock:
            room = max(LEAST_ROOM, per_second)
            bucket = self._buckets.setdefault(name, _Bucket(room, now))
            grown = bucket.tokens + max(now - bucket.at, 0) * per_second / 1000
            bucket.tokens, bucket.at = min(grown, room), now
            if now < bucket.closed_until:
                return bucket.closed_until - now
            if bucket.tokens >= 1 - 1e-9:
                bucket.tokens -= 1
                return 0
            return max(1, -int(-(1 - bucket.tokens) * 1000 // per_second))

    def close(self, name: str, until: int) -> None:
        """Give nobody a token before this time, epoch ms."""
        with self._lock:
            bucket = self._buckets.setdefault(name, _Bucket(0, until))
            bucket.closed_until = max(bucket.closed_until, until)
