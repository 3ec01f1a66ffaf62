"""Stand-ins for storage and parser, and an agent that tests drive step by step."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from logq.errors import CheckpointConflict, DiskFull, LogQError, UnknownLogGroup
from logq.ingest.agent import Agent
from logq.ingest.agent_config import AgentConfig, Source, config_from_arguments
from logq.ingest.followed import Followed
from logq.ingest.hold import Boundary
from logq.ingest.parser import Counters, Parsed
from logq.model import LABELS, LOG_STREAM, MESSAGE, TIMESTAMP, Accepted, Checkpoint

START = 1_760_000_000_000


class PlainParser:
    """Every line is an event; bytes stay recognisable as Latin-1."""

    def parse(
        self,
        lines: Sequence[bytes],
        *,
        stream: str,
        arrival: int,
        reference: int | None = None,
        cuts: Mapping[int, int] | None = None,
    ) -> Parsed:
        rows = len(lines)
        batch = pa.table(
            {
                TIMESTAMP: pa.array([arrival] * rows, pa.timestamp("ms")),
                MESSAGE: pa.array([line.decode("latin-1") for line in lines], pa.string()),
                LOG_STREAM: pa.array([stream] * rows, pa.string()),
            }
        )
        cuts = cuts or {}
        return Parsed(
            batch, Counters(rows, truncated=len(cuts), truncated_bytes=sum(cuts.values()))
        )


@dataclass
class PlainParsers:
    """One parser for all."""

    boundary_of: Boundary | None = None
    broken: bool = False

    def check(self, source: Source) -> None:
        return None

    def parser(self, followed: Followed) -> PlainParser:
        if self.broken:
            raise RuntimeError("a bug in a format")
        return PlainParser()

    def plain_parser(self, followed: Followed) -> PlainParser:
        return PlainParser()

    def boundary(self, followed: Followed) -> Boundary | None:
        return self.boundary_of


@dataclass(frozen=True)
class Stored:
    """One event as the stand-in for storage keeps it."""

    group: str
    stream: str
    message: str
    labels: str | None


@dataclass
class FakeStorage:
    """Storage in memory, with compare-and-set; it survives its agents."""

    stored: list[Stored] = field(default_factory=list)
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    refuse: LogQError | None = None
    fail_after_commit: LogQError | None = None
    appends: int = 0
    most_appends: int = 1 << 60

    @property
    def events(self) -> FakeStorage:
        return self

    @property
    def checkpoints(self) -> FakeCheckpoints:
        return FakeCheckpoints(self)

    @property
    def groups(self) -> FakeGroups:
        return FakeGroups(self)

    @property
    def messages(self) -> list[str]:
        return [event.message for event in self.stored]

    def append(
        self, group: str, batch: pa.Table, checkpoints: Sequence[Checkpoint] = ()
    ) -> Accepted:
        if self.refuse is not None:
            raise self.refuse
        if self.appends >= self.most_appends:
            raise DiskFull("no space left")
        if group not in self.names:
            raise UnknownLogGroup(group)
        for checkpoint in checkpoints:
            self.advance(checkpoint)
        rows = batch.select([LOG_STREAM, MESSAGE]).to_pylist()
        labels: list[Any] = [None] * len(rows)
        if LABELS in batch.column_names:
            labels = batch.column(LABELS).to_pylist()
        for row, label in zip(rows, labels, strict=True):
            self.stored.append(Stored(group, row[LOG_STREAM], row[MESSAGE], label))
        self.appends += 1
        if self.fail_after_commit is not None:
            error, self.fail_after_commit = self.fail_after_commit, None
            raise error
        return Accepted(len(rows), 0, 0)

    def advance(self, checkpoint: Checkpoint) -> None:
        key = (checkpoint.owner, checkpoint.key)
        if checkpoint.check and self.values.get(key) != checkpoint.expected:
            raise CheckpointConflict(checkpoint.key)
        self.values[key] = checkpoint.value


@dataclass
class FakeCheckpoints:
    """The checkpoints of a ``FakeStorage``."""

    storage: FakeStorage

    def get(self, owner: str, key: str) -> str | None:
        return self.storage.values.get((owner, key))

    def list(self, owner: str) -> dict[str, str]:
        return {key: value for (o, key), value in self.storage.values.items() if o == owner}

    def set(self, checkpoint: Checkpoint) -> None:
        if self.storage.refuse is not None:
            raise self.storage.refuse
        self.storage.advance(checkpoint)

    def delete(self, owner: str, key: str) -> None:
        self.storage.values.pop((owner, key), None)


@dataclass
class FakeGroups:
    """The log groups of a ``FakeStorage``."""

    storage: FakeStorage

    def get(self, name: str) -> str:
        if name not in self.storage.names:
            raise UnknownLogGroup(name)
        return name

    def create(self, name: str) -> str:
        self.storage.names.add(name)
        return name


class Bench:
    """A directory of logs, a storage, and an agent whose time the test moves."""

    def __init__(self, directory: Path, pattern: str = "*.log*", **options: Any) -> None:
        self.directory = directory
        self.storage = FakeStorage()
        self.parsers = PlainParsers()
        self.now = START
        self.notes: list[str] = []
        self.config = config_from_arguments([str(directory / pattern)], "app", **options)
        self.agent = self.start()

    def start(self, config: AgentConfig | None = None) -> Agent:
        """A new agent on the same storage, as after a kill."""
        if hasattr(self, "agent"):
            self.agent.close()
        self.config = config or self.config
        self.agent = Agent(self.config, self.storage, self.now, self.notes.append, self.parsers)
        return self.agent

    def tick(self, times: int = 1, milliseconds: int = 1000) -> None:
        """Let time pass and the agent look and read."""
        for _ in range(times):
            self.now += milliseconds
            self.agent.discover(self.now)
            self.agent.step(self.now)

    def settle(self) -> None:
        """Let so much time pass that everything that waits is done."""
        self.tick(15)

    def path(self, name: str) -> Path:
        return self.directory / name

    def write(self, name: str, text: str | bytes) -> None:
        """Append to a file."""
        data = text.encode() if isinstance(text, str) else text
        with self.path(name).open("ab") as file:
            file.write(data)

    @property
    def messages(self) -> list[str]:
        return self.storage.messages


def held_until(start: str) -> Callable[[bytes], int]:
    """A boundary: events begin with ``start``, and the last one may go on."""

    def boundary(lines: bytes) -> int:
        place = lines.rfind(b"\n" + start.encode())
        return place + 1

    return boundary


def reuse_inode(path: Path, text: str, attempts: int = 200) -> bool:
    """Write a new file at ``path`` with the inode of the one that was removed just before it."""
    wanted = path.stat().st_ino
    path.unlink()
    others = []
    try:
        for number in range(attempts):
            path.write_text(text)
            if path.stat().st_ino == wanted:
                return True
            others.append(path.with_name(f"filler{number}"))
            os.rename(path, others[-1])  # noqa: PTH104
        return False
    finally:
        for other in others:
            other.unlink()
