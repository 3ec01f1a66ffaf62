"""Kill -9 the agent anywhere, with the real storage and parser: every line is stored once.

Children are forked after the imports. The parent writes and rotates; in the end an agent runs
undisturbed, and what is stored is compared with what was written.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from logq.failpoints import VARIABLE
from logq.ingest.agent import Agent, Stop, run_agent
from logq.ingest.agent_config import AgentConfig, config_from_arguments
from logq.model import MESSAGE
from logq.storage import Storage
from logq.storage.storage import epoch_ms
from tests.ingest.agent.standins import START

POINTS = (
    "agent.after-discover",
    "agent.after-read",
    "agent.before-append",
    "journal.before-transaction",
    "journal.in-transaction",
    "journal.before-commit",
    "journal.after-commit",
    "agent.after-append",
)


class Writer:
    """Writes numbered lines to a log and rotates it, by renaming or by copying."""

    def __init__(self, directory: Path, random_: random.Random, *, copying: bool) -> None:
        self.directory = directory
        self.random = random_
        self.copying = copying
        self.count = 0
        self.lines: list[str] = []

    @property
    def log(self) -> Path:
        return self.directory / "app.log"

    def write(self) -> None:
        """A few lines in JSON; now and then a long one."""
        made = []
        for _ in range(self.random.randint(1, 20)):
            self.count += 1
            text = "x" * (5000 if self.random.random() < 0.02 else 20)
            made.append(json.dumps({"n": self.count, "text": text}))
        with self.log.open("a") as file:
            file.write("".join(line + "\n" for line in made))
        self.lines += made

    def rotate(self) -> None:
        """Make app.log the file app.log.1, which was packed before."""
        first, packed = self.directory / "app.log.1", self.directory / "app.log.1.gz"
        if first.exists():
            data = gzip.compress(first.read_bytes(), 1)
            if packed.exists():
                packed.rename(self.directory / f"app.log.{self.count}.gz")
            packed.write_bytes(data)
            first.unlink()
        if not self.log.exists():
            return
        if self.copying:
            shutil.copyfile(self.log, first)
            os.truncate(self.log, 0)
        else:
            self.log.rename(first)

    def act(self) -> None:
        """Something that happens to a log."""
        self.write()
        if self.random.random() < 0.15:
            self.rotate()


def child(work: Callable[[], None], point: str = "") -> int:
    """Fork a process that does ``work`` and may die at a fail point."""
    pid = os.fork()
    if pid:
        return pid
    try:
        if point:
            os.environ[VARIABLE] = point
        work()
    except BaseException:
        os._exit(3)
    os._exit(0)


def wait(pid: int) -> bool:
    """Whether a child was killed; fails if it did not end in good order otherwise."""
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) == signal.SIGKILL
    assert os.WEXITSTATUS(status) == 0
    return False


def step_through(config: AgentConfig, data: Path, steps: int) -> None:
    """An agent that takes some steps of 300 ms."""
    with Storage.open(data) as storage:
        agent = Agent(config, storage, START)
        for step in range(steps):
            now = START + 300 * step
            agent.discover(now)
            agent.step(now)


def follow(config: AgentConfig, data: Path) -> None:
    """An agent as it really runs, until it is killed."""
    with Storage.open(data) as storage:
        run_agent(config, storage, data, epoch_ms, Stop(), lambda message: None)


def stored_lines(config: AgentConfig, data: Path) -> list[str]:
    """What is stored after one undisturbed run."""
    with Storage.open(data) as storage:
        report = run_agent(config, storage, data, epoch_ms, Stop(), print, once=True)
        assert report.complete
        assert not report.status.dropped
        pieces = storage.snapshot(["app"]).pieces
        return [m for p in pieces for m in p.table.column(MESSAGE).to_pylist()]


def judge(writer: Writer, found: list[str]) -> None:
    doubled = [line for line, times in Counter(found).items() if times > 1]
    assert not doubled
    assert sorted(set(writer.lines) - set(found)) == []
    assert set(found) == set(writer.lines)


@pytest.mark.parametrize("copying", [False, True])
def test_a_kill_at_any_named_point_loses_and_doubles_nothing(tmp_path: Path, copying: bool) -> None:
    dice = random.Random(20 + copying)
    data, logs = tmp_path / "data", tmp_path / "logs"
    logs.mkdir()
    config = config_from_arguments([str(logs / "app.log*")], "app")
    writer = Writer(logs, dice, copying=copying)
    killed = 0
    for round_ in range(24):
        writer.act()
        point = f"{POINTS[round_ % len(POINTS)]}:{dice.randint(1, 3)}"
        killed += wait(child(lambda: step_through(config, data, 8), point))

    judge(writer, stored_lines(config, data))
    assert killed > 12


def kill_at_random(directory: Path, seed: int, kills: int) -> None:
    dice = random.Random(seed)
    data, logs = directory / "data", directory / "logs"
    logs.mkdir()
    config = config_from_arguments([str(logs / "app.log*")], "app")
    writer = Writer(logs, dice, copying=bool(seed % 2))
    for _ in range(kills):
        pid = child(lambda: follow(config, data))
        for _ in range(dice.randint(1, 200)):
            writer.act()
        os.kill(pid, signal.SIGKILL)
        wait(pid)
    judge(writer, stored_lines(config, data))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_kill_at_any_time_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    kill_at_random(tmp_path, seed, kills=6)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 30))
def test_many_kills_at_any_time_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    kill_at_random(tmp_path, seed, kills=25)
