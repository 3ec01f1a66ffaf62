"""A real server in a thread of the test, over a data directory with events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from logq.app import LogQ
from logq.audit.call import Call
from logq.server import create_app
from logq.server.service import Service
from logq.work.job import Answer, Job
from logq.work.pool import Workers

START = 1_767_607_200_000
EVENTS = 20_000


@dataclass
class Calls:
    """A recorder that remembers."""

    seen: list[Call] = field(default_factory=list)

    def record(self, call: Call) -> None:
        self.seen.append(call)


@dataclass
class Somebody:
    """A caller who may do what a test says."""

    allowed: list[tuple[str, str]] = field(default_factory=lambda: [("*", "*")])
    """Patterns of actions and ARNs."""
    name: str = "tester"
    kind: str = "key"
    key_id: str | None = "AKTEST"

    def allows(
        self, action: str, resource: str, conditions: Mapping[str, str] | None = None
    ) -> bool:
        return any(fnmatchcase(action, a) and fnmatchcase(resource, r) for a, r in self.allowed)


class NoPool:
    def start(self, job: Job, owner: str) -> Answer:
        raise AssertionError("nothing here runs a job")


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    logq: LogQ
    caller: Somebody
    calls: Calls
    pool: Workers
    service: Service

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return httpx2.get(f"{self.url}{path}", timeout=60, **options)

    def post(self, path: str, **options: Any) -> httpx2.Response:
        return httpx2.post(f"{self.url}{path}", timeout=60, **options)

    def query(self, text: str, *groups: str, **options: Any) -> httpx2.Response:
        body = {"query": text, "groups": groups or ["/app/web"], **options.pop("body", {})}
        return self.post("/api/v1/query", json=body, **options)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("rest")
    lines = directory / "lines.ndjson"
    with lines.open("w") as file:
        for n in range(EVENTS):
            level = "ERROR" if n % 10 == 0 else "INFO"
            file.write(json.dumps({"timestamp": START + n, "n": n, "level": level}) + "\n")
    with LogQ(directory / "data", environ={}) as logq:
        logq.load([str(lines)], "/app/web")
        logq.load([str(lines)], "/app/secret")
    return directory / "data"


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Served]:
    few = {"LOGQ_SERVER_TAILS": "8"}
    with LogQ(data, environ=few) as logq, Workers(data, logq.settings, logq.clock, 2) as pool:
        assert pool.wait_until_ready(120)
        calls, caller = Calls(), Somebody()
        service = Service(logq, pool, calls, caller)
        app = create_app(service)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", http="httptools"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            until = time.monotonic() + 60
            while not server.started:
                assert time.monotonic() < until, "the server did not start"
                time.sleep(0.005)
            port = server.servers[0].sockets[0].getsockname()[1]
            yield Served(f"http://127.0.0.1:{port}", logq, caller, calls, pool, service)
        finally:
            service.stopping.set()
            server.should_exit = True
            thread.join(60)


@pytest.fixture
def served(running: Served) -> Served:
    """The server; its caller may do everything until the test says otherwise."""
    running.caller.allowed = [("*", "*")]
    running.calls.seen.clear()
    return running
