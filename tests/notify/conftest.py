"""What the tests of notifications share: a store, a clock that is set, and an engine on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from logq.arns import Place
from logq.event import Event
from logq.notify.delivery import Delivery
from logq.notify.guard import Allowed
from logq.notify.notify import Around, Notify
from logq.notify.transport import Transport
from logq.storage import Storage
from tests.notify.service import Service, serving

NOW = 1_767_607_200_000


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class World:
    """Everything around the engine, remembering what it was told."""

    stored: list[tuple[str, int, str, str]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    broken: list[Exception] = field(default_factory=list)
    """What the next appends raise."""
    muted: set[str] = field(default_factory=set)

    def append(self, group: str, lines: Sequence[tuple[int, int, str, str]]) -> None:
        if self.broken:
            raise self.broken.pop(0)
        for number, time, stream, text in lines:
            if number and number <= self.numbers.get(group, 0):
                continue
            self.numbers[group] = max(number, self.numbers.get(group, 0))
            self.stored.append((group, time, stream, text))

    def emit(self, connection: sqlite3.Connection, event: Event) -> None:
        self.events.append(event)

    def count(self, outcome: str, amount: int) -> None:
        self.counted[outcome] = self.counted.get(outcome, 0) + amount

    def around(self) -> Around:
        def matches(pattern: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
            return pattern == document

        return Around(
            self.append,
            self.emit,
            self.count,
            lambda arn: arn in self.muted,
            matches,
            "https://logq.example.com",
            send=Transport(Allowed.parse("127.0.0.1"), seconds=60),
            chance=lambda: 1.0,
        )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def _serving() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def service(_serving: Service) -> Service:
    _serving.got.clear()
    _serving.answers.clear()
    return _serving


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> Iterator[Storage]:
    with Storage.open(tmp_path / "data", clock) as opened:
        yield opened


@pytest.fixture
def notify(storage: Storage, clock: Clock, world: World) -> Notify:
    return made(storage, clock, world.around())


def made(storage: Storage, clock: Clock, around: Around) -> Notify:
    place = Place("us-east-1", "000000000000")
    return Notify(storage.definitions, storage.database, clock, place, lambda: b"k" * 32, around)


@pytest.fixture
def delivery(notify: Notify) -> Delivery:
    return notify.delivery()


def without_network(around: Around) -> Around:
    """The same, refusing every address."""
    return replace(around, send=None)
