"""Started queries: what is known of them while they run, when they end, and after a restart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from logq.actions.context import Context
from logq.actions.queries import (
    describe_queries,
    get_query_results,
    list_log_groups_for_query,
    start_query,
    stop_query,
)
from logq.app import LogQ
from logq.errors import (
    AccessDenied,
    Cancelled,
    InvalidValue,
    LimitExceeded,
    LogQError,
    NotFound,
    QuerySyntaxError,
    Throttled,
    TimedOut,
    UnknownField,
    UnknownLogGroup,
)
from logq.settings import Settings
from logq.storage import Storage
from logq.storage.answers import Asked
from logq.work.job import Answer, Job
from logq.work.runs import Runs
from tests.actions.conftest import NOW, Clock, May, context_of

DAY = 86_400_000


@dataclass
class Scripted:
    """A pool whose one job does what a test says, and is its own answer."""

    error: LogQError | None = None
    early: bool = False
    """Whether the error comes before the header."""
    lines: list[bytes] = field(default_factory=lambda: [b"[1]\n", b"[2]\n[3]\n"])
    go: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    jobs: list[Job] = field(default_factory=list)

    def start(self, job: Job, owner: str) -> Answer:
        self.jobs.append(job)
        return self

    @property
    def header(self) -> Mapping[str, Any]:
        if self.early:
            assert self.error is not None
            raise self.error
        return {"groups": ["app"]}

    def chunks(self) -> Iterator[bytes]:
        yield self.lines[0]
        self.begun.set()
        while not self.go.wait(0.01):
            if self.cancelled.is_set():
                raise Cancelled("the query was cancelled")
        if self.error is not None:
            raise self.error
        yield from self.lines[1:]

    @property
    def summary(self) -> Mapping[str, Any]:
        return {"rows": 3, "stats": {"records_matched": 3}}

    def cancel(self) -> None:
        self.cancelled.set()


@pytest.fixture
def pool() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.go.set()


@pytest.fixture
def asking(logq: LogQ, pool: Scripted) -> Iterator[Context]:
    logq.storage.groups.create("app")
    context = replace(context_of(logq), pool=pool)
    yield context
    context.runs.close()


def begin(context: Context, text: str = "fields n") -> str:
    return start_query(context, text, ["app"], start=0, end=NOW)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def status(context: Context, id: str) -> str:
    return get_query_results(context, id).asked.status


def test_rows_can_be_read_while_the_query_runs(asking: Context, pool: Scripted) -> None:
    id = begin(asking)
    pool.begun.wait(60)

    running = get_query_results(asking, id)
    assert (running.asked.status, running.lines, running.next) == ("Running", [b"[1]\n"], None)
    assert [q.status for q in describe_queries(asking, status="Running")] == ["Running"]

    pool.go.set()
    until(lambda: status(asking, id) == "Complete")
    whole = get_query_results(asking, id)
    assert whole.lines == [b"[1]\n", b"[2]\n", b"[3]\n"]
    assert (whole.asked.rows, whole.asked.statistics) == (3, {"records_matched": 3})
    part = get_query_results(asking, id, limit=2)
    assert (part.lines, part.next) == ([b"[1]\n", b"[2]\n"], 8)
    assert get_query_results(asking, id, first=8).lines == [b"[3]\n"]
    with pytest.raises(InvalidValue):
        get_query_results(asking, id, first=99)


def test_a_stopped_query_is_cancelled(asking: Context, pool: Scripted) -> None:
    id = begin(asking)
    pool.begun.wait(60)

    stop_query(asking, id)

    until(lambda: status(asking, id) == "Cancelled")
    assert get_query_results(asking, id).lines == []
    with pytest.raises(InvalidValue, match="ended already, it is Cancelled"):
        stop_query(asking, id)


@pytest.mark.parametrize(
    ("error", "wanted"),
    [(TimedOut("too long"), "Timeout"), (LimitExceeded("too much memory"), "Failed")],
)
def test_a_query_that_fails_on_its_way_says_how(
    asking: Context, pool: Scripted, error: LogQError, wanted: str
) -> None:
    pool.error = error
    id = begin(asking)
    pool.go.set()

    until(lambda: status(asking, id) == wanted)
    assert error.message in get_query_results(asking, id).asked.error


def test_a_fault_of_the_query_is_raised_and_nothing_is_kept(
    asking: Context, pool: Scripted
) -> None:
    pool.error, pool.early = UnknownField("there is no such field"), True

    with pytest.raises(UnknownField):
        begin(asking)
    with pytest.raises(QuerySyntaxError):
        begin(asking, "fields |")
    with pytest.raises(UnknownLogGroup):
        start_query(asking, "fields n", ["none"], start=0, end=NOW)

    assert describe_queries(asking) == ()
    assert len(pool.jobs) == 1


def test_too_many_queries_are_a_limit_as_clients_know_it(asking: Context) -> None:
    class Full:
        def start(self, job: Job, owner: str) -> Answer:
            raise Throttled("16 of your queries are running or waiting")

    with pytest.raises(LimitExceeded) as error:
        begin(replace(asking, pool=Full()))
    assert not isinstance(error.value, Throttled)


def test_an_answer_that_grows_too_long_fails(tmp_path: Path, pool: Scripted, clock: Clock) -> None:
    environ = {"LOGQ_ANSWER_BYTES": "10"}
    with LogQ(tmp_path / "small", clock=clock, environ=environ) as logq:
        logq.storage.groups.create("app")
        asking = replace(context_of(logq), pool=pool)
        id = begin(asking)
        pool.go.set()

        until(lambda: status(asking, id) == "Failed")
        assert "answer_bytes" in get_query_results(asking, id).asked.error


def test_answers_outlive_the_process_and_unfinished_queries_have_failed(
    asking: Context, pool: Scripted
) -> None:
    first = begin(asking)
    pool.go.set()
    until(lambda: status(asking, first) == "Complete")
    stuck = Scripted()
    second = begin(replace(asking, pool=stuck))
    stuck.begun.wait(60)

    after = replace(asking, runs=Runs())

    assert get_query_results(after, first).lines == [b"[1]\n", b"[2]\n", b"[3]\n"]
    assert status(after, second) == "Failed"
    assert list_log_groups_for_query(after, second) == ("app",)
    with pytest.raises(InvalidValue):
        stop_query(after, second)
    asking.runs.close()
    assert stuck.cancelled.is_set() and status(after, second) == "Cancelled"


def test_others_see_a_query_only_if_they_may_read_its_groups(
    asking: Context, pool: Scripted
) -> None:
    id = begin(asking)
    pool.go.set()
    until(lambda: status(asking, id) == "Complete")
    stranger = replace(
        context_of(asking.logq, lambda action, _: action != "logs:StartQuery"), runs=asking.runs
    )
    somebody = May(lambda action, _: action != "logs:StartQuery", name="somebody")
    named = replace(stranger, caller=somebody)

    with pytest.raises(AccessDenied, match="logs:StartQuery"):
        get_query_results(named, id)
    blind = context_of(asking.logq, lambda *_: False)
    assert describe_queries(blind) == ()
    with pytest.raises(NotFound):
        get_query_results(asking, "nothing")


def test_rows_that_are_gone_are_not_found(asking: Context, pool: Scripted) -> None:
    id = begin(asking)
    pool.go.set()
    until(lambda: status(asking, id) == "Complete")

    asking.logq.storage.answers.rows_of(id).unlink()

    with pytest.raises(NotFound, match="not there any more"):
        get_query_results(asking, id)


def test_old_answers_go_and_so_do_the_oldest_of_too_many(tmp_path: Path, clock: Clock) -> None:
    settings = Settings(answers_bytes=25, answer_days=7)
    with Storage.open(tmp_path, clock, settings) as storage:
        answers = storage.answers
        for number, age in enumerate((8, 3, 2, 1)):
            with answers.writing(f"q{number}") as file:
                file.write(b"0123456789")
            answers.save(
                Asked(f"q{number}", NOW - age * DAY, "Complete", "t", (), "me", NOW, bytes=10)
            )
        with answers.writing("stray") as file:
            file.write(b"x")
        clock.now = int(time.time() * 1000)
        storage_now = clock.now
        for asked in answers.list():
            answers.save(replace(asked, created=asked.created - NOW + storage_now))

        storage.maintain()

        assert [asked.id for asked in answers.list()] == ["q3", "q2"]
        there = sorted(path.name for path in storage.directory.answers.iterdir())
        assert there == ["q2.rows", "q3.rows", "stray.rows"]
        clock.now += 2 * 3_600_000
        storage.maintain()
        assert not answers.rows_of("stray").exists() and answers.rows_of("q3").exists()
