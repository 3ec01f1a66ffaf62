"""One job between the thread that reads its worker and the threads that read its answer."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from logq.errors import Cancelled
from logq.work.job import Job

HELD_BYTES = 1 << 20
"""How much of an answer waits for its reader; a worker that is further ahead waits itself."""


class Running:
    """A job that was accepted: waiting, running or ended. It is its own ``Answer``."""

    def __init__(
        self, job: Job, owner: str, seconds: float, stop: Callable[[Running], None]
    ) -> None:
        self.job = job
        self.owner = owner
        self.seconds = seconds
        self.stopped: Exception | None = None
        """Why it is to end early."""
        self._stop = stop
        self._changed = threading.Condition()
        self._header: Mapping[str, Any] | None = None
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._summary: Mapping[str, Any] = {}
        self._error: Exception | None = None
        self._ended = False

    # ---- for who asked

    @property
    def header(self) -> Mapping[str, Any]:
        """What the job says before its data; waits for it. Raises the job's LogQError."""
        with self._changed:
            self._changed.wait_for(lambda: self._header is not None or self._ended)
            if self._header is None and self._error is not None:
                raise self._error
            return self._header or {}

    def chunks(self) -> Iterator[bytes]:
        """The data as the job makes it; leaving early cancels the job."""
        try:
            while (chunk := self._next()) is not None:
                yield chunk
        finally:
            self.cancel()

    def _next(self) -> bytes | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._chunks) or self._ended)
            if self._chunks:
                chunk = self._chunks.popleft()
                self._held -= len(chunk)
                self._changed.notify_all()
                return chunk
            if self._error is not None:
                raise self._error
            return None

    @property
    def summary(self) -> Mapping[str, Any]:
        """What the job says after its data; empty until then."""
        return self._summary

    def cancel(self) -> None:
        """Stop the job; its worker is free within a second. Does nothing if it has ended."""
        self.halt(Cancelled("the query was cancelled"))

    # ---- for the pool

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._ended

    def halt(self, reason: Exception) -> None:
        """Have the job end early, with this as its error."""
        with self._changed:
            if self._ended or self.stopped is not None:
                return
            self.stopped = reason
            self._chunks.clear()
            self._changed.notify_all()
        self._stop(self)

    def begin(self, header: Mapping[str, Any]) -> None:
        """The header has come."""
        with self._changed:
            self._header = header
            self._changed.notify_all()

    def add(self, chunk: bytes, seconds: float) -> bool:
        """A chunk has come; waits while the reader is behind. False: so long was too long."""
        with self._changed:
            if self.stopped is None:
                self._chunks.append(chunk)
                self._held += len(chunk)
                self._changed.notify_all()
            return self._changed.wait_for(
                lambda: self._held < HELD_BYTES or self.stopped is not None, seconds
            )

    def end(self, summary: Mapping[str, Any], error: Exception | None = None) -> None:
        """Nothing more will come."""
        with self._changed:
            self._summary = summary
            self._error = self.stopped or error
            self._ended = True
            self._changed.notify_all()
