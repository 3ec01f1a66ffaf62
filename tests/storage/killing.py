"""Kill a writing process at a named point and judge what it left behind.

The child appends numbered events and tells before and after each batch; it seals, compacts,
forgets and deletes in between. Afterwards the judge opens the directory like any next start: every
acknowledged event is there exactly once, none is invented, a batch is there whole or not at all,
nothing needs a human, and maintenance leaves no file that the catalog does not list.
"""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from logq.failpoints import VARIABLE
from logq.settings import Settings
from logq.storage import Storage
from tests.storage.building import DAY, NOON, batch, events_of
from tests.storage.conftest import Clock

SETTINGS = Settings(journal_batch_bytes=2_000, garbage_seconds=60, any_retention=True)
HOUR = 3_600_000

Tell = Callable[[str], None]


def event(number: int) -> dict[str, object]:
    """A numbered event that cannot be made up."""
    return {"n": number, "hash": hashlib.sha1(str(number).encode()).hexdigest()}


def die_at(point: str, work: Callable[[Tell], None]) -> tuple[list[str], bool]:
    """Run ``work`` in a child that dies at ``point``; answers what it told and whether it died."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.environ[VARIABLE] = point
            work(lambda line: (os.write(writer, f"{line}\n".encode()), None)[1])
        except BaseException as error:  # the parent is told; a child must not return to pytest
            os.write(writer, f"error {error!r}\n".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:  # noqa: PTH123
        told = pipe.read().splitlines()
    _, status = os.waitpid(child, 0)
    return told, os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def write(place: Path, clock: Clock, first: int, steps: int = 10) -> Callable[[Tell], None]:
    """The writing child: numbered events from ``first`` on, with upkeep in between."""

    def work(tell: Tell) -> None:
        storage = Storage.open(place, clock, SETTINGS)
        for name, days in (("main", None), ("short", 1), ("parted", None)):
            if not storage.groups.list(name):
                storage.groups.create(name, retention_days=days)
        number = first
        for step in range(steps):
            count = 40 if step % 3 == 1 else 3
            numbers = range(number, number + count)
            number += count
            times = [NOON + (n * 7919) % DAY - DAY // 2 for n in numbers]
            tell(f"try {numbers[0]} {numbers[-1]}")
            storage.events.append("main", batch([event(n) for n in numbers], times=times))
            tell(f"ack {numbers[0]} {numbers[-1]}")
            if step % 3 == 2:
                storage.seal()
                storage.events.append("short", batch([{}], times=[clock.now - DAY + HOUR]))
                storage.events.append("short", batch([{}] * 99, times=[clock.now - DAY + 1] * 99))
            storage.groups.create_stream("parted", f"drop-{number}")
            storage.events.append(
                "parted", batch([{"at": step}] * 4, streams=(f"drop-{number}", f"keep-{number}"))
            )
            storage.groups.delete_stream("parted", f"drop-{number}")
            tell(f"drop {number} {number}")
            if step % 4 == 3:
                storage.compact()
                if storage.groups.list("gone"):
                    storage.groups.delete("gone")
                storage.groups.create("gone")
                storage.events.append("gone", batch([{"text": "x" * 3000}]))
                storage.groups.delete("gone")
                clock.now += 2 * HOUR
                storage.retention()
        storage.close()

    return work


@dataclass
class Judge:
    """Checks one directory after every crash and remembers what must be there."""

    place: Path
    clock: Clock
    settled: set[int] = field(default_factory=set)
    """Events that were acknowledged, or seen after a crash: they have to stay."""
    dropped: set[int] = field(default_factory=set)
    """Numbers of streams that were deleted, beside which others were to be kept."""

    @property
    def next(self) -> int:
        """The first event number that nobody has used."""
        return max(self.settled, default=0) + 1

    def __call__(self, told: list[str]) -> None:
        """Judge what a child left that told this."""
        tried = self.settled.copy()
        unsure: set[int] = set()
        for line in told:
            kind, *rest = line.split()
            assert kind in ("try", "ack", "drop"), line
            if kind == "drop":
                self.dropped.add(int(rest[0]))
                continue
            numbers = set(range(int(rest[0]), int(rest[1]) + 1))
            unsure = numbers if kind == "try" else set()
            tried |= numbers
            if kind == "ack":
                self.settled |= numbers
        self.clock.now += 13 * HOUR
        with Storage.open(self.place, self.clock, SETTINGS) as storage:
            if not storage.groups.list("main"):
                assert not self.settled
                storage.groups.create("main")
            found = [e["fields"] for e in events_of(storage.snapshot(["main"])).values()]
            present = {f["n"] for f in found}
            assert len(found) == len(present), "an event is there twice"
            assert all(f == event(f["n"]) for f in found), "an event was changed"
            assert self.settled <= present, "an acknowledged event is lost"
            assert present - self.settled in (set(), unsure), "half a batch, or invented"
            self._judge_streams(storage)
            assert storage.doctor().healthy
            fresh = max(tried, default=0) + 1
            storage.events.append("main", batch([event(fresh)]))
            self.settled = present | {fresh}
            storage.retention()
            self.clock.now += HOUR
            storage.retention()
            snapshot = storage.snapshot(["*"])
            listed = {name for p in snapshot.pieces for name in (p.path, p.grams) if name}
            there = {str(p) for p in storage.directory.groups.rglob("*") if p.is_file()}
            assert there == listed, "a file is left over, or missing"
            after = events_of(storage.snapshot(["main"])).values()
            assert {e["fields"]["n"] for e in after} == self.settled

    def _judge_streams(self, storage: Storage) -> None:
        """A deleted stream is gone, and of those beside it not one event is."""
        if not storage.groups.list("parted"):
            assert not self.dropped
            return
        found = [e["@logStream"] for e in events_of(storage.snapshot(["parted"])).values()]
        listed = {stream.name: stream.events for stream in storage.groups.streams("parted")}
        for number in self.dropped:
            assert f"drop-{number}" not in {*found, *listed}, "a deleted stream is back"
            assert found.count(f"keep-{number}") == listed[f"keep-{number}"] == 2
        (group,) = storage.groups.list("parted")
        assert group.events == len(found) == sum(listed.values())
