"""A real server in a thread of the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn

from logq.app import LogQ
from logq.audit.call import Call
from logq.server import create_app
from logq.server.service import Service
from logq.work.job import Answer, Job, Pool

NOW = 1_767_607_200_000


@dataclass
class Calls:
    """A recorder that remembers."""

    seen: list[Call] = field(default_factory=list)

    def record(self, call: Call) -> None:
        self.seen.append(call)


@dataclass
class Everything:
    """A caller that may do everything but what a test forbids."""

    forbidden: set[tuple[str, str]] = field(default_factory=set)
    name: str = "tester"
    kind: str = "key"
    key_id: str | None = "AKTEST"

    def allows(
        self, action: str, resource: str, conditions: Mapping[str, str] | None = None
    ) -> bool:
        return (action, resource) not in self.forbidden


class NoPool:
    def start(self, job: Job, owner: str) -> Answer:
        raise AssertionError("no operation here runs a job")


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    logq: LogQ
    caller: Everything
    calls: Calls


@contextmanager
def serve(logq: LogQ, pool: Pool | None = None) -> Iterator[Served]:
    """A server over a data directory, until the block ends."""
    caller, calls = Everything(), Calls()
    app = create_app(Service(logq, pool or NoPool(), calls, caller))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", http="httptools"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", logq, caller, calls)
    finally:
        server.should_exit = True
        thread.join(60)
