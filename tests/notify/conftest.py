"""What the tests of notifications share: a store, a clock that is set, and an engine on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from logq.arns import Place
from logq.notify.notify import Notify
from logq.storage import Storage

NOW = 1_767_607_200_000


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> Iterator[Storage]:
    with Storage.open(tmp_path / "data", clock) as opened:
        yield opened


@pytest.fixture
def notify(storage: Storage, clock: Clock) -> Notify:
    place = Place("us-east-1", "000000000000")
    return Notify(storage.definitions, storage.database, clock, place, lambda: b"k" * 32)
