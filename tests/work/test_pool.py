"""Jobs in worker processes: answers, errors, limits, and workers that hang or die."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from logq.app import LogQ
from logq.errors import (
    AccessDenied,
    Cancelled,
    LimitExceeded,
    QuerySyntaxError,
    Throttled,
    TimedOut,
    UnknownLogGroup,
)
from logq.settings import Settings
from logq.work.job import Answer, Job
from logq.work.pool import Workers, _Lane
from logq.work.process import WorkerProcess
from logq.work.running import Running
from tests.work.conftest import EVENTS

ENDLESS = """join left=a right=b where a.level = b.level
    (join left=c right=d where c.level = d.level (fields level)) | stats count(*)"""
"""Some 10^12 pairs: no machine finishes, and none needs memory for it."""
LONG = "fields " + ", ".join(f"@message as m{n}" for n in range(10)) + f" | limit {EVENTS}"
"""An answer of 16 MB: its worker has to wait for its reader long before the end."""


def query(text: str, seconds: float | None = None, **params: Any) -> Job:
    return Job("query", {"text": text, "groups": ["/app/web"], **params}, seconds)


def rows(answer: Answer) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(answer.chunks()).splitlines()]


def soon(condition: Callable[[], object], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def busy(pool: Workers) -> set[int]:
    """The workers that run something."""
    return {lane.process.pid for lane in pool._lanes if lane.running and lane.process}


def test_an_answer_has_a_header_rows_and_a_summary(pool: Workers) -> None:
    answer = pool.start(query("stats count(*) as n by level | sort level"), "me")

    assert answer.header["columns"] == [
        {"name": "level", "type": "text"},
        {"name": "n", "type": "integer"},
    ]
    assert answer.header["groups"] == ["/app/web"]
    assert answer.header["shape"]["keys"] == ["level"]
    assert rows(answer) == [{"level": "ERROR", "n": EVENTS // 10}, {"level": "INFO", "n": 18000}]
    assert answer.summary["rows"] == 2
    assert answer.summary["stats"]["records_scanned"] == EVENTS
    assert answer.summary["truncated"] is False


def test_a_big_answer_comes_in_pieces_and_is_complete(pool: Workers) -> None:
    answer = pool.start(query(f"fields n | limit {EVENTS}"), "me")

    pieces = list(answer.chunks())

    assert len(pieces) > 1
    assert len(b"".join(pieces).splitlines()) == EVENTS == answer.summary["rows"]


def test_a_cut_answer_says_so(pool: Workers) -> None:
    answer = pool.start(query("fields n"), "me")

    assert len(rows(answer)) == Settings().query_limit
    assert answer.summary["truncated"] is True
    assert "limit" in answer.summary["warnings"][0]


def test_the_output_may_be_arrow(pool: Workers) -> None:
    answer = pool.start(query("fields n | sort n | limit 3", output="arrow"), "me")

    table = pa.ipc.open_stream(b"".join(answer.chunks())).read_all()

    assert table.to_pydict() == {"n": [0, 1, 2]}


def test_values_are_plain_and_times_are_epochs(pool: Workers) -> None:
    text = "fields @timestamp, n, level, missing | sort n | limit 1"
    answer = pool.start(query(text, output="values"), "me")

    (line,) = b"".join(answer.chunks()).splitlines()
    assert json.loads(line) == [1_767_607_200_000, 0, "ERROR", None]


def test_errors_keep_their_kind_place_and_hint(pool: Workers) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        _ = pool.start(query("fields n, | limit 5"), "me").header

    assert caught.value.span is not None
    assert (caught.value.span.start, caught.value.span.end) == (8, 9)
    assert caught.value.hint == "remove the comma, or add what belongs there"


def test_a_hidden_group_is_denied_by_name_and_absent_from_globs(pool: Workers) -> None:
    counted = "stats count(*) as n"

    for named in (["/app/secret"], ["/app/web", "/app/secret"], ["/app/nowhere"]):
        with pytest.raises(AccessDenied):
            _ = pool.start(query(counted, groups=named, readable=["/app/web"]), "me").header
    with pytest.raises(AccessDenied):
        source = f'SOURCE "/app/secret" | {counted}'
        _ = pool.start(query(source, groups=[], readable=["/app/web"]), "me").header
    seen = pool.start(query(counted, groups=["*"], readable=["/app/web"]), "me")
    assert seen.header["groups"] == ["/app/web"]
    assert rows(seen) == [{"n": EVENTS}]


def test_what_one_job_may_not_read_the_next_may(pool: Workers) -> None:
    for _ in range(4):
        hidden = pool.start(query("fields n", groups=["*"], readable=[]), "me")
        assert hidden.header["groups"] == []
        assert rows(hidden) == []
        seen = pool.start(query("stats count(*) as n", groups=["*"], readable=None), "me")
        assert rows(seen) == [{"n": 2 * EVENTS}]


def test_an_unknown_group_is_not_found(pool: Workers) -> None:
    with pytest.raises(UnknownLogGroup):
        _ = pool.start(query("fields n", groups=["/nope"]), "me").header


def deaf(pool: Workers, answer: Answer) -> int:
    """Have the worker of this answer hear neither its socket nor a signal; its process id."""
    assert soon(lambda: busy(pool))
    (pid,) = busy(pool)
    os.kill(pid, signal.SIGSTOP)
    assert not answer.summary
    return pid


def test_a_worker_that_ignores_its_interrupt_is_killed_and_replaced(pool: Workers) -> None:
    answer = pool.start(query(ENDLESS), "me")
    pid = deaf(pool, answer)

    answer.cancel()

    with pytest.raises(Cancelled):
        list(answer.chunks())
    assert not busy(pool)
    assert soon(lambda: pool.alive == pool.size and pid not in pool.pids)
    assert rows(pool.start(query("stats count(*) as n"), "me")) == [{"n": EVENTS}]


@pytest.mark.soak  # a figure: on a busy machine it says nothing
def test_a_worker_that_ignores_its_interrupt_is_free_within_a_second(pool: Workers) -> None:
    answer = pool.start(query(ENDLESS), "me")
    deaf(pool, answer)

    began = time.monotonic()
    answer.cancel()

    assert soon(lambda: not busy(pool))
    assert time.monotonic() - began < 1


@pytest.fixture
def patient(data: Path) -> Iterator[Workers]:
    """A pool that leaves a worker more time to give up a job than any test waits for it."""
    with (
        LogQ(data, environ={}) as logq,
        Workers(data, logq.settings, logq.clock, 1, grace=120) as workers,
    ):
        assert workers.wait_until_ready(120)
        yield workers


def test_a_cancelled_query_gives_its_worker_back_alive(patient: Workers) -> None:
    before = set(patient.pids)
    for _ in range(5):
        computing = patient.start(query(ENDLESS), "me")
        assert soon(lambda: busy(patient))
        computing.cancel()
        assert soon(lambda: not busy(patient))
        writing = patient.start(query(LONG, matched=False), "me")
        _ = writing.header
        next(writing.chunks())  # the iterator is dropped here, which cancels
        gc.collect()
        assert soon(lambda: not busy(patient))
        with pytest.raises(Cancelled):
            list(writing.chunks())

    assert set(patient.pids) == before
    assert rows(patient.start(query("stats count(*) as n"), "me")) == [{"n": EVENTS}]


def test_a_worker_that_was_killed_after_its_answer_gets_no_other_job(
    pool: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The order of events that a slow machine may show: the answer is on its way, then the kill.
    ended = _Lane._converse

    def killed_after(lane: _Lane, process: WorkerProcess, running: Running) -> dict[str, object]:
        summary = ended(lane, process, running)
        lane._killed = True
        process.kill()
        return summary

    monkeypatch.setattr(_Lane, "_converse", killed_after)
    assert rows(pool.start(query("stats count(*) as n"), "me")) == [{"n": EVENTS}]
    monkeypatch.undo()

    for _ in range(pool.size + 1):
        assert rows(pool.start(query("stats count(*) as n"), "me")) == [{"n": EVENTS}]


def test_a_job_has_a_deadline(pool: Workers) -> None:
    with pytest.raises(TimedOut, match=r"longer than 0\.001 s"):
        list(pool.start(query(ENDLESS, 0.001), "me").chunks())

    assert rows(pool.start(query("stats count(*) as n"), "me")) == [{"n": EVENTS}]


def test_a_reader_that_stops_reading_meets_the_deadline(pool: Workers) -> None:
    answer = pool.start(query(LONG, 1.0, matched=False), "me")
    with suppress(TimedOut):  # where the machine is too busy for a header in a second
        _ = answer.header

    assert soon(lambda: not busy(pool))
    with pytest.raises(TimedOut):
        list(answer.chunks())


def test_a_killed_worker_is_replaced_and_its_query_says_why(pool: Workers) -> None:
    answer = pool.start(query(ENDLESS), "me")
    assert soon(lambda: busy(pool))
    (pid,) = busy(pool)
    os.kill(pid, signal.SIGKILL)

    with pytest.raises(LimitExceeded) as caught:
        list(answer.chunks())

    assert "SIGKILL" in caught.value.message
    assert "worker_memory" in (caught.value.hint or "")
    assert soon(lambda: pool.alive == pool.size and pid not in pool.pids)


def test_a_query_without_memory_fails_alone_and_names_the_setting(data: Path) -> None:
    settings = dataclasses.replace(Settings(), worker_memory=1500 << 20, query_memory="8GB")
    doubled = " | ".join(f"fields concat(m{n}, m{n}) as m{n + 1}" for n in range(12))
    text = f"fields @message as m0 | {doubled} | stats max(m12) by n | sort n"
    with LogQ(data, environ={}) as logq, Workers(data, settings, logq.clock, 1) as pool:
        with pytest.raises(LimitExceeded) as caught:
            rows(pool.start(query(text, matched=False), "me"))
        assert "_memory" in (caught.value.hint or "")

        (row,) = rows(pool.start(query("stats count(*) as n"), "me"))
        assert row == {"n": EVENTS}


def test_where_no_worker_can_start_a_query_says_so(data: Path) -> None:
    settings = dataclasses.replace(Settings(), worker_memory=100 << 20)
    with LogQ(data, environ={}) as logq, Workers(data, settings, logq.clock, 1) as pool:
        with pytest.raises(LimitExceeded, match="no query process") as caught:
            _ = pool.start(query("fields n"), "me").header
        assert "worker_memory" in (caught.value.hint or "")


def test_a_full_queue_and_a_greedy_caller_are_throttled(data: Path) -> None:
    settings = dataclasses.replace(Settings(), query_queue=2, query_per_caller=3)
    with LogQ(data, environ={}) as logq, Workers(data, settings, logq.clock, 1) as pool:
        assert pool.wait_until_ready(120)
        os.kill(pool.pids[0], signal.SIGSTOP)
        mine = [pool.start(query("fields n"), "me")]
        assert soon(lambda: busy(pool))
        mine += [pool.start(query("fields n"), "me"), pool.start(query("fields n"), "me")]

        with pytest.raises(Throttled, match="of your queries") as greedy:
            pool.start(query("fields n"), "me")
        with pytest.raises(Throttled, match="waiting") as full:
            pool.start(query("fields n"), "you")
        assert "query_per_caller" in (greedy.value.hint or "")
        assert "query_queue" in (full.value.hint or "")
        assert full.value.retry_after > 0

        mine[1].cancel()
        yours = pool.start(query("stats count(*) as n"), "you")
        os.kill(pool.pids[0], signal.SIGCONT)
        assert rows(yours) == [{"n": EVENTS}]
        with pytest.raises(Cancelled):
            _ = mine[1].header


def test_closing_the_pool_ends_every_worker_and_every_job(data: Path) -> None:
    with LogQ(data, environ={}) as logq:
        pool = Workers(data, logq.settings, logq.clock, 1)
        assert pool.wait_until_ready(120)
        pids = pool.pids
        answers = [pool.start(query(ENDLESS), "me") for _ in range(3)]
        pool.close()

    for answer in answers:
        with pytest.raises(Cancelled):
            list(answer.chunks())
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with pytest.raises(Throttled):
        pool.start(query("fields n"), "me")


def test_workers_see_settings_and_no_secrets(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very secret")
    monkeypatch.setenv("LOGQ_TOKEN", "very secret")
    settings = dataclasses.replace(Settings(), query_limit=7)
    with LogQ(data, environ={}) as logq, Workers(data, settings, logq.clock, 1) as pool:
        assert len(rows(pool.start(query("fields n"), "me"))) == 7
        seen = Path(f"/proc/{pool.pids[0]}/environ").read_bytes()

    assert b"very secret" not in seen


def test_the_clock_of_the_server_is_the_clock_of_its_workers(data: Path) -> None:
    with (
        LogQ(data, environ={}) as logq,
        Workers(data, logq.settings, lambda: 1_767_607_200_000, 1) as pool,
    ):
        (row,) = rows(pool.start(query("fields now() as t | limit 1"), "me"))

    assert row["t"] == 1_767_607_200


def test_a_worker_does_not_outlive_its_server(data: Path) -> None:
    with LogQ(data, environ={}) as logq, Workers(data, logq.settings, logq.clock, 1) as pool:
        assert pool.wait_until_ready(120)
        (pid,) = pool.pids
        process = pool._lanes[0].process
        assert process is not None
        process.channel._socket.shutdown(2)  # as the kernel does when the server dies

        assert soon(lambda: pid not in pool.pids)
