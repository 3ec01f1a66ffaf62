"""A server that takes what is pushed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from logq.app import LogQ
from tests.server.cloudwatch.serving import NOW, Served, serve


@pytest.fixture
def logq(tmp_path: Path) -> Iterator[LogQ]:
    with LogQ(tmp_path / "data", clock=lambda: NOW, environ={}) as opened:
        yield opened


@pytest.fixture
def served(logq: LogQ) -> Iterator[Served]:
    with serve(logq) as running:
        yield running


@pytest.fixture
def http(served: Served) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=served.url) as client:
        yield client
