"""An empty data directory with metrics, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from logq.metrics.metrics import Metrics
from logq.settings import Settings
from logq.storage import Storage
from tests.metrics.building import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> Iterator[Storage]:
    with Storage.open(tmp_path / "data", clock) as opened:
        yield opened


@pytest.fixture
def metrics(storage: Storage, clock: Clock) -> Metrics:
    return Metrics(storage.database, clock, Settings())
