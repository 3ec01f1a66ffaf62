"""Group commit: several threads, one transaction, everybody's own result."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from logq.errors import InvalidValue, StorageError, UnknownLogGroup
from logq.model import Checkpoint
from logq.storage import Storage
from logq.storage.catalog import Catalog
from logq.storage.commits import Commits
from tests.storage.building import batch, messages
from tests.storage.conftest import Clock


class Slow(Catalog):
    """A catalog whose first commit waits until it may go on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.go = threading.Event()
        self.begun = threading.Event()
        self.transactions = 0
        with super().write() as connection:
            connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        self.transactions += 1
        with super().write() as connection:
            yield connection
            self.begun.set()
            assert self.go.wait(60)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Slow]:
    catalog = Slow(tmp_path / "catalog.sqlite")
    yield catalog
    catalog.go.set()
    catalog.close()


def insert(number: int) -> Callable[[sqlite3.Connection], int]:
    def work(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO t VALUES (?)", (number,))
        if number < 0:
            raise InvalidValue(f"{number} is negative")
        return number

    return work


def numbers(catalog: Catalog) -> list[int]:
    with catalog.read() as connection:
        return [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]


def waiting(commits: Commits, count: int) -> None:
    """Wait until so many pieces are in the queue."""
    with commits._changed:
        pass
    while len(commits._queue) < count:
        threading.Event().wait(0.002)


def test_what_comes_while_a_commit_waits_goes_into_the_next_together(slow: Slow) -> None:
    commits = Commits(slow)
    with ThreadPoolExecutor(20) as threads:
        first = threads.submit(commits.run, insert(0))
        assert slow.begun.wait(60)
        others = [threads.submit(commits.run, insert(n)) for n in (1, 2, -3, 4)]
        waiting(commits, 4)
        assert not first.done() and numbers(slow) == []
        slow.go.set()

        assert [f.result(60) for f in (first, others[0], others[1], others[3])] == [0, 1, 2, 4]
        with pytest.raises(InvalidValue, match="-3 is negative"):
            others[2].result(60)

    assert slow.transactions == 2
    assert numbers(slow) == [0, 1, 2, 4]


def test_a_transaction_that_fails_as_a_whole_fails_for_everybody(slow: Slow) -> None:
    commits = Commits(slow)

    def broken(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO nothing VALUES (1)")
        return 1

    with ThreadPoolExecutor(20) as threads:
        first = threads.submit(commits.run, insert(0))
        assert slow.begun.wait(60)
        others = [threads.submit(commits.run, work) for work in (insert(1), broken, insert(2))]
        waiting(commits, 3)
        slow.go.set()
        assert first.result(60) == 0
        for other in others:
            with pytest.raises(StorageError):
                other.result(60)

    assert numbers(slow) == [0]
    assert commits.run(insert(5)) == 5


def test_readers_do_not_wait_for_a_commit(slow: Slow) -> None:
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(Commits(slow).run, insert(7))
        assert slow.begun.wait(60)
        assert numbers(slow) == []
        slow.go.set()
        writing.result(60)
    assert numbers(slow) == [7]


def test_many_threads_lose_and_double_nothing(tmp_path: Path, clock: Clock) -> None:
    with Storage.open(tmp_path / "data", clock) as storage:
        storage.groups.create("g")

        def write(thread: int) -> list[int]:
            firsts = []
            for number in range(12):
                mark = Checkpoint(
                    f"t{thread}", "k", str(number + 1), str(number) if number else None
                )
                accepted = storage.events.append("g", batch([{"t": thread, "n": number}]), [mark])
                firsts.append(accepted.first_seq)
                if number == 5:
                    with pytest.raises(UnknownLogGroup):
                        storage.events.append("gone", batch([{"t": thread}]))
            return firsts

        with ThreadPoolExecutor(8) as threads:
            seqs = [seq for firsts in threads.map(write, range(8)) for seq in firsts]

        assert len(set(seqs)) == 96
        wanted = sorted(f'{{"t": {t}, "n": {n}}}' for t in range(8) for n in range(12))
        assert sorted(messages(storage)) == wanted
        assert {storage.checkpoints.get(f"t{t}", "k") for t in range(8)} == {"12"}
