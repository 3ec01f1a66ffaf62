"""Delivery: one lane for each host, so that a slow one holds up nobody else, and never the alarms.

Only one process of a data directory may run this. What it has begun and not noted when it dies is
sent again by the next one, under the same id.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from logq.notify import outbox
from logq.notify.lane import Lane, Parts
from logq.notify.publishing import Publishing

THREADS = 16
LOOK_SECONDS = 0.25
"""How often the outbox is looked at for something new."""
PAUSE_SECONDS = 5
"""After the outbox could not be read."""
REST = 3_600_000
"""Ms until a look is due when nothing waits."""


class Delivery:
    """Empties the outbox."""

    def __init__(
        self,
        parts: Parts,
        publishing: Publishing,
        muted: Callable[[str], bool] = lambda _: False,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._parts = parts
        self._publishing = publishing
        self._muted = muted
        self._report = report
        self._lanes: dict[str, Lane] = {}

    def step(self) -> int:
        """Send what is due in this thread, once; when something is due next, epoch ms."""
        self._remind()
        for lane in self._due():
            lane.work()
        return self._next()

    def run(self, stop: threading.Event) -> None:
        """Deliver until ``stop`` is set; what is under way then is finished first."""
        busy: dict[Lane, Future[int]] = {}
        with ThreadPoolExecutor(THREADS, "logq-delivery") as pool:
            while not stop.wait(LOOK_SECONDS):
                try:
                    self._remind()
                    due = self._due()
                except Exception as error:  # this thread goes on whatever happens
                    self._report(f"notifications wait: {error}")
                    stop.wait(PAUSE_SECONDS)
                    continue
                for lane, future in list(busy.items()):
                    if future.done():
                        del busy[lane]
                        self._watch(future)
                for lane in due:
                    if lane not in busy:
                        busy[lane] = pool.submit(lane.work, stop.is_set)

    def _watch(self, future: Future[int]) -> None:
        error = future.exception()
        if error is not None:
            self._report(f"a delivery stopped and is tried again: {error}")

    def _remind(self) -> None:
        with self._parts.database.read() as connection:
            at = self._publishing.next_reminder(connection)
        if at is not None and at <= self._parts.clock():
            with self._parts.database.write() as connection:
                self._publishing.remind(connection, self._muted)

    def _due(self) -> list[Lane]:
        now = self._parts.clock()
        return [lane for lane, at in self._waiting() if at <= now]

    def _next(self) -> int:
        times = [at for _, at in self._waiting()]
        with self._parts.database.read() as connection:
            reminder = self._publishing.next_reminder(connection)
        return min([*times, reminder or self._parts.clock() + REST])

    def _waiting(self) -> list[tuple[Lane, int]]:
        with self._parts.database.read() as connection:
            found = outbox.lanes(connection)
        for name in found.keys() - self._lanes.keys():
            self._lanes[name] = Lane(self._parts, name)
        return [
            (self._lanes[name], max(at, self._lanes[name].not_before)) for name, at in found.items()
        ]
