"""A data directory with one log group, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from logq.settings import Settings
from logq.storage import Storage
from tests.storage.building import NOON


@dataclass
class Clock:
    """A clock that tests move by hand."""

    now: int = NOON + 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> Iterator[Storage]:
    """Everything goes to the journal unless it is large."""
    with Storage.open(tmp_path / "data", clock) as opened:
        opened.groups.create("app/web")
        yield opened


@pytest.fixture
def direct(tmp_path: Path, clock: Clock) -> Iterator[Storage]:
    """Every batch becomes a segment at once."""
    settings = Settings(journal_batch_bytes=0)
    with Storage.open(tmp_path / "data", clock, settings) as opened:
        opened.groups.create("app/web")
        yield opened
