"""Several processes on one data directory, and threads in one of them."""

from __future__ import annotations

import contextlib
import os
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from logq.errors import AlreadyExists, CheckpointConflict
from logq.model import Checkpoint
from logq.settings import Settings
from logq.storage import Storage
from tests.storage.building import NOON, batch, events_of
from tests.storage.conftest import Clock

SETTINGS = Settings(journal_batch_bytes=1_000, garbage_seconds=3600)


def together(*jobs: Callable[[], None]) -> list[int]:
    """Run jobs in processes of their own at the same time; answers their exit codes."""
    children = []
    for job in jobs:
        child = os.fork()
        if child == 0:
            try:
                job()
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_two_writers_a_compactor_and_a_reader_work_at_once(tmp_path: Path, clock: Clock) -> None:
    with Storage.open(tmp_path, clock, SETTINGS) as storage:
        storage.groups.create("g")

    def writer(name: str) -> Callable[[], None]:
        def work() -> None:
            with Storage.open(tmp_path, clock, SETTINGS) as storage:
                for number in range(30):
                    count = 50 if number % 5 == 0 else 2
                    documents = [{"w": name, "n": number, "i": i} for i in range(count)]
                    times = [NOON + i for i in range(count)]
                    key = Checkpoint(name, "at", str(number), str(number - 1), number > 0)
                    storage.events.append("g", batch(documents, times=times), [key])

        return work

    def upkeep() -> None:
        with Storage.open(tmp_path, clock, SETTINGS) as storage:
            for _ in range(12):
                storage.seal()
                storage.compact()
                storage.retention()

    def reader() -> None:
        with Storage.open(tmp_path, clock, SETTINGS) as storage:
            seen = 0
            for _ in range(25):
                events = events_of(storage.snapshot(["g"]))
                assert len(events) >= seen, "events have gone"
                seen = len(events)

    assert together(writer("a"), writer("b"), upkeep, upkeep, reader) == [0] * 5
    with Storage.open(tmp_path, clock, SETTINGS) as storage:
        found = sorted(
            (e["fields"]["w"], e["fields"]["n"], e["fields"]["i"])
            for e in events_of(storage.snapshot(["g"])).values()
        )
        assert found == [
            (w, n, i) for w in "ab" for n in range(30) for i in range(50 if n % 5 == 0 else 2)
        ]
        assert storage.checkpoints.get("a", "at") == "29"
        assert storage.doctor().healthy


def test_of_two_processes_with_one_checkpoint_each_step_is_taken_once(
    tmp_path: Path, clock: Clock
) -> None:
    with Storage.open(tmp_path, clock, SETTINGS) as storage:
        storage.groups.create("g")

    def follow() -> None:
        with Storage.open(tmp_path, clock, SETTINGS) as storage:
            while (at := int(storage.checkpoints.get("agent", "file") or 0)) < 40:
                expected = str(at) if at else None
                step = Checkpoint("agent", "file", str(at + 1), expected, True)
                try:
                    storage.events.append("g", batch([{"n": at}]), [step])
                except CheckpointConflict:
                    continue

    assert together(follow, follow) == [0, 0]
    with Storage.open(tmp_path, clock, SETTINGS) as storage:
        events = events_of(storage.snapshot(["g"])).values()
    assert sorted(e["fields"]["n"] for e in events) == list(range(40))


def test_many_processes_open_a_fresh_directory_at_once(tmp_path: Path, clock: Clock) -> None:
    def start() -> None:
        with Storage.open(tmp_path / "new", clock, SETTINGS) as storage:
            with contextlib.suppress(AlreadyExists):
                storage.groups.create("g")
            storage.events.append("g", batch([{}]))

    assert together(*[start] * 6) == [0] * 6
    with Storage.open(tmp_path / "new", clock, SETTINGS) as storage:
        assert storage.groups.get("g").events == 6


def test_threads_share_one_storage(storage: Storage) -> None:
    def work(name: int) -> None:
        for number in range(20):
            storage.events.append("app/web", batch([{"t": name, "n": number}]))
            storage.snapshot(["app/web"])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(events_of(storage.snapshot(["app/web"]))) == 80


@pytest.mark.parametrize("action", ["compact", "delete", "seal"])
def test_the_loser_of_a_race_changes_nothing(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """While one process has read what it is going to merge, another one does it first."""
    size = 1 << 20 if action == "seal" else 0
    settings = Settings(journal_batch_bytes=size, garbage_seconds=3600)
    with (
        Storage.open(tmp_path, clock, settings) as slow,
        Storage.open(tmp_path, clock, settings) as quick,
    ):
        slow.groups.create("g")
        for number in range(3):
            slow.events.append("g", batch([{"n": number}]))
        done: list[str] = []

        def interfere(point: str) -> None:
            if point in ("compaction.before-commit", "seal.before-commit") and not done:
                done.append(point)
                if action == "compact":
                    quick.compact()
                elif action == "seal":
                    quick.seal()
                else:
                    quick.groups.delete("g")

        for module in ("compactor", "sealing"):
            monkeypatch.setattr(f"logq.storage.{module}.reach", interfere)
        if action == "seal":
            assert slow.seal().segments == 0
        else:
            assert slow.compact().segments_after == 0
        assert done
        assert len(events_of(slow.snapshot(["*"]))) == (0 if action == "delete" else 3)
        assert slow.doctor().healthy
        listed = {p.path for p in slow.snapshot(["*"]).pieces}
        there = {str(p) for p in slow.directory.segment_files()}
        assert len(there - listed) == (3 if action == "compact" else 0)
