"""Opening a data directory: fresh, again, newer, locked, full."""

from __future__ import annotations

import errno
import json
import sqlite3
import stat
from pathlib import Path

import pytest

from logq.errors import DiskFull, StorageError
from logq.settings import Settings
from logq.storage import Storage, catalog, disk, migrations
from logq.storage.catalog import Catalog
from tests.storage.building import batch, messages
from tests.storage.conftest import Clock


def test_a_fresh_directory_is_private_and_marked(tmp_path: Path, clock: Clock) -> None:
    place = tmp_path / "new" / "data"
    with Storage.open(place, clock):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert json.loads((place / "LOGQ").read_text()) == {"format": 1}
        names = {p.name for p in place.iterdir() if p.is_dir()}
    assert names == {"groups", "tmp", "quarantine"}


def test_what_was_stored_is_there_when_opened_again(tmp_path: Path, clock: Clock) -> None:
    for number in range(3):
        with Storage.open(tmp_path / "d", clock) as storage:
            if number == 0:
                storage.groups.create("g")
            storage.events.append("g", batch([{"n": number}]))
    with Storage.open(tmp_path / "d", clock) as storage:
        assert len(messages(storage)) == 3


def test_a_crash_before_the_first_migration_is_a_fresh_install(
    tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / "catalog.sqlite").touch()
    with Storage.open(tmp_path, clock) as storage:
        assert storage.groups.list() == ()


def test_a_newer_catalog_is_refused_kindly(tmp_path: Path, clock: Clock) -> None:
    Storage.open(tmp_path / "d", clock).close()
    connection = sqlite3.connect(tmp_path / "d" / "catalog.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageError, match="newer LogQ") as error:
        Storage.open(tmp_path / "d", clock)
    assert "upgrade" in (error.value.hint or "")


def test_a_newer_directory_is_refused_kindly(tmp_path: Path, clock: Clock) -> None:
    Storage.open(tmp_path / "d", clock).close()
    (tmp_path / "d" / "LOGQ").write_text('{"format": 2}')
    with pytest.raises(StorageError, match="newer LogQ"):
        Storage.open(tmp_path / "d", clock)


def test_a_migration_keeps_a_copy_of_the_catalog_before_it(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Storage.open(tmp_path, clock) as storage:
        storage.groups.create("g")
    steps = [*migrations.MIGRATIONS, "ALTER TABLE log_groups ADD COLUMN later TEXT"]
    monkeypatch.setattr(catalog, "MIGRATIONS", steps)
    with Storage.open(tmp_path, clock) as storage:
        assert [g.name for g in storage.groups.list()] == ["g"]
    copy = sqlite3.connect(tmp_path / f"catalog.version-{len(migrations.MIGRATIONS)}.sqlite")
    assert copy.execute("SELECT name FROM log_groups").fetchall() == [("g",)]
    columns = {column[1] for column in copy.execute("PRAGMA table_info(log_groups)")}
    assert "name" in columns and "later" not in columns
    copy.close()


def test_a_busy_catalog_is_explained_in_words(tmp_path: Path) -> None:
    Storage.open(tmp_path).close()
    patient = Catalog(tmp_path / "catalog.sqlite", busy_seconds=0.05)
    other = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="another process") as error, patient.write():
        pass
    assert "locked" not in str(error.value)
    other.close()
    with patient.write() as connection:
        connection.execute("UPDATE counters SET value = 7")
    patient.close()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_segment_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, code: int, call: str
) -> None:
    settings = Settings(journal_batch_bytes=0)
    with Storage.open(tmp_path / "d", clock, settings) as storage:
        storage.groups.create("g")
        storage.events.append("g", batch([{"n": 1}]))

        def refuse(*_: object) -> int:
            raise OSError(code, "no")

        with monkeypatch.context() as patch:
            if call == "write":
                patch.setattr(disk.HashingFile, "write", refuse)
            else:
                patch.setattr("logq.storage.disk.os.fsync", refuse)
            wanted = StorageError if code == errno.EIO else DiskFull
            with pytest.raises(wanted, match="writing a segment"):
                storage.events.append("g", batch([{"n": 2}]))
            with pytest.raises(wanted):
                storage.compact() or storage.events.append("g", batch([{}]))
        assert messages(storage) == ['{"n": 1}']
        assert list(storage.directory.tmp.iterdir()) == []
        assert len(list(storage.directory.segment_files())) == 1
        storage.events.append("g", batch([{"n": 3}]))
        assert len(messages(storage)) == 2


def test_a_full_catalog_refuses_events_and_still_answers(storage: Storage) -> None:
    storage.events.append("app/web", batch([{"n": 1}]))
    with storage._catalog.write() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    big = batch(
        [{"text": "".join(chr(97 + (n * n + m) % 26) for m in range(n))} for n in range(200)]
    )
    with pytest.raises(DiskFull, match="no space left") as error:
        for _ in range(50):
            storage.events.append("app/web", big)
    assert "retention" in (error.value.hint or "")
    count = len(messages(storage))
    with storage._catalog.read() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    storage.events.append("app/web", batch([{"n": 2}]))
    assert len(messages(storage)) == count + 1


@pytest.mark.parametrize("way", ["read", "write"])
def test_a_transaction_that_an_interrupt_left_open_is_taken_back(
    tmp_path: Path, clock: Clock, way: str
) -> None:
    with Storage.open(tmp_path, clock) as storage:
        catalog = storage._catalog
        with getattr(catalog, way)():
            pass
        left = catalog._readers[0] if way == "read" else catalog._connection
        left.execute("BEGIN")

        with getattr(catalog, way)() as connection:
            assert connection is left
            assert connection.execute("SELECT count(*) FROM log_groups").fetchone() == (0,)
        assert not left.in_transaction
