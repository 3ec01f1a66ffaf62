"""Messages that were received and are not durable yet: a bounded queue and who empties it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from logq.errors import AccessDenied, InvalidValue
from logq.server.syslog.reading import Received

_LOG = logging.getLogger(__name__)

BATCH_BYTES = 1 << 20
BATCH_AGE = 0.5
"""Seconds that a message may wait for others."""
MAX_BYTES = 16 << 20
_FIRST_RETRY, _LAST_RETRY = 0.25, 10.0  # seconds
_OVERHEAD = 100  # bytes of memory that a message takes besides itself

Store = Callable[[Sequence[Received]], None]
"""Makes messages durable; blocks. Raises LogQError."""


@dataclass(slots=True)
class Counters:
    """What became of messages and connections."""

    received: int = 0
    stored: int = 0
    cut: int = 0
    """Messages that were too long and lost their end."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Messages that are lost, by reason."""
    connections: int = 0
    """Open ones."""
    refused: int = 0
    """Connections that were too many."""


class Spool:
    """Takes messages in the event loop and stores them, in order, in a thread."""

    def __init__(
        self,
        store: Store,
        counters: Counters,
        *,
        max_bytes: int = MAX_BYTES,
        batch_age: float = BATCH_AGE,
    ) -> None:
        self.counters = counters
        self._store = store
        self._max_bytes = max_bytes
        self._batch_age = batch_age
        self._queue: deque[Received] = deque()
        self._bytes = 0
        self._come = asyncio.Event()
        self._enough = asyncio.Event()
        self._closing = False
        self._waiting: list[Callable[[], None]] = []

    @property
    def full(self) -> bool:
        """Whether nothing more should be read for the time being."""
        return self._bytes >= self._max_bytes

    def add(self, messages: Sequence[bytes], sender: str) -> None:
        """Take messages that may not be lost, even if that is more than there should be."""
        for message in messages:
            self._queue.append(Received(message, sender))
            self._bytes += len(message) + _OVERHEAD
        self.counters.received += len(messages)
        if messages:
            self._come.set()
        if self._bytes >= BATCH_BYTES:
            self._enough.set()

    def offer(self, message: bytes, sender: str) -> None:
        """Take a message whose sender cannot be made to wait; it is dropped if there is no room."""
        if self.full:
            self.counters.received += 1
            self.drop(1, "the buffer is full")
        else:
            self.add([message], sender)

    def drop(self, count: int, reason: str) -> None:
        """Messages are lost: count them, and say so when it begins."""
        if not self.counters.dropped[reason]:
            _LOG.warning("syslog messages are dropped: %s", reason)
        self.counters.dropped[reason] += count

    def when_room(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` once there is room again."""
        self._waiting.append(wake)

    def close(self) -> None:
        """Store what is there and then end ``run``."""
        self._closing = True
        self._come.set()
        self._enough.set()

    async def run(self) -> None:
        """Store batches until closed and empty."""
        while not (self._closing and not self._queue):
            await self._come.wait()
            if not self._closing and self._bytes < BATCH_BYTES:
                await _either(self._enough, self._batch_age)
            batch = self._batch()
            if batch:
                await self._keep(batch)
            if not self._queue and not self._closing:
                self._come.clear()

    def _batch(self) -> list[Received]:
        batch: list[Received] = []
        size = 0
        while self._queue and size < BATCH_BYTES:
            batch.append(self._queue.popleft())
            size += len(batch[-1].message) + _OVERHEAD
        if self._bytes - size < BATCH_BYTES and not self._closing:
            self._enough.clear()
        return batch

    async def _keep(self, batch: Sequence[Received]) -> None:
        """Store a batch, and try for as long as trying may help."""
        wait = _FIRST_RETRY
        while True:
            try:
                await asyncio.to_thread(self._store, batch)
            except (AccessDenied, InvalidValue) as error:
                self.drop(len(batch), error.message)
                break
            except Exception as error:
                _LOG.warning("syslog messages cannot be stored, trying again: %s", error)
                if self._closing and wait >= _LAST_RETRY:
                    self.drop(len(batch), "storage refused until the end")
                    break
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LAST_RETRY)
            else:
                self.counters.stored += len(batch)
                break
        self._bytes -= sum(len(one.message) + _OVERHEAD for one in batch)
        if self._bytes < self._max_bytes // 2 or not self._queue:
            waiting, self._waiting = self._waiting, []
            for wake in waiting:
                wake()


async def _either(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
