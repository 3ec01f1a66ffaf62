"""Recording on a real data directory: durable where it must be, one chain whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from logq.app import LogQ, OwnGroups
from logq.audit.call import Access
from logq.audit.digest import HOUR
from logq.audit.store import AUDIT, DIGESTS
from logq.errors import StorageError
from tests.audit.conftest import Clock, call, check, rows

ROOT = Path(__file__).parents[2]
COUNT = "stats count(*)"


def test_a_management_write_is_there_when_record_returns(
    logq: LogQ, open_logq: Callable[[], LogQ]
) -> None:
    logq.audit.record(call())

    with open_logq() as other:
        assert rows(other, "fields eventName, userIdentity.userName | limit 5") == [
            ("CreateLogGroup", "ops")
        ]


def test_a_refusal_is_there_when_record_returns(logq: LogQ, open_logq: Callable[[], LogQ]) -> None:
    logq.audit.record(call("GetLogEvents", Access.DATA_READ, error="AccessDenied"))

    with open_logq() as other:
        assert rows(other, "stats count(*) by errorCode") == [("AccessDenied", 1)]


def test_reads_arrive_by_themselves(logq: LogQ) -> None:
    logq.audit.record(call())
    logq.audit.record(call("StartQuery", Access.DATA_READ))

    limit = time.monotonic() + 60
    while rows(logq, COUNT) != [(2,)]:
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_reads_that_wait_come_before_the_write_that_follows(logq: LogQ) -> None:
    logq.audit.record(call("StartQuery", Access.DATA_READ))
    logq.audit.record(call("DeleteLogGroup"))

    assert rows(logq, "fields eventName | sort sequence") == [("StartQuery",), ("DeleteLogGroup",)]


def test_what_waits_is_stored_at_the_end(open_logq: Callable[[], LogQ]) -> None:
    with open_logq() as logq:
        logq.audit.record(call("StartQuery", Access.DATA_READ))

    with open_logq() as later:
        assert rows(later, COUNT) == [(1,)]


def test_what_nobody_wants_recorded_makes_no_log_group(logq: LogQ) -> None:
    logq.audit.record(call("PutLogEvents", Access.DATA_WRITE))
    logq.audit.flush()

    assert logq.storage.groups.list("*") == ()


def test_the_log_groups_keep_their_records_for_a_year_or_two(logq: LogQ, clock: Clock) -> None:
    logq.audit.record(call())
    clock.now += HOUR
    logq.audit.tick()

    kept = {g.name: (g.retention_days, g.protected) for g in logq.storage.groups.list("*")}
    assert kept == {AUDIT: (365, True), DIGESTS: (731, True)}


def test_a_flood_of_refusals_ends_in_a_count(logq: LogQ, clock: Clock) -> None:
    for _ in range(60):
        logq.audit.record(call(access=Access.DATA_READ, error="AccessDenied"))
    clock.now += 1000
    logq.audit.tick()

    found = rows(logq, "stats count(*) by eventName, additionalEventData.count | sort eventName")
    assert found == [("CreateLogGroup", None, 10), ("RefusalsNotRecorded", 50, 1)]


def test_many_threads_make_one_chain(logq: LogQ) -> None:
    def work() -> None:
        for _ in range(20):
            logq.audit.record(call())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    report = check(logq)
    assert (report.records, report.first, report.last, report.findings) == (160, 1, 160, [])


RECORD = """
import sys, pathlib
from logq.app import LogQ
from tests.audit.conftest import call
logq = LogQ(pathlib.Path(sys.argv[1]), environ={"XDG_CONFIG_HOME": sys.argv[2]})
print("ready", flush=True)
for number in range(int(sys.argv[3])):
    logq.audit.record(call())
    print(number, flush=True)
