"""An access engine on a fresh data directory, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from logq.access.access import Access
from logq.access.master import MasterKey
from logq.storage import Storage
from tests.access.signing import NOW


@dataclass
class Clock:
    """Epoch milliseconds."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def master(tmp_path: Path) -> MasterKey:
    return MasterKey(tmp_path / "config" / "master.key")


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> Iterator[Storage]:
    with Storage.open(tmp_path / "data", clock) as opened:
        yield opened


@pytest.fixture
def access(storage: Storage, clock: Clock, master: MasterKey) -> Access:
    return Access(storage.definitions, clock, master)
