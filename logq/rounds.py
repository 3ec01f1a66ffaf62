"""The rounds of a process that watches: what is due by the clock, again and again."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from logq.arns import RESERVED
from logq.errors import LogQError
from logq.model import Checkpoint

if TYPE_CHECKING:
    from logq.audit.store import Line
    from logq.monitoring import Monitoring

_LOG = logging.getLogger(__name__)
HISTORY = RESERVED + "alarm-history"
"""The log group that holds the history of alarms, for queries."""
LOCK = "monitoring.lock"
LONGEST = 5_000
"""Milliseconds between two rounds at most, and between two looks whether this process may."""
_OWNER, _KEY = "alarms", "history"
_MOST = 500


class Groups(Protocol):
    """LogQ's own log groups."""

    def prepare(self, group: str, retention_days: int) -> None: ...

    def append(self, group: str, lines: Sequence[Line], checkpoint: Checkpoint) -> None: ...

    def checkpoint(self, owner: str, key: str) -> str | None: ...


class Rounds:
    """Calls everything that is due, in the one process of a data directory that does it."""

    def __init__(
        self, data: Path, monitoring: Monitoring, groups: Groups, clock: Callable[[], int]
    ) -> None:
        self._data = data
        self._monitoring = monitoring
        self._groups = groups
        self._clock = clock
        self._wake = threading.Event()
        self._ticks: tuple[Callable[[int], int], ...] = (
            self._close_minutes,
            monitoring.alarms.tick,
            monitoring.schedules.tick,
            self._mirror,
        )
        monitoring.nudge = self._wake.set

    def run(self, stop: threading.Event) -> None:
        """Make the rounds until ``stop`` is set; waits while another process makes them."""
        told = False
        while not stop.is_set():
            with _alone(self._data / LOCK) as alone:
                if alone:
                    self._loop(stop)
                    return
            if not told:
                told = True
                _LOG.warning("another process evaluates the alarms of this data directory")
            stop.wait(LONGEST / 1000)

    def stop(self) -> None:
        """Have the loop see that it is to end."""
        self._wake.set()

    def _loop(self, stop: threading.Event) -> None:
        with self._delivering(stop):
            while not stop.is_set():
                now = self._clock()
                due = self.once(now)
                self._wake.wait(max(50, min(LONGEST, due - self._clock())) / 1000)
                self._wake.clear()

    @contextmanager
    def _delivering(self, stop: threading.Event) -> Iterator[None]:
        """The outbox is emptied meanwhile, in threads of its own."""
        delivery = self._monitoring.notify.delivery(_LOG.warning)
        thread = threading.Thread(target=delivery.run, args=(stop,), name="delivery")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def once(self, now: int) -> int:
        """One round; when the next one is due at the latest, epoch milliseconds."""
        due = now + LONGEST
        for tick in self._ticks:
            try:
                due = min(due, tick(now))
            except LogQError as error:
                _LOG.warning("monitoring: %s", error.message)
            except Exception:
                _LOG.exception("a part of monitoring failed; it is tried again")
        return due

    def _close_minutes(self, now: int) -> int:
        """Write the default values of metric filters for minutes that are over."""
        self._monitoring.counting.close_minutes()
        return now + LONGEST

    def _mirror(self, now: int) -> int:
        """Copy new history into its log group; each item once, by a checkpoint."""
        from logq.audit.store import Line

        stored = self._groups.checkpoint(_OWNER, _KEY)
        items = self._monitoring.alarms.history_behind(int(stored or 0), _MOST)
        if items:
            from logq.alarms.history import KEPT_DAYS, as_event

            self._groups.prepare(HISTORY, KEPT_DAYS)
            lines = [Line(as_event(item), item.time, item.alarm) for item in items]
            mark = Checkpoint(_OWNER, _KEY, str(items[-1].id), stored, check=True)
            self._groups.append(HISTORY, lines, mark)
        return now if len(items) == _MOST else now + LONGEST


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether this process is the only one inside such a block; the lock ends with the process."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
