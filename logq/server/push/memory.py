"""How much of what is pushed may be in memory at once."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from logq.errors import Throttled


class Memory:
    """Counts the bytes of all requests that are being read, unpacked or stored."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._requests = 0
        self._lock = threading.Lock()

    def enter(self) -> Share:
        """Let a request in; its bytes are counted as it takes them."""
        return Share(self)

    def take(self, count: int) -> None:
        """Count bytes; raises Throttled when that is too much beside others."""
        with self._lock:
            if self._held + count > self._limit and self._requests > 1:
                raise Throttled(
                    "too many events are being sent at once",
                    hint=f"send them again; the setting push_memory is {self._limit} bytes",
                    retry_after=1,
                )
            self._held += count

    def give_back(self, count: int) -> None:
        """The bytes are gone."""
        with self._lock:
            self._held -= count

    def come(self, change: int) -> None:
        """One request more or less."""
        with self._lock:
            self._requests += change


class Share:
    """What one request takes."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._taken = 0

    def take(self, count: int) -> None:
        """Count bytes; raises Throttled."""
        self._memory.take(count)
        self._taken += count

    def __enter__(self) -> Self:
        self._memory.come(1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._memory.come(-1)
        self._memory.give_back(self._taken)
