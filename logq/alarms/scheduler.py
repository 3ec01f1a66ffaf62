"""When which alarm is due next."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from logq.alarms.definition import Alarm, CompositeWatch, LogWatch
from logq.alarms.windows import interval
from logq.metric import MINUTE

FARTHEST = 5_000
"""Milliseconds after which the definitions are looked at again in any case."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nothing was evaluated, epoch milliseconds."""

    start: int
    end: int


class Scheduler:
    """A heap of alarms by the time at which they are due (epoch milliseconds)."""

    def __init__(self, delay: int) -> None:
        self._delay = delay
        self._heap: list[tuple[int, str, int]] = []
        self._known: Mapping[str, int] = {}
        self._every: dict[str, int] = {}
        self._last: int | None = None

    def follow(self, alarms: Mapping[str, Alarm], versions: Mapping[str, int], now: int) -> None:
        """Take up what is new or changed: that is due at once."""
        if versions == self._known:
            return
        for name, version in versions.items():
            if self._known.get(name) == version:
                continue
            every = _interval(alarms[name])
            if every is not None:
                self._every[name] = every * 1000
                heapq.heappush(self._heap, (now, name, version))
        self._known = versions

    def due(self, now: int) -> list[str]:
        """The alarms to evaluate now, each once however late it is; the next time is planned."""
        if self._last is not None and now < self._last - self._delay:
            self._restart(now)  # the clock was set back
        self._last = now
        found = []
        while self._heap and self._heap[0][0] <= now:
            _, name, version = heapq.heappop(self._heap)
            if self._known.get(name) != version:
                continue  # deleted or changed meanwhile
            found.append(name)
            heapq.heappush(self._heap, (self._next(name, now), name, version))
        return found

    def moment(self, now: int) -> int:
        """The moment (epoch seconds) that an evaluation at ``now`` is about."""
        return (now - self._delay) // 1000

    def next(self, now: int) -> int:
        """When to ask again, epoch milliseconds."""
        return min([now + FARTHEST, *(entry[0] for entry in self._heap[:1])])

    def _next(self, name: str, now: int) -> int:
        every = self._every[name]
        return ((now - self._delay) // every + 1) * every + self._delay

    def _restart(self, now: int) -> None:
        self._heap = [(self._next(name, now), name, v) for _, name, v in self._heap]
        heapq.heapify(self._heap)


def gap(last: int | None, now: int) -> Gap | None:
    """What was left out since the last evaluation, if it is worth a word."""
    if last is None or now - last <= 2 * MINUTE * 1000:
        return None
    return Gap(last, now)


def _interval(alarm: Alarm) -> int | None:
    """Seconds between evaluations; None for what follows from others."""
    watch = alarm.watch
    if isinstance(watch, CompositeWatch):
        return None
    return watch.every if isinstance(watch, LogWatch) else interval(watch.period, watch.check.n)
