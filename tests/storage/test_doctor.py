"""Damage is found, named and taken out of answers; a lost catalog comes back from the files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from logq.errors import CatalogMissing, StorageError
from logq.settings import Settings
from logq.storage import Storage, examine
from tests.storage.building import DAY, NOON, Document, batch, events_of, messages
from tests.storage.conftest import Clock


def fill(storage: Storage) -> None:
    """Three segments and nothing else."""
    for number in range(3):
        storage.events.append("app/web", batch([{"n": number}], times=[NOON + number]))


def files(storage: Storage) -> list[Path]:
    """The files of the listed segments, oldest events first."""
    return [Path(p.path or "") for p in storage.snapshot(["*"]).pieces]


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 4
    path.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": truncate,
    "one bit flipped": flip,
    "emptied": lambda path: path.write_bytes(b""),
    "replaced by text": lambda path: path.write_text("not parquet"),
    "deleted": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_segment_is_found_and_left_out_of_answers(
    direct: Storage, damage: Callable[[Path], object]
) -> None:
    fill(direct)
    assert direct.doctor().healthy
    path = files(direct)[1]
    damage(path)
    (finding,) = direct.doctor().findings
    assert finding.kind in ("damaged", "missing") and path.stem in finding.text
    assert finding.repair is None
    (finding,) = direct.doctor(repair=True).findings
    assert finding.repair is not None
    snapshot = direct.snapshot(["app/web"])
    assert sorted(e["fields"]["n"] for e in events_of(snapshot).values()) == [0, 2]
    (warning,) = snapshot.warnings
    assert path.stem in warning and "1 events" in warning and "2026-09-21 12:00:00.001" in warning
    assert not path.exists()
    (finding,) = direct.doctor(repair=True).findings
    assert finding.kind == "quarantined"


def test_every_flipped_bit_is_found(direct: Storage) -> None:
    fill(direct)
    path = files(direct)[0]
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 100)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert len(direct.doctor().findings) == 1, place


def test_a_query_can_quarantine_what_it_cannot_read(direct: Storage) -> None:
    fill(direct)
    name = direct.snapshot(["app/web"]).pieces[0].name
    assert direct.quarantine(name, "it cannot be read")
    assert len(direct.snapshot(["app/web"]).pieces) == 2
    assert (direct.directory.quarantine / f"{name}.parquet").exists()
    direct.compact()
    gone = "0" * 24
    assert not direct.quarantine(gone, "it cannot be read")


def test_compaction_quarantines_a_damaged_input_and_merges_the_rest(direct: Storage) -> None:
    fill(direct)
    damaged = files(direct)[2]
    flip(damaged)
    report = direct.compact()
    assert report.damaged == (damaged.stem,)
    assert (report.events, report.segments_before) == (2, 2)
    assert messages(direct) == ['{"n": 0}', '{"n": 1}']


def test_a_damaged_text_index_is_dropped_and_made_again(direct: Storage) -> None:
    fill(direct)
    direct.compact()
    (path,) = direct.directory.groups.glob("*/*/_*.grams")
    path.write_bytes(b"x")
    assert [f.kind for f in direct.doctor(repair=True).findings] == ["index"]
    assert direct.snapshot(["app/web"]).pieces[0].grams is None
    direct.compact()
    assert direct.snapshot(["app/web"]).pieces[0].grams is not None
    assert direct.doctor().healthy


def test_orphans_are_deleted_only_when_their_events_are_elsewhere(
    direct: Storage, clock: Clock
) -> None:
    fill(direct)
    copy = files(direct)[0].with_name("copy.parquet")
    copy.write_bytes(files(direct)[0].read_bytes())
    foreign = files(direct)[0].with_name("foreign.parquet")
    foreign.write_text("who knows")
    findings = direct.doctor(repair=True).findings
    assert [f.kind for f in findings] == ["orphan", "orphan"]
    assert not copy.exists() and not foreign.exists()
    assert (direct.directory.quarantine / "foreign.parquet").exists()
    assert not (direct.directory.quarantine / "copy.parquet").exists()
    assert len(messages(direct)) == 3


def test_old_leftovers_in_tmp_are_cleaned_and_young_ones_stay(direct: Storage) -> None:
    old, young = direct.directory.tmp / "old", direct.directory.tmp / "young"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    assert [f.kind for f in direct.doctor().findings] == ["leftover"]
    direct.retention()
    assert not old.exists() and young.exists()


def test_a_damaged_journal_batch_makes_answers_partial_and_can_be_put_aside(
    storage: Storage,
) -> None:
    storage.events.append("app/web", batch([{"n": 1}]))
    storage.events.append("app/web", batch([{"n": 2}]))
    with sqlite3.connect(storage.directory.catalog) as connection:
        connection.execute(
            "UPDATE journal SET data = CAST(x'00' || substr(data, 2) AS BLOB) WHERE id = 1"
        )
    connection.close()
    snapshot = storage.snapshot(["app/web"])
    assert [e["fields"]["n"] for e in events_of(snapshot).values()] == [2]
    assert "journal batch 1 is damaged: its 1 events" in snapshot.warnings[0]
    assert storage.seal().events == 1
    assert [f.kind for f in storage.doctor(repair=True).findings] == ["journal"]
    assert storage.snapshot(["app/web"]).warnings == ()
    assert (storage.directory.quarantine / "journal-1.arrows").exists()


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


LOSSES: dict[str, bytes | None] = {
    "missing": None,
    "empty": b"",
    "not a database": b"not a database " * 99,
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("marker", [True, False])
def test_a_lost_catalog_is_never_a_fresh_install_and_can_be_rebuilt(
    tmp_path: Path, clock: Clock, loss: bytes | None, marker: bool
) -> None:
    place = tmp_path / "data"
    settings = Settings(journal_batch_bytes=0)
    with Storage.open(place, clock, settings) as storage:
        storage.groups.create("app/web", retention_days=7)
        storage.groups.create("b")
        times = [NOON, NOON - DAY, NOON + 5]
        for number in range(4):
            documents: list[Document] = [{"n": number, "t": "x"}, {"n": [1]}, {"u": {"v": 2.5}}]
            storage.events.append("app/web", batch(documents, times=times, streams=["p", "q"]))
        storage.compact()  # the replaced files are still there
        storage.events.append("b", batch([{"n": 1}]))
        before = events_of(storage.snapshot(["*"]))
        groups, streams = storage.groups.list(), storage.groups.streams("app/web")
    _remove(place / "catalog.sqlite")
    if loss is not None:
        (place / "catalog.sqlite").write_bytes(loss)
    if not marker:
        (place / "LOGQ").unlink()
    for _ in range(2):
        with pytest.raises(CatalogMissing, match="data beside it") as error:
            Storage.open(place, clock)
    assert "logq doctor --repair" in (error.value.hint or "")
    with pytest.raises(CatalogMissing):
        examine(place, clock)
    report = examine(place, clock, repair=True)
    assert [f.kind for f in report.findings] == ["catalog"]
    assert "rebuilt" in "\n".join(report.lines())
    with Storage.open(place, clock, settings) as storage:
        assert events_of(storage.snapshot(["*"])) == before
        again = storage.groups.list()
        assert [(g.id, g.name, g.events, g.retention_days) for g in again] == [
            (g.id, g.name, g.events, g.retention_days) for g in groups
        ]
        assert [g.stored_bytes for g in again] == [g.stored_bytes for g in groups]
        assert storage.groups.streams("app/web") == streams
        assert storage.events.append("b", batch([{}])).first_seq > max(before)
        assert storage.doctor().healthy


def test_a_rebuilt_catalog_holds_an_event_once_although_two_files_have_it(
    tmp_path: Path, clock: Clock
) -> None:
    place = tmp_path / "data"
    with Storage.open(place, clock, Settings(journal_batch_bytes=0)) as storage:
        storage.groups.create("g")
        for number in range(3):
            storage.events.append("g", batch([{"n": number}], times=[NOON + number]))
        first, second, third = files(storage)
        storage.compact()
        (merged,) = files(storage)
        assert first.exists() and second.exists() and third.exists()
        fourth = storage.events.append("g", batch([{"n": 3}, {"n": 4}])).first_seq
        assert fourth == 4
        before = events_of(storage.snapshot(["g"]))
        # As if the merging had never been told: a copy under another name, and one of the sources.
        copy = merged.with_name("f" * 24 + ".parquet")
        copy.write_bytes(merged.read_bytes())
    _remove(place / "catalog.sqlite")
    examine(place, clock, repair=True)
    with Storage.open(place, clock) as storage:
        assert events_of(storage.snapshot(["g"])) == before
        assert storage.doctor().healthy


def test_what_a_damaged_catalog_still_gives_is_saved(tmp_path: Path, clock: Clock) -> None:
    place = tmp_path / "data"
    with Storage.open(place, clock) as storage:
        storage.groups.create("g", tags={"a": "b"})
        storage.events.append("g", batch([{"n": 1}]))
        storage.seal()
        storage.events.append("g", batch([{"n": 2}]))
        before = events_of(storage.snapshot(["g"]))
    connection = sqlite3.connect(place / "catalog.sqlite")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'segments'")
    connection.commit()
    connection.close()
    with pytest.raises(StorageError, match="is damaged") as error:
        Storage.open(place, clock)
    assert "logq doctor --repair" in (error.value.hint or "")
    report = examine(place, clock, repair=True)
    assert "1 more were saved" in report.findings[0].text
    with Storage.open(place, clock) as storage:
        assert events_of(storage.snapshot(["g"])) == before
        assert storage.groups.get("g").tags == {"a": "b"}
