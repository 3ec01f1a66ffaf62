"""Loading: each event of a file once, over any number of runs and whatever goes wrong."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cramjam
import pyarrow as pa
import pytest

from logq.errors import CheckpointConflict, DiskFull, InvalidValue
from logq.ingest.loader import Loader, Options
from logq.ingest.report import FileReport, LoadReport, Progress
from logq.ingest.targets import expand, stream_name
from logq.model import LOG_STREAM, MESSAGE, Accepted, Checkpoint
from logq.storage import Storage

NOW = 1_767_614_400_000
GROUP = "app"


class Memory:
    """Storage as far as loading sees it."""

    def __init__(self, fail_after: int | None = None, fault: BaseException | None = None) -> None:
        self.batches: list[pa.Table] = []
        self.values: dict[str, str] = {}
        self._fail_after = fail_after
        self._fault = fault or KeyboardInterrupt()

    def append(
        self, group: str, batch: pa.Table, checkpoints: Sequence[Checkpoint] = ()
    ) -> Accepted:
        if self._fail_after == len(self.batches):
            self._fail_after = None
            raise self._fault
        for checkpoint in checkpoints:
            if checkpoint.check and self.values.get(checkpoint.key) != checkpoint.expected:
                raise CheckpointConflict("moved")
        self.values.update({c.key: c.value for c in checkpoints})
        self.batches.append(batch)
        return Accepted(batch.num_rows, 0, 0)

    def column(self, name: str = MESSAGE) -> list[Any]:
        return [value for batch in self.batches for value in batch.column(name).to_pylist()]

    def list(self, owner: str) -> dict[str, str]:
        return dict(self.values)


def load(memory: Memory, *paths: Path | str, chunk: int = 1 << 20, **options: Any) -> LoadReport:
    loader = Loader(memory, memory, lambda: NOW, chunk=chunk)
    return loader.load([str(path) for path in paths], GROUP, Options(**options))


def write(path: Path, *lines: str, end: str = "\n") -> Path:
    path.write_text("".join(line + "\n" for line in lines[:-1]) + lines[-1] + end)
    return path


def lines(start: int, stop: int) -> list[str]:
    return [f"event number {number} of this file" for number in range(start, stop)]


def only(report: LoadReport) -> FileReport:
    assert len(report.files) == 1
    return report.files[0]


def test_a_file_becomes_events_in_a_stream_of_its_name(tmp_path: Path) -> None:
    memory = Memory()
    report = load(memory, write(tmp_path / "a.log", *lines(0, 100), ""))
    assert memory.column() == lines(0, 100)
    assert set(memory.column(LOG_STREAM)) == {"a.log"}
    total = report.total
    assert (total.lines, total.events, total.blank, total.rejected) == (101, 100, 1, 0)
    assert total.bytes == sum(map(len, lines(0, 100)))
    assert not report.failed


def test_reading_the_same_file_again_adds_nothing(tmp_path: Path) -> None:
    memory = Memory()
    path = write(tmp_path / "a.log", *lines(0, 5000))
    load(memory, path)
    again = load(memory, path)
    assert memory.column() == lines(0, 5000)
    assert only(again).already_ingested
    assert only(again).skipped == path.stat().st_size


def test_again_reads_it_again_and_is_not_undone_by_a_later_run(tmp_path: Path) -> None:
    memory = Memory()
    path = write(tmp_path / "a.log", *lines(0, 10))
    load(memory, path)
    load(memory, path, again=True)
    assert memory.column() == lines(0, 10) * 2
    assert only(load(memory, path)).already_ingested


@pytest.mark.parametrize("known", [1, 3, 60, 5000])
def test_a_file_that_has_grown_is_read_on(tmp_path: Path, known: int) -> None:
    memory = Memory()
    load(memory, write(tmp_path / "a.log", *lines(0, known)))
    report = load(memory, write(tmp_path / "a.log", *lines(0, known + 700)))
    assert memory.column() == lines(0, known + 700)
    assert only(report).lines == 700
    assert not only(report).already_ingested
    assert only(load(memory, tmp_path / "a.log")).already_ingested


def test_a_rotated_and_packed_file_is_known_by_its_content(tmp_path: Path) -> None:
    memory = Memory()
    path = write(tmp_path / "a.log", *lines(0, 3000))
    load(memory, path)
    content = path.read_bytes()
    path.unlink()
    (tmp_path / "a.log.1.gz").write_bytes(gzip.compress(content))
    (tmp_path / "a.log.2.zst").write_bytes(bytes(cramjam.zstd.compress(content)))
    for name in ("a.log.1.gz", "a.log.2.zst"):
        report = only(load(memory, tmp_path / name))
        assert report.already_ingested
        assert report.known_as == str(path)
    assert memory.column() == lines(0, 3000)


def test_a_packed_file_that_has_grown_is_read_on(tmp_path: Path) -> None:
    memory = Memory()
    path = tmp_path / "a.gz"
    text = "\n".join(lines(0, 2000)) + "\n"
    path.write_bytes(gzip.compress(text.encode()))
    load(memory, path)
    more = "\n".join(lines(2000, 2500)) + "\n"
    path.write_bytes(gzip.compress(text.encode()) + gzip.compress(more.encode()))
    load(memory, path)
    assert memory.column() == lines(0, 2500)


def test_files_with_equal_beginnings_are_told_apart(tmp_path: Path) -> None:
    memory = Memory()
    head = lines(0, 500)
    first = write(tmp_path / "a", *head, "ends one way")
    second = write(tmp_path / "b", *head, "ends in another", *lines(500, 600))
    load(memory, first)
    load(memory, second)
    assert memory.column() == [*head, "ends one way", *head, "ends in another", *lines(500, 600)]
    for path in (first, second):
        assert only(load(memory, path)).already_ingested


def test_equal_files_side_by_side_are_both_read_once(tmp_path: Path) -> None:
    memory = Memory()
    paths = [write(tmp_path / name, *lines(0, 20)) for name in ("a", "b")]
    load(memory, *paths)
    assert memory.column() == lines(0, 20) * 2
    assert all(file.already_ingested for file in load(memory, *paths).files)
    assert all(file.already_ingested for file in load(memory, *paths[::-1]).files)


def test_another_group_has_its_own_checkpoints(tmp_path: Path) -> None:
    memory = Memory()
    path = write(tmp_path / "a", *lines(0, 20))
    load(memory, path)
    Loader(memory, memory, lambda: NOW).load([str(path)], "other")
    assert memory.column() == lines(0, 20) * 2


@pytest.mark.parametrize("after", range(6))
def test_an_interrupted_run_keeps_what_was_stored_and_the_next_reads_on(
    tmp_path: Path, after: int
) -> None:
    memory = Memory(fail_after=after)
    # Above the reader's block, so that there are several batches.
    path = write(tmp_path / "a", *(line * 20 for line in lines(0, 40_000)))
    first = load(memory, path)
    assert first.interrupted
    assert first.total.events == len(memory.column())
    report = load(memory, path)
    assert not report.interrupted
    assert memory.column() == [line * 20 for line in lines(0, 40_000)]
    assert first.total.lines + report.total.lines == 40_000


def test_two_processes_on_one_file_do_not_double_it(tmp_path: Path) -> None:
    memory = Memory()
    path = write(tmp_path / "a", *lines(0, 20))

    class Overtaken(Memory):
        def append(
            self, group: str, batch: pa.Table, checkpoints: Sequence[Checkpoint] = ()
        ) -> Accepted:
            if not memory.batches:
                load(memory, path)
            return memory.append(group, batch, checkpoints)

    report = load(Overtaken(), path)
    assert isinstance(only(report).error, CheckpointConflict)
    assert memory.column() == lines(0, 20)


def test_a_full_disk_ends_the_run(tmp_path: Path) -> None:
    memory = Memory(fail_after=0, fault=DiskFull("no space left"))
    with pytest.raises(DiskFull):
        load(memory, write(tmp_path / "a", *lines(0, 20)))


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    memory = Memory()
    (tmp_path / "broken.gz").write_bytes(
        gzip.compress(b"".join(b"%d\n" % n for n in range(9999)))[:-99]
    )
    (tmp_path / "directory").mkdir()
    good = write(tmp_path / "good", "x")
    report = load(memory, tmp_path / "none", tmp_path / "directory", tmp_path / "broken.gz", good)
    assert [file.error is None for file in report.files] == [False, False, False, True]
    assert [Path(file.path).name for file in report.failed] == ["none", "directory", "broken.gz"]
    for file in report.failed:
        assert file.path in str(file.error)
    broken = report.files[2]
    assert broken.events > 1000
    assert memory.column() == [
        *(str(n) for n in range(broken.events - 1)),
        memory.column()[-2],
        "x",
    ]
    assert str(broken.events - 1).startswith(memory.column()[-2])


def test_an_unfinished_last_line_is_an_event(tmp_path: Path) -> None:
    memory = Memory()
    load(memory, write(tmp_path / "a", "one", "two", end=""))
    assert memory.column() == ["one", "two"]


def test_an_empty_file_is_nothing(tmp_path: Path) -> None:
    memory = Memory()
    (tmp_path / "a").write_bytes(b"")
    report = only(load(memory, tmp_path / "a"))
    assert (report.lines, report.error, report.already_ingested) == (0, None, False)


def test_a_line_over_the_limit_is_cut_and_counted(tmp_path: Path) -> None:
    memory = Memory()
    path = write(tmp_path / "a", "x" * 10_000_000, "short", "y" * 2000)
    report = load(memory, path, max_event_bytes=1000, format="text")
    assert [len(message) for message in memory.column()] == [1000, 5, 1000]
    assert memory.column("@truncated") == [10_000_000 - 1000, None, 1000]
    assert report.total.truncated == 2


def test_rejected_events_are_named_by_line_over_all_batches(tmp_path: Path) -> None:
    memory = Memory()
    good = json.dumps({"timestamp": NOW, "message": "m" * 1000})
    path = write(tmp_path / "a", *[good] * 9000, "bad", *[good] * 9000, "worse")
    report = only(load(memory, path, format="events"))
    assert (report.lines, report.events, report.rejected) == (18_002, 18_000, 2)
    assert [fault.line for fault in report.faults] == [9001, 18_002]
    assert len(memory.batches) > 2


def test_a_cloudtrail_file_gives_one_event_per_record(tmp_path: Path) -> None:
    memory = Memory()
    records = [
        {
            "eventVersion": "1.08",
            "eventTime": "2026-01-05T10:00:00Z",
            "eventSource": "s3.amazonaws.com",
            "eventName": f"Get{number}",
            "padding": "p" * 5000,
        }
        for number in range(500)
    ]
    path = tmp_path / "trail.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))
    report = load(memory, path)
    assert report.total.events == 500
    assert report.total.truncated == 0
    assert memory.column("eventName") == [f"Get{number}" for number in range(500)]
    assert only(load(memory, path)).already_ingested


def test_progress_rises_to_the_whole(tmp_path: Path) -> None:
    memory = Memory()
    paths = [write(tmp_path / name, *lines(0, 3000)) for name in ("a", "b")]
    told: list[Progress] = []
    Loader(memory, memory, lambda: NOW).load(list(map(str, paths)), GROUP, progress=told.append)
    total = sum(path.stat().st_size for path in paths)
    assert told[-1].done == told[-1].total == total
    assert told[-1].events == 6000
    assert [p.done for p in told] == sorted(p.done for p in told)


def test_globs_are_expanded_and_a_name_with_stars_is_itself(tmp_path: Path) -> None:
    for name in ("b.log", "a.log", "x[1].log"):
        write(tmp_path / name, name)
    assert expand([str(tmp_path / "?.log"), "-"]) == [
        str(tmp_path / "a.log"),
        str(tmp_path / "b.log"),
        "-",
    ]
    assert expand([str(tmp_path / "x[1].log")]) == [str(tmp_path / "x[1].log")]
    assert expand([str(tmp_path / "none*")]) == [str(tmp_path / "none*")]


def test_streams_are_named_by_a_template() -> None:
    path = "/var/log/nginx/access.log.1"
    assert stream_name("{file}", path) == "access.log.1"
    assert stream_name("web/{directory}/{name}", path) == "web/nginx/access"
    assert stream_name("{path}", path) == path
    assert stream_name("{file}", "-") == "stdin"
    with pytest.raises(InvalidValue, match="cannot be filled in"):
        stream_name("{nonsense}", path)


def test_real_storage_has_every_event_once_after_three_runs(tmp_path: Path) -> None:
    path = write(tmp_path / "a.log", *(json.dumps({"n": n}) for n in range(1000)))
    with Storage.open(tmp_path / "data", clock=lambda: NOW) as storage:
        storage.groups.create(GROUP)
        for _ in range(2):
            loader = Loader(storage.events, storage.checkpoints, lambda: NOW)
            loader.load([str(path)], GROUP)
        write(path, *(json.dumps({"n": n}) for n in range(1500)))
        Loader(storage.events, storage.checkpoints, lambda: NOW).load([str(path)], GROUP)
        pieces = storage.snapshot([GROUP]).pieces
        found = [n for piece in pieces for n in piece.table.column("n").to_pylist()]
    assert found == list(range(1500))