"""


def start(tmp_path: Path, times: int) -> subprocess.Popen[str]:
    directories = [str(tmp_path / "data"), str(tmp_path / "config")]
    return subprocess.Popen(
        [sys.executable, "-c", RECORD, *directories, str(times)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_several_processes_make_one_chain(tmp_path: Path, open_logq: Callable[[], LogQ]) -> None:
    processes = [start(tmp_path, 30) for _ in range(3)]
    for process in processes:
        process.communicate(timeout=600)
        assert process.returncode == 0

    with open_logq() as logq:
        report = check(logq)
    assert (report.records, report.findings) == (90, [])


def test_a_killed_process_leaves_a_whole_chain_with_everything_it_was_told(
    tmp_path: Path, open_logq: Callable[[], LogQ]
) -> None:
    told = 0
    for length in (5, 17, 40):
        process = start(tmp_path, 100_000)
        assert process.stdout is not None
        for _ in range(length):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        told += sum(line.strip().isdigit() for line in process.stdout) + length - 1
        process.wait(timeout=60)
        process.stdout.close()

    with open_logq() as logq:
        report = check(logq)
    assert report.findings == []
    assert told <= report.records <= told + 3


def test_records_go_on_waiting_while_the_disk_refuses(
    logq: LogQ, monkeypatch: pytest.MonkeyPatch
) -> None:
    logq.audit.record(call())
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise StorageError("the disk is full")

        patch.setattr(OwnGroups, "append", full)
        logq.audit.record(call("StartQuery", Access.DATA_READ))
        with pytest.raises(StorageError, match="full"):
            logq.audit.record(call("DeleteLogGroup"))
        logq.audit.tick()

    logq.audit.flush()

    report = check(logq)
    assert (report.records, report.findings) == (3, [])


def test_a_wrong_clock_does_not_keep_later_records_in_the_future(logq: LogQ, clock: Clock) -> None:
    clock.now += 400 * 24 * HOUR
    logq.audit.record(call())
    clock.now -= 400 * 24 * HOUR
    logq.audit.record(call())
    clock.now -= 5000
    logq.audit.record(call())

    times = [row[0] for row in rows(logq, "fields recordedTime | sort sequence")]
    assert times == [clock.now + 5000 + 400 * 24 * HOUR, clock.now + 5000, clock.now + 5000]
    assert check(logq).findings == []


# ---- digests


def test_every_hour_is_signed_also_an_empty_one(logq: LogQ, clock: Clock) -> None:
    logq.audit.record(call())
    logq.audit.record(call())
    for _ in range(3):
        clock.now += HOUR
        logq.audit.tick()
        logq.audit.tick()

    query = "fields digestNumber, firstSequence, lastSequence, digestEndTime | sort digestNumber"
    assert rows(logq, query, DIGESTS) == [
        (1, 1, 2, "2026-11-24T00:00:00Z"),
        (2, 3, 2, "2026-11-24T01:00:00Z"),
        (3, 3, 2, "2026-11-24T02:00:00Z"),
    ]
    report = check(logq)
    assert (report.digests, report.signed, report.findings) == (3, 2, [])


def test_a_new_process_signs_what_an_old_one_left(
    open_logq: Callable[[], LogQ], clock: Clock
) -> None:
    with open_logq() as logq:
        logq.audit.record(call())
    clock.now += 50 * HOUR
    with open_logq() as logq:
        logq.audit.record(call())
        report = check(logq)

    assert (report.records, report.signed, report.findings) == (2, 1, [])


def test_without_a_master_key_records_are_chained_and_the_fault_is_told_once_an_hour(
    tmp_path: Path, clock: Clock
) -> None:
    said: list[str] = []
    (tmp_path / "file").write_text("")
    environ = {"LOGQ_KEY_FILE": str(tmp_path / "file" / "key")}
    with LogQ(tmp_path / "data", clock=clock, environ=environ, notify=said.append) as logq:
        logq.audit.record(call())
        clock.now += HOUR
        for _ in range(3):
            logq.audit.record(call())
        assert rows(logq, COUNT) == [(4,)]

    assert len(said) == 1
    assert "cannot be signed" in said[0] and "LOGQ_KEY_FILE" in said[0]
