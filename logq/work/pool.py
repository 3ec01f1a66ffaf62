"""The pool of worker processes: who waits, who runs, and what happens to workers that hang."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from logq.errors import LimitExceeded, LogQError, Throttled, TimedOut
from logq.settings import Settings
from logq.work import faults
from logq.work.channel import Kind
from logq.work.job import Job
from logq.work.process import WorkerProcess, describe
from logq.work.running import Running

GRACE_SECONDS = 0.5
"""How long a worker has to give up a job by itself before it is killed."""
RESTART_SECONDS = 1.0
LOOK_SECONDS = 1.0
"""How often an idle worker is looked after."""


class Workers:
    """A pool that starts its processes at once and replaces those that end."""

    def __init__(
        self,
        data: Path,
        settings: Settings,
        clock: Callable[[], int],
        count: int | None = None,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self.grace = grace
        self._data = data
        self._settings = settings
        self._clock = clock
        self._changed = threading.Condition()
        self._queue: deque[Running] = deque()
        self._owned: Counter[str] = Counter()
        self._closed = False
        self._numbers = itertools.count(1)
        size = count or settings.query_workers or max(2, os.cpu_count() or 1)
        self._lanes = [_Lane(self, f"worker {n + 1}") for n in range(size)]
        for lane in self._lanes:
            lane.start()

    def start(self, job: Job, owner: str) -> Running:
        """Begin a job or queue it; raises Throttled if the owner or the queue has too many."""
        seconds = self._settings.query_seconds if job.seconds is None else job.seconds
        running = Running(job, owner, seconds, self._stop)
        with self._changed:
            if self._closed:
                raise Throttled("the server is shutting down", retry_after=5)
            if self._owned[owner] >= self._settings.query_per_caller:
                raise Throttled(
                    f"{self._owned[owner]} of your queries are running or waiting",
                    hint="wait for them or cancel them; the setting query_per_caller is the limit",
                )
            if len(self._queue) >= self._settings.query_queue + self.idle:
                raise Throttled(
                    f"{len(self._queue)} queries are waiting for a worker process",
                    hint="try again later; the settings query_queue and query_workers are the "
                    "limits",
                    retry_after=2,
                )
            self._owned[owner] += 1
            self._queue.append(running)
            self._changed.notify()
        return running

    # ---- figures for metrics and readiness

    @property
    def size(self) -> int:
        """How many worker processes there are to be."""
        return len(self._lanes)

    @property
    def alive(self) -> int:
        """How many can take jobs or run one."""
        return sum(lane.ready for lane in self._lanes)

    @property
    def idle(self) -> int:
        """How many wait for a job."""
        return sum(lane.ready and lane.running is None for lane in self._lanes)

    @property
    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        return len(self._queue)

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker processes."""
        return tuple(lane.process.pid for lane in self._lanes if lane.process is not None)

    def wait_until_ready(self, seconds: float = 30.0) -> bool:
        """Wait until every worker can take a job; False if that takes too long."""
        with self._changed:
            return self._changed.wait_for(lambda: self.alive == self.size, seconds)

    # ---- the end

    def close(self) -> None:
        """Cancel every job and end every worker."""
        with self._changed:
            self._closed = True
            waiting = list(self._queue)
            self._changed.notify_all()
        for running in [*waiting, *(r for lane in self._lanes if (r := lane.running))]:
            running.cancel()
        for lane in self._lanes:
            lane.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ---- for lanes

    def spawn(self) -> WorkerProcess:
        """A new worker process."""
        return WorkerProcess(self._data, self._settings)

    def tell(self, lane: _Lane, *, ready: bool) -> None:
        """A lane can take jobs, or cannot."""
        with self._changed:
            lane.ready = ready
            self._changed.notify_all()

    def take(self, lane: _Lane, process: WorkerProcess) -> Running | None:
        """The next job for a lane; waits for one. None: the pool is closed or the worker dead."""
        with self._changed:
            while process.alive:
                if self._changed.wait_for(lambda: bool(self._queue) or self._closed, LOOK_SECONDS):
                    if not self._queue or not process.alive:
                        return None
                    lane.running = self._queue.popleft()
                    return lane.running
        return None

    def done(self, lane: _Lane, running: Running) -> None:
        """A lane has no job any more."""
        with self._changed:
            lane.running = None
            self._forget(running)

    def cannot_start(self, how: str) -> None:
        """A worker ended before its first job: if there is no other, nobody waits for one."""
        with self._changed:
            waiting = [] if self.alive else list(self._queue)
        for running in waiting:
            running.halt(
                LimitExceeded(
                    f"no query process can be started: a new one {how}",
                    hint="the setting worker_memory may be too small; see the server's log",
                )
            )

    def message(self, job: Job) -> dict[str, Any]:
        """A job as the worker gets it."""
        number = next(self._numbers)
        return {
            "id": number,
            "kind": job.kind,
            "params": dict(job.params),
            "now": self._clock(),
        }

    @property
    def closed(self) -> bool:
        """Whether no lane is to take more jobs."""
        return self._closed

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the pool is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, seconds)

    def _stop(self, running: Running) -> None:
        """A job is to end early: leave the queue, or have its lane see to it."""
        with self._changed:
            queued = running in self._queue
            if queued:
                self._queue.remove(running)
                self._forget(running)
        if queued:
            running.end({})
            return
        for lane in self._lanes:
            lane.stop(running)

    def _forget(self, running: Running) -> None:
        self._owned[running.owner] -= 1
        if self._owned[running.owner] <= 0:
            del self._owned[running.owner]


