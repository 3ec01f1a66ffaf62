"""What the tests of actions share: a LogQ with a clock that can be set, and contexts on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from logq.actions.context import Context, Origin
from logq.app import LogQ
from logq.audit.call import Call
from logq.work.job import Answer, Job

NOW = 1_767_607_200_000


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class Calls:
    """A recorder that remembers."""

    seen: list[Call] = field(default_factory=list)

    def record(self, call: Call) -> None:
        self.seen.append(call)


@dataclass(frozen=True)
class May:
    """A caller for whom a function says what is allowed."""

    rule: Callable[[str, str], bool] = lambda action, resource: True
    name: str = "tester"
    kind: str = "key"
    key_id: str | None = "AKTEST"

    def allows(
        self, action: str, resource: str, conditions: Mapping[str, str] | None = None
    ) -> bool:
        return self.rule(action, resource)


class NoPool:
    """Workers for actions that run no job."""

    def start(self, job: Job, owner: str) -> Answer:
        raise AssertionError("no action here runs a job")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def logq(tmp_path: Path, clock: Clock) -> Iterator[LogQ]:
    with LogQ(tmp_path / "data", clock=clock, environ={}) as opened:
        yield opened


@pytest.fixture
def context(logq: LogQ) -> Context:
    return context_of(logq)


def context_of(logq: LogQ, rule: Callable[[str, str], bool] = lambda *_: True) -> Context:
    """A context of a caller who may do what the rule of action and ARN allows."""
    return Context(logq, May(rule), Origin("r1", "127.0.0.1", "test"), NoPool(), Calls())
