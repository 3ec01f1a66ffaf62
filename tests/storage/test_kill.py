"""kill -9 at every named point of the storage engine."""

from __future__ import annotations

import os
import random
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import logq.storage
from logq.storage import Storage, catalog, examine, migrations
from tests.storage.building import batch, messages
from tests.storage.conftest import Clock
from tests.storage.killing import SETTINGS, Judge, Tell, die_at, write

SOURCES = Path(logq.storage.__file__).parent.glob("*.py")
POINTS = sorted({p for s in SOURCES for p in re.findall(r'reach\("([\w.-]+)"\)', s.read_text())})
ELSEWHERE = {"migration.after-copy", "quarantine.after-commit", "rebuild.before-rename"}
"""Points that a writer does not pass; the last tests of this file do."""
ONCE = {"migration.in-step", "migration.before-commit", "migration.after-commit"}
TIMES = (1, 2, 3, 5, 8, 1)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory in memory where there is one: a kill does not ask what the disk has synced."""
    memory = Path("/dev/shm")
    root = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="logq-kill-", dir=root) as name:
        yield Path(name)


@pytest.mark.parametrize("point", [p for p in POINTS if p not in ELSEWHERE])
def test_a_writer_killed_at_a_point_again_and_again_loses_nothing(
    place: Path, clock: Clock, point: str
) -> None:
    judge = Judge(place / "data", clock)
    killed = 0
    for number, times in enumerate(TIMES):
        if point in ONCE:
            judge = Judge(place / f"data-{number}", clock)
        told, died = die_at(f"{point}:{times}", write(judge.place, clock, judge.next))
        judge(told)
        killed += died
    assert killed >= (2 if point in ONCE else 3)


def test_every_point_is_known_here() -> None:
    assert len(POINTS) >= 25
    assert set(POINTS) >= ELSEWHERE | ONCE


@pytest.mark.parametrize("point", ["migration.after-copy", "migration.in-step"])
def test_a_killed_upgrade_leaves_the_old_or_the_new_catalog(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    with Storage.open(tmp_path, clock) as storage:
        storage.groups.create("g")
        storage.events.append("g", batch([{"n": 1}]))
    step = "CREATE TABLE one (a);\nCREATE TABLE two (b);\n"
    monkeypatch.setattr(catalog, "MIGRATIONS", [*migrations.MIGRATIONS, step])

    def upgrade(tell: Tell) -> None:
        Storage.open(tmp_path, clock).close()

    assert die_at(point, upgrade) == ([], True)
    with Storage.open(tmp_path, clock) as storage:
        assert messages(storage) == ['{"n": 1}']
    assert (tmp_path / f"catalog.version-{len(migrations.MIGRATIONS)}.sqlite").exists()


def test_a_killed_rebuild_can_be_repeated(tmp_path: Path, clock: Clock) -> None:
    with Storage.open(tmp_path, clock, SETTINGS) as storage:
        storage.groups.create("g")
        storage.events.append("g", batch([{"n": n} for n in range(300)]))
        before = messages(storage)
    (tmp_path / "catalog.sqlite").unlink()

    def repair(tell: Tell) -> None:
        examine(tmp_path, clock, repair=True)

    assert die_at("rebuild.before-rename", repair) == ([], True)
    examine(tmp_path, clock, repair=True)
    with Storage.open(tmp_path, clock, SETTINGS) as storage:
        assert messages(storage) == before


def test_a_killed_quarantine_is_finished_by_the_catalog(tmp_path: Path, clock: Clock) -> None:
    with Storage.open(tmp_path, clock, SETTINGS) as storage:
        storage.groups.create("g")
        storage.events.append("g", batch([{"n": n} for n in range(300)]))
        (piece,) = storage.snapshot(["g"]).pieces

    def give_up(tell: Tell) -> None:
        Storage.open(tmp_path, clock, SETTINGS).quarantine(piece.name, "it cannot be read")

    assert die_at("quarantine.after-commit", give_up) == ([], True)
    with Storage.open(tmp_path, clock, SETTINGS) as storage:
        snapshot = storage.snapshot(["g"])
    assert snapshot.pieces == () and "cannot be read" in snapshot.warnings[0]


@pytest.mark.soak
def test_soak_writers_killed_at_random_points(
    place: Path, clock: Clock, request: pytest.FixtureRequest
) -> None:
    """LOGQ_SOAK_KILLS kills (2,000) from LOGQ_SOAK_SEED on, a new directory every 20."""
    if "soak" not in request.config.option.markexpr:
        pytest.skip("runs for minutes: ask with -m soak")
    seed = int(os.environ.get("LOGQ_SOAK_SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    points = [p for p in POINTS if p not in ELSEWHERE]
    judge = Judge(place / "data-0", clock)
    for number in range(int(os.environ.get("LOGQ_SOAK_KILLS", "2000"))):
        if number % 20 == 0:
            shutil.rmtree(judge.place, ignore_errors=True)
            judge = Judge(place / f"data-{number // 20}", clock)
        point = f"{chance.choice(points)}:{chance.randint(1, 12)}"
        steps = chance.randint(3, 20)
        told, _ = die_at(point, write(judge.place, clock, judge.next, steps))
        try:
            judge(told)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, kill {number} at {point}: {error}") from error
