"""The agent: follows files and stores what is written to them, exactly once in effect.

For doors: ``load_config`` or ``config_from_arguments`` (``agent_config``), then ``run_agent``;
``read_status`` (``agent_status``) tells how agents are doing. ::

    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    report = run_agent(config, storage, data_dir, clock, stop, print)
"""

from __future__ import annotations

import contextlib
import resource
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from logq.errors import AlreadyExists, LogQError, NotFound
from logq.failpoints import reach
from logq.ingest import paths
from logq.ingest.agent_config import AgentConfig, Source
from logq.ingest.agent_status import AgentStatus, StatusFile, status_of
from logq.ingest.checkpoint import CheckpointStore, Ledger
from logq.ingest.counters import Counters
from logq.ingest.followed import Followed
from logq.ingest.hold import Boundary
from logq.ingest.memory import give_back_freed_memory
from logq.ingest.parsing import FileParsers
from logq.ingest.roster import Roster
from logq.ingest.sink import EventStore, Parsers, Sink
from logq.ingest.tracker import MAX_OPEN, Tracker, Waits
from logq.ingest.wake import Wake
from logq.ingest.watcher import Patience

FORGET = 7 * 86_400_000
"""Files that no path leads to are forgotten so long after the last event from them."""
_STATUS_EVERY = 1000
_LISTING_SHARE = 20  # looking at all files may take one part in so many of the time


class GroupStore(Protocol):
    """The part of storage that keeps log groups."""

    def get(self, name: str) -> Any: ...

    def create(self, name: str) -> Any: ...


class AgentStorage(Protocol):
    """What the agent needs of storage."""

    @property
    def events(self) -> EventStore: ...

    @property
    def checkpoints(self) -> CheckpointStore: ...

    @property
    def groups(self) -> GroupStore: ...


class AgentParsers(Parsers, Protocol):
    """Finds the parser of a file, and where its events end."""

    def check(self, source: Source) -> None:
        """Raise InvalidValue if the files of a source could not be parsed."""
        ...

    def boundary(self, followed: Followed) -> Boundary | None: ...


