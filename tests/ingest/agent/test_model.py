"""The agent against a toy model: random writes, rotations, kills; every line once."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.ingest.agent.standins import Bench

KEPT = 4  # rotated files


class LogFile(RuleBasedStateMachine):
    """One log with its rotations; ``due`` are the lines that must be stored in the end.

    Lines are numbered, so a lost or doubled one shows. The tail of a line that went out unfinished
    is an event of its own: it is put together again before comparing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="logq-model-"))
        self.bench = Bench(self.directory, "app.log*")
        self.due: list[str] = []
        self.count = 0
        self.part = ""
        self.doubtful: set[str] = set()
        """Lines that a truncation may have taken before they were read."""

    @initialize(copying=st.booleans())
    def begin(self, copying: bool) -> None:
        """A log is rotated in one way, by renaming or by copying."""
        self.copying = copying

    @property
    def log(self) -> Path:
        return self.directory / "app.log"

    def append(self, text: str) -> None:
        with self.log.open("a") as file:
            file.write(text)

    def next_line(self, length: int) -> str:
        self.count += 1
        line = f"line {self.count}:" + "x" * length
        self.due.append(line)
        return line

    @rule(lines=st.integers(1, 5), length=st.sampled_from([0, 10, 300, 2000]))
    @precondition(lambda self: not self.part)
    def write(self, lines: int, length: int) -> None:
        self.append("".join(self.next_line(length) + "\n" for _ in range(lines)))

    @rule(length=st.integers(2, 50))
    @precondition(lambda self: not self.part)
    def write_half(self, length: int) -> None:
        line = self.next_line(length)
        half = len(line) // 2
        self.append(line[:half])
        self.part = line[half:] + "\n"

    @rule()
    @precondition(lambda self: self.part)
    def write_other_half(self) -> None:
        self.append(self.part)
        self.part = ""

    @rule(milliseconds=st.sampled_from([50, 300, 1100, 6000]))
    def poll(self, milliseconds: int) -> None:
        self.bench.tick(1, milliseconds)

    @rule()
    def look_without_reading(self) -> None:
        self.bench.now += 100
        self.bench.agent.discover(self.bench.now)

    @rule()
    def read_without_looking(self) -> None:
        self.bench.now += 100
        self.bench.agent.step(self.bench.now)

    @rule()
    def kill(self) -> None:
        self.bench.start()

    @rule()
    @precondition(lambda self: not self.copying and self.log.exists() and not self.part)
    def rotate_by_name(self) -> None:
        self._make_room()
        self.log.rename(self.directory / "app.log.1")

    @rule()
    @precondition(lambda self: self.copying and self.log.exists() and not self.part)
    def rotate_by_copy(self) -> None:
        self._make_room()
        shutil.copyfile(self.log, self.directory / "app.log.1")
        os.truncate(self.log, 0)

    @rule(lines=st.integers(1, 3))
    @precondition(lambda self: self.copying and self.log.exists() and not self.part)
    def rotate_by_copy_while_writing(self, lines: int) -> None:
        """Lines written between the copy and the truncation may be lost, but not doubled."""
        self._make_room()
        shutil.copyfile(self.log, self.directory / "app.log.1")
        self.bench.tick(1, 50)
        written = [self.next_line(10) for _ in range(lines)]
        self.append("".join(line + "\n" for line in written))
        self.doubtful.update(written)
        if lines > 1:
            self.bench.tick(1, 50)
        os.truncate(self.log, 0)

    @rule()
    @precondition(lambda self: (self.directory / "app.log.1").exists() and not self.part)
    def pack(self) -> None:
        plain = self.directory / "app.log.1"
        if not (self.directory / "app.log.1.gz").exists():
            data = gzip.compress(plain.read_bytes(), 1)
            (self.directory / "app.log.1.gz").write_bytes(data)
            plain.unlink()

    @rule()
    @precondition(lambda self: self.log.exists() and not self.part)
    def remove_after_reading(self) -> None:
        self.bench.tick(4, 300)
        self.log.unlink()

    @rule(lines=st.integers(1, 30))
    @precondition(lambda self: self.log.exists() and not self.part)
    def rewrite_after_reading(self, lines: int) -> None:
        self.bench.tick(4, 300)
        self.log.write_text("".join(self.next_line(20) + "\n" for _ in range(lines)))

    def _make_room(self) -> None:
        """Move app.log.1 on to app.log.2 and so forth; the oldest is removed, read long ago."""
        for number in range(KEPT, 0, -1):
            for ending in ("", ".gz"):
                old = self.directory / f"app.log.{number}{ending}"
                if old.exists() and number == KEPT:
                    self.bench.tick(12)
                    old.unlink()
                elif old.exists():
                    old.rename(self.directory / f"app.log.{number + 1}{ending}")

    @invariant()
    def nothing_is_doubled(self) -> None:
        whole = [m for m in self.bench.messages if m.startswith("line")]
        assert len(whole) == len(set(whole))

    def teardown(self) -> None:
        if self.part:
            self.append(self.part)
        self.bench.tick(20)
        found = self.together()
        self.bench.agent.close()
        shutil.rmtree(self.directory)
        assert sorted(set(found)) == sorted(found)
        missing = set(self.due) - set(found)
        assert missing <= self.doubtful
        assert set(found) <= set(self.due)

    def together(self) -> list[str]:
        """The stored lines, those in two parts made one."""
        found: list[str] = []
        for event in self.bench.storage.stored:
            if event.labels and "continued" in event.labels:
                found[found.index(self.half_of(event.message, found))] += event.message
            else:
                found.append(event.message)
        return found

    def half_of(self, rest: str, found: list[str]) -> str:
        return next(f for f in found if f not in self.due and f + rest in self.due)


LogFile.TestCase.settings = settings(
    max_examples=int(os.environ.get("LOGQ_MODEL_EXAMPLES", "60")),
    stateful_step_count=40,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
TestLogFile = LogFile.TestCase