class _Lane(threading.Thread):
    """One place for a worker process, and the thread that reads it."""

    def __init__(self, pool: Workers, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._pool = pool
        self._number = 0
        self._killed = False
        self._guard = threading.Lock()
        self.process: WorkerProcess | None = None
        self.running: Running | None = None
        self.ready = False

    def run(self) -> None:
        """Have a worker, give it jobs, and replace it when it ends."""
        while not self._pool.closed:
            try:
                self._serve()
            except (OSError, EOFError):
                self._pool.pause(RESTART_SECONDS)
        self._bury()

    def _serve(self) -> None:
        process = self.process = self._pool.spawn()
        self._killed = False
        try:
            try:
                process.channel.receive()  # READY
            except EOFError:
                self._pool.cannot_start(describe(process.bury()))
                raise
            self._pool.tell(self, ready=True)
            alive = True
            while alive and (running := self._pool.take(self, process)) is not None:
                alive = self._work(process, running)
        finally:
            self._pool.tell(self, ready=False)
            self._bury()

    def _work(self, process: WorkerProcess, running: Running) -> bool:
        """Run one job to its end; whether the worker can take another."""
        summary: dict[str, Any] = {}
        error: Exception | None = None
        alive = True
        try:
            summary = self._converse(process, running)
        except (EOFError, OSError):
            alive = False
            error = self._ended(process)
        except Exception as told:
            error = told
        with self._guard:
            self._number = 0
            # It may have answered just before it was killed: the next job must not meet that.
            alive = alive and not self._killed
        self._pool.done(self, running)
        running.end(summary, error)
        return alive

    def _converse(self, process: WorkerProcess, running: Running) -> dict[str, Any]:
        message = self._pool.message(running.job)
        process.channel.send_json(Kind.JOB, message)
        with self._guard:
            self._number = message["id"]
        if running.stopped is not None:
            self.stop(running)
        until = time.monotonic() + running.seconds
        while True:
            left = max(0.001, until - time.monotonic())
            try:
                kind, payload = process.channel.receive(None if running.stopped else left)
            except TimeoutError:
                running.halt(_timed_out(running))
                continue
            if kind is Kind.DATA:
                if not running.add(payload, left):
                    running.halt(_timed_out(running))
            elif kind is Kind.HEADER:
                running.begin(json.loads(payload))
            elif kind is Kind.SUMMARY:
                return dict(json.loads(payload))
            elif kind is Kind.FAULT:
                raise faults.from_data(json.loads(payload))

    def stop(self, running: Running) -> None:
        """Have the worker give this job up, and kill it if it does not."""
        process = self.process
        with self._guard:
            if self.running is not running or process is None or not self._number:
                return  # _converse looks again
            number = self._number
            try:
                process.channel.send_json(Kind.CANCEL, {"id": number})
            except OSError:
                return

        def force() -> None:
            with self._guard:
                if self._number == number:
                    self._killed = True
                    process.kill()

        timer = threading.Timer(self._pool.grace, force)
        timer.daemon = True
        timer.start()

    def _ended(self, process: WorkerProcess) -> LogQError:
        how = describe(process.bury())
        return LimitExceeded(
            f"the query's process {how}, most likely for want of memory",
            hint="narrow the query, or raise the settings query_memory and worker_memory",
        )

    def _bury(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.bury()


def _timed_out(running: Running) -> TimedOut:
    return TimedOut(
        f"the query took longer than {running.seconds:g} s",
        hint="narrow the time range, or raise the setting query_seconds",
    )
