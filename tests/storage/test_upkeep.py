"""Sealing, compaction and retention change files, never answers."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from logq.errors import StorageError
from logq.model import RowGroup
from logq.settings import Settings
from logq.storage import Storage, compaction, compactor, grams, segment
from logq.storage.compaction import Candidate, Limits, choose, working_bytes
from tests.storage.building import DAY, NOON, batch, events_of, table_of
from tests.storage.conftest import Clock


def test_sealing_moves_the_journal_into_one_segment_a_day(storage: Storage) -> None:
    storage.events.append("app/web", batch([{"a": 1}, {"a": 2}], times=[NOON, NOON + DAY]))
    storage.events.append("app/web", batch([{"a": 0.5}], times=[NOON]))
    before = events_of(storage.snapshot(["app/web"]))
    report = storage.seal()
    assert (report.events, report.batches, report.segments) == (3, 2, 2)
    snapshot = storage.snapshot(["app/web"])
    assert events_of(snapshot) == before
    assert all(p.path for p in snapshot.pieces)
    assert storage.seal().segments == 0


def test_maintenance_seals_what_is_old(storage: Storage, clock: Clock) -> None:
    storage.events.append("app/web", batch([{}]))
    assert storage.maintain()[0].segments == 0
    clock.now += storage.settings.seal_seconds * 1000
    assert storage.maintain()[0].segments == 1


@pytest.mark.parametrize(
    "settings",
    [Settings(seal_batches=3), Settings(seal_bytes=24), Settings(seal_seconds=2)],
    ids=["many", "large", "old"],
)
def test_a_writer_seals_a_journal_that_is_full(
    tmp_path: Path, clock: Clock, settings: Settings
) -> None:
    with Storage.open(tmp_path / "d", clock, settings) as storage:
        storage.groups.create("g")
        storage.groups.create("other")
        storage.events.append("other", batch([{"n": 0}]))
        files = []
        for number in range(3):
            storage.events.append("g", batch([{"n": number}]))
            files.append(len(list(storage.directory.segment_files())))
            clock.now += 1000
        assert files == [0, 0, 1]
        assert len(events_of(storage.snapshot(["*"]))) == 4


def test_a_journal_that_cannot_be_sealed_does_not_refuse_events(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    with Storage.open(tmp_path / "d", clock, Settings(seal_batches=2)) as storage:
        storage.groups.create("g")
        monkeypatch.setattr("logq.storage.disk.HashingFile.write", full)
        for number in range(5):
            storage.events.append("g", batch([{"n": number}]))
        monkeypatch.undo()
        assert len(events_of(storage.snapshot(["g"]))) == 5
        storage.events.append("g", batch([{"n": 5}]))
        assert [p.rows for p in storage.snapshot(["g"]).pieces] == [6]
        assert storage.snapshot(["g"]).pieces[0].path is not None


def test_compaction_makes_one_sorted_indexed_segment(direct: Storage) -> None:
    for part in range(4):
        documents = [{"n": part * 100 + n, "id": f"id-{part}-{n}"} for n in range(100)]
        times = [NOON + (n * 7919) % 1000 for n in range(100)]
        direct.events.append("app/web", batch(documents, times=times))
    before = events_of(direct.snapshot(["app/web"]))
    steps: list[tuple[int, int]] = []
    report = direct.compact(progress=lambda done, total: steps.append((done, total)))
    assert (report.events, report.segments_before, report.segments_after) == (400, 4, 1)
    assert steps == [(400, 400)]
    snapshot = direct.snapshot(["app/web"])
    (piece,) = snapshot.pieces
    assert events_of(snapshot) == before
    rows = table_of(piece).select(["@timestamp", "@seq"]).to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["@timestamp"], row["@seq"]))
    assert piece.grams is not None
    assert grams.may_contain(piece.grams, 0, b"id-3-99")
    assert not grams.may_contain(piece.grams, 0, b"nothing like it")
    assert pq.ParquetFile(piece.path).metadata.row_group(0).column(6).statistics.has_min_max
    assert direct.compact().segments_after == 0


def test_compaction_streams_overlapping_row_groups_in_time_order(
    direct: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (segment, compactor):
        monkeypatch.setattr(module, "ROW_GROUP_ROWS", 10)
    for part in range(5):
        times = [NOON + part * 50 + n * 3 for n in range(40)]
        direct.events.append("app/web", batch([{"n": n} for n in range(40)], times=times))
    before = events_of(direct.snapshot(["app/web"]))
    direct.compact()
    snapshot = direct.snapshot(["app/web"])
    (piece,) = snapshot.pieces
    assert events_of(snapshot) == before
    assert [g.rows for g in piece.row_groups] == [10] * 20
    spans = [(g.start, g.end) for g in piece.row_groups]
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


@contextmanager
def open_files(more: int) -> Iterator[None]:
    """Let this process open only so many files more."""
    with Path("/dev/null").open() as file:
        free = file.fileno()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_many_small_segments_need_few_open_files_and_few_footers_at_once(
    direct: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_MOST", 7)
    for number in range(30):
        direct.events.append("app/web", batch([{"n": number}], times=[NOON + number]))
    with open_files(6):
        report = direct.compact()
    assert (report.damaged, report.segments_before, report.segments_after) == ((), 30, 1)
    assert report.events == 30
    snapshot = direct.snapshot(["app/web"])
    (piece,) = snapshot.pieces
    assert report.bytes_after == Path(piece.path or "").stat().st_size
    assert len(events_of(snapshot)) == 30


def test_a_process_without_file_handles_calls_no_segment_damaged(direct: Storage) -> None:
    direct.events.append("app/web", batch([{"n": 1}]))
    with open_files(0):
        with pytest.raises(StorageError, match="Too many open files"):
            direct.compact()
        with pytest.raises(StorageError, match="Too many open files"):
            direct.doctor(repair=True)
    assert direct.snapshot(["app/web"]).warnings == ()
    assert len(events_of(direct.snapshot(["app/web"]))) == 1


def test_replaced_files_stay_for_running_queries_and_then_go(direct: Storage, clock: Clock) -> None:
    for _ in range(2):
        direct.events.append("app/web", batch([{}]))
    direct.compact()
    assert direct.retention().files == 0
    assert len(list(direct.directory.segment_files())) == 3
    clock.now += direct.settings.garbage_seconds * 1000
    assert direct.retention().files == 2
    assert len(list(direct.directory.segment_files())) == 1


def test_retention_drops_whole_segments_and_rewrites_nothing(direct: Storage, clock: Clock) -> None:
    times = [NOON - 2 * DAY, NOON, NOON + 60_000]
    direct.events.append("app/web", batch([{}] * 3, times=times))
    direct.groups.set("app/web", retention_days=1)
    clock.now = NOON + DAY + 30_000
    files = set(direct.directory.segment_files())
    report = direct.retention()
    assert (report.segments, report.events, report.files) == (1, 1, 0)
    clock.now += direct.settings.garbage_seconds * 1000
    report = direct.retention()
    assert (report.segments, report.files) == (1, 1)
    clock.now += direct.settings.garbage_seconds * 1000
    assert direct.retention().files == 1
    assert not set(direct.directory.segment_files()) & files
    assert direct.groups.get("app/web").events == 0


def test_retention_forgets_expired_journal_batches(storage: Storage, clock: Clock) -> None:
    storage.groups.set("app/web", retention_days=1)
    storage.events.append("app/web", batch([{}, {}]))
    clock.now = NOON + DAY + 10
    assert storage.retention().events == 2
    assert storage.snapshot(["app/web"]).pieces == ()


def candidate(number: int, start: int, rows: int = 100, compacted: bool = False) -> Candidate:
    groups = (RowGroup(rows, start, start + 9),)
    return Candidate(f"{number:03d}", "d", rows, rows * 100, rows * 10, compacted, groups, "")


LIMITS = Limits(rows=1000, disk_bytes=1 << 30, working_bytes=1 << 30)


def test_sets_fill_up_to_the_row_limit_in_time_order() -> None:
    chosen = choose([candidate(n, 100 - n) for n in range(25)], LIMITS, everything=True)
    assert [len(part) for part in chosen] == [10, 10, 5]
    assert chosen[0][0].id == "024"


def test_large_compacted_segments_and_single_compacted_ones_are_left_alone() -> None:
    large, single = candidate(1, 0, rows=600, compacted=True), candidate(2, 5, compacted=True)
    assert choose([large, single], LIMITS, everything=True) == []
    fresh = candidate(3, 6)
    assert choose([large, single, fresh], LIMITS, everything=True) == [[single, fresh]]


def test_a_running_agent_merges_only_where_it_is_worth_it() -> None:
    few = [candidate(n, n) for n in range(7)]
    assert choose(few[:4], LIMITS, everything=False) == []
    many = [candidate(n, n, rows=10) for n in range(8)]
    assert choose(many, LIMITS, everything=False) == [many]
    merged = candidate(100, 0, rows=450, compacted=True)
    assert choose([merged, *many], LIMITS, everything=False) == []


def test_what_overlaps_in_time_must_fit_into_memory() -> None:
    same_time = [candidate(n, 0) for n in range(4)]
    assert working_bytes(same_time) == 4 * 100 * 100
    assert working_bytes([candidate(n, n * 10) for n in range(4)]) == 100 * 100
    limits = Limits(1000, 1 << 30, working_bytes=2 * 100 * 100)
    assert [len(p) for p in choose(same_time, limits, everything=True)] == [2, 2]
