"""A data directory with events and a pool of workers on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from logq.app import LogQ
from logq.work.pool import Workers

EVENTS = 20_000
START = 1_767_607_200_000


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("work")
    lines = directory / "lines.ndjson"
    with lines.open("w") as file:
        for n in range(EVENTS):
            level = "ERROR" if n % 10 == 0 else "INFO"
            file.write(json.dumps({"timestamp": START + n, "n": n, "level": level}) + "\n")
    with LogQ(directory / "data", environ={}) as logq:
        logq.load([str(lines)], "/app/web")
        logq.load([str(lines)], "/app/secret")
    return directory / "data"


@pytest.fixture
def logq(data: Path) -> Iterator[LogQ]:
    with LogQ(data, environ={}) as opened:
        yield opened


@pytest.fixture(scope="module")
def pool(data: Path) -> Iterator[Workers]:
    with LogQ(data, environ={}) as logq, Workers(data, logq.settings, logq.clock, 2) as workers:
        assert workers.wait_until_ready(120)
        yield workers