class Stop:
    """A request to stop that wakes the agent at once; ``set`` may be called by a signal handler."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.wake: Callable[[], None] = lambda: None

    def set(self) -> None:
        """Ask the agent to store what it has read, and to stop."""
        self._event.set()
        self.wake()

    def is_set(self) -> bool:
        return self._event.is_set()


@dataclass(frozen=True, slots=True)
class AgentReport:
    """What an agent did."""

    status: AgentStatus
    complete: bool
    """False if events that were read could not be stored; their files still hold them."""


class Agent:
    """The agent without threads, sleep or signals: whoever holds it says when."""

    def __init__(
        self,
        config: AgentConfig,
        storage: AgentStorage,
        now: int,
        notify: Callable[[str], None] = lambda message: None,
        parsers: AgentParsers | None = None,
    ) -> None:
        parsers = parsers or FileParsers()
        for source in config.sources:
            parsers.check(source)
            _ensure_group(storage.groups, source.group)
        self.counters = Counters()
        self._ledger = Ledger(storage.checkpoints)
        self.roster = Roster(config.sources, self._ledger, config.host, self.counters, notify)
        waits = Waits(
            _ms(config.rotate_seconds),
            _ms(config.settle_seconds),
            Patience(_ms(config.join_seconds), _ms(config.unfinished_seconds)),
        )
        self.tracker = Tracker(
            self.roster, self._ledger, parsers.boundary, waits, self.counters, notify
        )
        self.sink = Sink(
            storage.events,
            self._ledger,
            parsers,
            lambda group: _ensure_group(storage.groups, group),
            self.counters,
            notify,
            batch_bytes=config.batch_bytes,
            batch_age=_ms(config.batch_seconds),
        )
        self._started = now

    def discover(self, now: int) -> None:
        """Look which files there are."""
        self.roster.discover(now)
        reach("agent.after-discover")

    def step(self, now: int, *, final: bool = False) -> bool:
        """Read a block of every file and store what is due; True if there may be more at once."""
        more = False
        for followed in self.roster.all():
            if self.sink.full:
                break
            more = self._read(followed, now, final) or more
            successor = self.roster.files.get(followed.id, followed)
            if successor is not followed:
                more = self._read(successor, now, final) or more
            self.sink.flush(now)
        else:
            self.tracker.end_round(now)
        for followed, chunks in self.tracker.endings(now, final=final):
            reach("agent.after-end")
            self.sink.add(followed, chunks, now)
        self.tracker.limit_open(now)
        return self.sink.flush(now) or (more and not self.sink.full)

    def _read(self, followed: Followed, now: int, final: bool) -> bool:
        """Take a block of a file; True if there may be more of it."""
        self.sink.add(followed, self.tracker.poll(followed, now, final=final), now)
        reach("agent.after-read")
        return not followed.idle and followed.watcher is not None

    def finish(self, now: int, *, drain: bool) -> bool:
        """Store everything that was read; with ``drain`` also all that is there to be read.

        False if storage refuses. Without ``drain`` unfinished lines are left for the next start.
        """
        if drain:
            self.discover(now)
            while self.step(now, final=True) or not self.sink.empty:
                if not self.sink.flush(now, force=True) and self.sink.error:
                    return False
            for followed in self.roster.all():
                self.sink.add(followed, self.tracker.finish(followed), now)
        self.sink.flush(now, force=True)
        return self.sink.empty

    def forget_old(self, now: int) -> None:
        """Drop checkpoints of files that went long ago."""
        for progress in self._ledger.all():
            followed = self.roster.files.get(progress.id)
            in_use = followed is not None and followed.progress.key == progress.key
            if now - progress.time > FORGET and not in_use:
                self._ledger.forget(progress)

    def status(self, now: int, *, polling: bool = False, finished: bool = False) -> AgentStatus:
        """How the agent is doing."""
        return status_of(
            self.roster.all(),
            self.counters,
            started=self._started,
            now=now,
            error=self.sink.error,
            polling=polling,
            finished=finished,
        )

    def close(self) -> None:
        """Let go of all files."""
        for followed in [*self.roster.all(), *self.roster.ending]:
            followed.close()


def run_agent(
    config: AgentConfig,
    storage: AgentStorage,
    data_dir: Path,
    clock: Callable[[], int],
    stop: Stop,
    notify: Callable[[str], None],
    *,
    once: bool = False,
) -> AgentReport:
    """Follow files until ``stop`` is set; with ``once`` read what is there, and return.

    ``clock`` gives epoch milliseconds. ``notify`` is called with one-line messages: warnings, and
    when storage refuses and recovers. Raises InvalidValue for formats, masks or zones that are not
    there, StorageError if the data directory cannot be used at the start.
    """
    _allow_open_files()
    give_back_freed_memory()
    agent = Agent(config, storage, clock(), notify)
    status = StatusFile(data_dir)
    status.clear_others()
    wake = Wake(notify)
    stop.wake = wake.wake
    try:
        if not once:
            _follow(agent, config, wake, clock, stop, status)
        complete = agent.finish(clock(), drain=once)
        last = agent.status(clock(), finished=True)
        status.write(last)
        return AgentReport(last, complete)
    finally:
        wake.close()
        agent.close()


def _follow(
    agent: Agent,
    config: AgentConfig,
    wake: Wake,
    clock: Callable[[], int],
    stop: Stop,
    status: StatusFile,
) -> None:
    sweep = _ms(config.sweep_seconds)
    bases = [paths.base(p) for source in config.sources for p in source.paths]
    next_look = next_status = 0
    forgotten = clock()
    renamed = True
    while not stop.is_set():
        now = clock()
        if renamed or not 0 <= next_look - now <= sweep * _LISTING_SHARE:
            wake.watch(bases)
            agent.discover(now)
            took = clock() - now
            next_look = now + max(sweep, took * _LISTING_SHARE)
        more = agent.step(now)
        if not 0 <= next_status - now <= _STATUS_EVERY:
            status.write(agent.status(now, polling=wake.polling))
            next_status = now + _STATUS_EVERY
        if not 0 <= now - forgotten <= 3_600_000:
            with contextlib.suppress(LogQError):
                agent.forget_old(now)
            forgotten = now
        waits = [next_look - now, agent.sink.wait(now)]
        least = 0 if more else min(w for w in waits if w is not None)
        renamed = wake.wait(max(0, least))


def _ensure_group(groups: GroupStore, name: str) -> None:
    try:
        groups.get(name)
    except NotFound:
        with contextlib.suppress(AlreadyExists):
            groups.create(name)


def _allow_open_files() -> None:
    """Raise the soft limit of open files if it is lower than what the agent may hold open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MAX_OPEN
    if soft < wanted and (hard == resource.RLIM_INFINITY or hard > soft):
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
