"""What an agent says of itself."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from logq.errors import DiskFull
from logq.ingest.agent import Stop, run_agent
from logq.ingest.agent_config import config_from_arguments
from logq.ingest.agent_status import StatusFile, read_status
from logq.storage import Storage
from logq.storage.storage import epoch_ms
from tests.ingest.agent.standins import Bench


def test_lag_is_told_in_bytes_and_seconds(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.log", "one\n")
    bench.write("b.log", "two\n")
    bench.tick(2)
    bench.storage.refuse = DiskFull("no space left")
    bench.write("b.log", "three\n")
    bench.tick(10)
    status = bench.agent.status(bench.now)
    late, early = status.files

    assert (late.path, late.offset, late.size, late.lag_bytes) == (f"{tmp_path}/b.log", 4, 10, 6)
    assert late.lag_seconds == 9.0
    assert (early.path, early.lag_bytes, early.lag_seconds) == (f"{tmp_path}/a.log", 0, 0)
    assert status.error == "no space left"
    assert status.counters["lines"] == 2


def test_a_status_can_be_read_back_and_a_dead_agent_is_seen(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("a.log", "one\n")
    bench.tick(2)
    StatusFile(tmp_path).write(bench.agent.status(bench.now))
    (status,) = read_status(tmp_path)
    assert status == bench.agent.status(bench.now)
    assert status.alive

    path = tmp_path / "agent" / f"{os.getpid()}.json"
    data = json.loads(path.read_text()) | {"pid": 4_000_000}
    path.with_name("4000000.json").write_text(json.dumps(data))
    assert sorted((s.pid, s.alive) for s in read_status(tmp_path)) == sorted(
        [(os.getpid(), True), (4_000_000, False)]
    )
    StatusFile(tmp_path).clear_others()
    assert [s.pid for s in read_status(tmp_path)] == [os.getpid()]


def test_a_broken_status_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "1.json").write_text("{")

    assert read_status(tmp_path) == ()
    assert read_status(tmp_path / "none") == ()


def test_once_reads_what_is_there_and_says_so(tmp_path: Path) -> None:
    logs, data = tmp_path / "logs", tmp_path / "data"
    logs.mkdir()
    (logs / "a.log").write_text('{"n": 1}\n{"n": 2}\n{"n": 3}')
    config = config_from_arguments([f"{logs}/*.log"], "app", stream="{name}")
    with Storage.open(data) as storage:
        report = run_agent(config, storage, data, epoch_ms, Stop(), print, once=True)
        streams = storage.groups.streams("app")
    (status,) = read_status(data)

    assert report.complete
    assert (report.status.counters["events"], status.finished, status.alive) == (3, True, False)
    assert [(stream.name, stream.events) for stream in streams] == [("a", 3)]


def test_an_agent_that_is_asked_to_stop_stores_what_it_read(tmp_path: Path) -> None:
    logs, data = tmp_path / "logs", tmp_path / "data"
    logs.mkdir()
    config = config_from_arguments([f"{logs}/*.log"], "app", multiline=False)
    stop, seen = Stop(), threading.Event()
    with Storage.open(data) as storage:
        append = storage.events.append

        class Events:
            def append(self, *arguments: object) -> object:
                accepted = append(*arguments)  # type: ignore[arg-type]  # passed through
                seen.set()
                return accepted

        class Noticing:
            events = Events()
            checkpoints = storage.checkpoints
            groups = storage.groups

        reports = []
        thread = threading.Thread(
            target=lambda: reports.append(
                run_agent(config, Noticing(), data, epoch_ms, stop, print)  # type: ignore[arg-type]  # as above
            )
        )
        thread.start()
        (logs / "a.log").write_text("2026-01-01 00:00:00 one\n")
        assert seen.wait(60)
        stop.set()
        thread.join(60)

    assert reports[0].complete
    assert reports[0].status.counters["events"] == 1
