"""``tail -f``: every event exactly once, whatever storage does meanwhile; the clock is ours."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from logq import renderer
from logq.app import LogQ
from logq.cli.following import Newest
from logq.cli.session import Session
from logq.errors import StorageError
from logq.model import BATCH_METADATA, LOG_STREAM, MESSAGE, TIMESTAMP, BatchInfo, Snapshot
from logq.query.arrivals import VISIBLE_WITHIN_MS, Arrivals
from logq.settings import Settings
from logq.storage.keeper import keeping
from logq.terminal import Screen
from tests.renderers.drawn import NOON


class Clock:
    def __init__(self) -> None:
        import time

        self.now = time.time_ns() // 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def logq(tmp_path: Path, clock: Clock) -> Iterator[LogQ]:
    with LogQ(tmp_path / "data", clock=clock) as opened:
        opened.ensure_group("g")
        opened.ensure_group("other")
        yield opened


def batch(*messages: str) -> pa.Table:
    schema = pa.schema(
        [(TIMESTAMP, pa.timestamp("ms", "UTC")), (MESSAGE, pa.string()), (LOG_STREAM, pa.string())],
        {BATCH_METADATA: BatchInfo().to_json()},
    )
    times = [NOON + 1000 * n for n in range(len(messages))]
    return pa.table([times, list(messages), ["s"] * len(messages)], schema=schema)


def messages(snapshot: Snapshot) -> list[str]:
    return sorted(
        text for piece in snapshot.pieces for text in piece.table.column(MESSAGE).to_pylist()
    )


def test_only_what_is_new_is_taken_and_only_once(logq: LogQ, clock: Clock) -> None:
    logq.storage.events.append("g", batch("old"))
    arrivals = Arrivals(logq.storage, clock)
    arrivals.start(["g"])

    logq.storage.events.append("g", batch("one", "two"))
    logq.storage.events.append("other", batch("elsewhere"))
    assert messages(arrivals.snapshot(["g"])) == ["one", "two"]
    assert messages(arrivals.snapshot(["g"])) == []

    logq.storage.events.append("g", batch("three"))
    assert messages(arrivals.snapshot(["g"])) == ["three"]


def test_sealing_and_compaction_bring_nothing_back(logq: LogQ, clock: Clock) -> None:
    logq.storage.events.append("g", batch("old"))
    logq.storage.seal()
    logq.storage.events.append("g", batch("older journal"))
    arrivals = Arrivals(logq.storage, clock)
    arrivals.start(["g"])
    logq.storage.events.append("g", batch("new"))

    logq.storage.seal()
    assert messages(arrivals.snapshot(["g"])) == ["new"]
    logq.storage.compact()
    assert messages(arrivals.snapshot(["g"])) == []


def test_an_event_sealed_before_it_was_seen_is_not_missed(logq: LogQ, clock: Clock) -> None:
    arrivals = Arrivals(logq.storage, clock)
    arrivals.start(["g"])
    logq.storage.events.append("g", batch("a"))
    logq.storage.seal()
    logq.storage.events.append("g", batch("b"))
    logq.storage.compact()

    assert messages(arrivals.snapshot(["g"])) == ["a", "b"]


def test_a_lower_number_that_appears_later_is_not_missed(tmp_path: Path, clock: Clock) -> None:
    """A large batch takes its numbers first and is published after a small one."""
    settings = Settings(journal_batch_bytes=10)
    with LogQ(tmp_path / "d", clock=clock) as small, LogQ(tmp_path / "d", clock=clock) as large:
        large.settings = settings
        small.ensure_group("g")
        arrivals = Arrivals(small.storage, clock)
        arrivals.start(["g"])
        seen: list[list[str]] = []

        from logq.storage import drafts

        original = drafts.write

        def slow_write(*args: object) -> object:
            small.storage.events.append("g", batch("small"))
            seen.append(messages(arrivals.snapshot(["g"])))
            return original(*args)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(drafts, "write", slow_write)
            large.storage.events.append("g", batch("a large one", "and another"))
        seen.append(messages(arrivals.snapshot(["g"])))

    assert seen == [["small"], ["a large one", "and another"]]


def test_what_is_remembered_does_not_grow_for_ever(logq: LogQ, clock: Clock) -> None:
    arrivals = Arrivals(logq.storage, clock)
    arrivals.start(["g"])
    sizes = []
    for number in range(5):
        clock.now += VISIBLE_WITHIN_MS
        logq.storage.events.append("g", batch(f"{number}", f"{number} again"))
        assert len(messages(arrivals.snapshot(["g"]))) == 2
        sizes.append(sum(len(table) for table in arrivals._seen))

    assert sizes[-1] <= 4


class Quiet(Session):
    def __init__(self) -> None:
        super().__init__()
        self.quiet = True


def follow(logq: LogQ, text: str, steps: list[Callable[[], object]], output: str = "ndjson") -> str:
    """Output of a follow in which each wait does the next step; the end interrupts it."""
    newest = Newest(Quiet(), logq, text, ["g"])
    on = Screen(io.BytesIO())
    waiting = iter(steps)

    def sleep(_: float) -> None:
        step = next(waiting, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    answer = newest.answer(2, True, sleep)
    with pytest.raises(KeyboardInterrupt):
        renderer.render(output, answer, on, renderer.Options())
    newest.close()
    assert isinstance(on.stream, io.BytesIO)
    return on.stream.getvalue().decode()


def test_following_shows_the_newest_and_then_what_comes(logq: LogQ) -> None:
    logq.storage.events.append("g", batch("a", "b", "c"))

    out = follow(
        logq,
        "fields @message",
        [
            lambda: logq.storage.events.append("g", batch("d")),
            lambda: None,
            lambda: logq.storage.compact(),
            lambda: logq.storage.events.append("g", batch("e", "f")),
        ],
        "raw",
    )

    assert out == "b\nc\nd\ne\nf\n"


def test_following_writes_the_same_json_as_a_single_look(logq: LogQ, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text('{"n":1,"t":"x","ok":true,"deep":{"f":2.5}}\n')

    def load(text: str) -> None:
        path.write_text(text + "\n")
        logq.load([str(path)], "g", stream="s", again=True)

    query = "fields n, t, ok, deep.f, @message"
    out = follow(
        logq,
        query,
        [
            lambda: load('{"n":1,"t":"x","ok":true,"deep":{"f":2.5}}'),
            lambda: load('{"n":"one","t":7}'),
        ],
    )

    followed = [json.loads(line) for line in out.splitlines()]
    single = Screen(io.BytesIO())
    newest = Newest(Quiet(), logq, query, ["g"])
    renderer.render("ndjson", newest.answer(50, False), single, renderer.Options())
    newest.close()
    assert isinstance(single.stream, io.BytesIO)
    assert followed == [json.loads(line) for line in single.stream.getvalue().splitlines()]
    assert followed[0]["n"] == 1
    assert followed[1]["n"] == "one"


def test_a_filter_is_applied_to_what_comes(logq: LogQ) -> None:
    out = follow(
        logq,
        'filter @message like "keep" | fields @message',
        [lambda: logq.storage.events.append("g", batch("drop", "keep 1", "keep 2"))],
        "raw",
    )

    assert out == "keep 1\nkeep 2\n"


def test_nothing_is_read_while_nothing_changes(logq: LogQ, monkeypatch: pytest.MonkeyPatch) -> None:
    logq.storage.events.append("g", batch("a"))
    taken = []
    original = Arrivals.snapshot

    def counted(self: Arrivals, groups: list[str]) -> Snapshot:
        taken.append(1)
        return original(self, groups)

    monkeypatch.setattr(Arrivals, "snapshot", counted)

    follow(logq, "fields @message", [lambda: None] * 20)

    assert not taken


def test_upkeep_goes_on_after_a_fault_and_ends_with_the_program() -> None:
    calls: list[int] = []
    told: list[str] = []
    enough = threading.Event()
    before = set(threading.enumerate())

    def maintain() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise StorageError("the disk is away")
        enough.set()

    with keeping(maintain, told.append, seconds=0.001):
        assert enough.wait(60)
    done = len(calls)

    assert told == ["upkeep: the disk is away"]
    assert done >= 2
    assert "upkeep" not in [thread.name for thread in set(threading.enumerate()) - before]
