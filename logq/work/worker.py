"""The main program of a worker process: runs jobs one after the other.

A second thread listens to the server, so that a job can be cancelled and so that no worker
outlives its server. A cancelled job gets a SIGINT. That reaches DuckDB only where the main thread
has none of the query's work to do itself, so DuckDB is told to stop as well, until the job ends.
"""

from __future__ import annotations

import io
import json
import os
import queue
import resource
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from logq.app import LogQ, epoch_ms
from logq.errors import Cancelled, LimitExceeded, LogQError
from logq.work import faults, job
from logq.work.channel import Channel, Kind
from logq.work.readable import interrupt, readable_queries

FRAME_BYTES = 64 << 10
REMIND_SECONDS = 0.05
FILE_BYTES = 64 << 30
"""The largest file a worker may write: a query that spills fills the disk no further."""


class Out(io.RawIOBase):
    """Where a job writes its data; a binary stream, and ``header`` before it."""

    def __init__(self, channel: Channel, desk: Desk) -> None:
        self._channel = channel
        self._desk = desk
        self._pending = bytearray()

    def header(self, value: Mapping[str, Any]) -> None:
        """Say what comes; once, before the data."""
        self._desk.send(Kind.HEADER, json.dumps(value).encode())

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any, /) -> int:
        """Take some data."""
        view = memoryview(data)
        self._pending += view
        if len(self._pending) >= FRAME_BYTES:
            self.flush()
        return view.nbytes

    def flush(self) -> None:
        """Hand what is there to the reader."""
        if self._pending:
            pending, self._pending = self._pending, bytearray()
            self._desk.send(Kind.DATA, pending)


class Desk:
    """The job under way, as the main thread and the listening one both see it."""

    def __init__(self, channel: Channel, stop: Callable[[], None]) -> None:
        self._channel = channel
        self._stop = stop
        self._cancelled: int | None = None
        self._running: int | None = None
        self._sending = False
        self.jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        signal.signal(signal.SIGINT, self._interrupt)

    def listen(self, main: int) -> None:
        """Take what the server says until it is gone, and then end the process."""
        try:
            while True:
                try:
                    kind, payload = self._channel.receive(REMIND_SECONDS if self._late else None)
                except TimeoutError:
                    self._stop()
                    continue
                value = json.loads(payload)
                if kind is Kind.JOB:
                    self.jobs.put(value)
                else:
                    self._cancelled = value["id"]
                    signal.pthread_kill(main, signal.SIGINT)
        finally:
            os._exit(0)

    @property
    def _late(self) -> bool:
        """Whether the job that is cancelled still runs."""
        return self._running is not None and self._running == self._cancelled

    def _interrupt(self, *_: object) -> None:
        if self._late and not self._sending:
            raise KeyboardInterrupt

    def send(self, kind: Kind, payload: bytes | bytearray) -> None:
        """Send a whole frame; raises KeyboardInterrupt after it if the job is cancelled."""
        self._sending = True
        self._channel.send(kind, payload)
        self._sending = False
        self._interrupt()

    def run(self, logq: LogQ, asked: Mapping[str, Any]) -> None:
        """Run one job and send its end."""
        kind, answer = Kind.SUMMARY, b""
        try:
            self._running = asked["id"]
            self._interrupt()
            answer = self._work(logq, asked)
        except BaseException as error:
            self._running = None
            kind, answer = Kind.FAULT, json.dumps(_described(error)).encode()
        self._running = None
        self._channel.send(kind, answer)

    def _work(self, logq: LogQ, asked: Mapping[str, Any]) -> bytes:
        out = Out(self._channel, self)
        summary = job.get(asked["kind"])(logq, out, **asked["params"])
        out.flush()
        return json.dumps(summary).encode()


def _described(error: BaseException) -> dict[str, Any]:
    if isinstance(error, LogQError):
        return faults.to_data(error)
    if isinstance(error, KeyboardInterrupt):
        return faults.to_data(Cancelled("the query was cancelled"))
    if isinstance(error, MemoryError):
        return faults.to_data(out_of_memory())
    return {"trace": "".join(traceback.format_exception(error))}


def out_of_memory(what: str = "needs more memory than a worker process may have") -> LimitExceeded:
    """The error of a job that met the limit of its process."""
    return LimitExceeded(
        f"the query {what}",
        hint="narrow it with filter, or raise the settings query_memory and worker_memory",
    )


def confine(memory: int) -> None:
    """Limit this process for good."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        memory = min(memory, most)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = FILE_BYTES if most == resource.RLIM_INFINITY else min(FILE_BYTES, most)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def main(data: Path, descriptor: int) -> None:
    """Run jobs until the server is gone."""
    channel = Channel(socket.socket(fileno=descriptor))
    ahead = 0
    logq = LogQ(data, clock=lambda: epoch_ms() + ahead)
    confine(logq.settings.worker_memory)
    desk = Desk(channel, lambda: interrupt(logq))
    threading.Thread(target=desk.listen, args=(threading.get_ident(),), daemon=True).start()
    for name in job.names():
        job.get(name)
    warm_up(logq)
    channel.send(Kind.READY)
    while True:
        asked = desk.jobs.get()
        ahead = asked["now"] - epoch_ms()
        desk.run(logq, asked)


def warm_up(logq: LogQ) -> None:
    """Load what a first query needs, so that it need not wait for it."""
    result = readable_queries(logq, None).run("stats count(*) by bin(1h)", groups=["*"], end=0)
    for _ in result.rows():
        pass


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
