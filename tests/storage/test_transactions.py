"""Blocks of writing inside each other, and what else happens when events are accepted."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from logq.errors import UnknownLogGroup
from logq.ingest.incoming import incoming
from logq.ingest.parser import Parser
from logq.storage import Storage

NOW = 1_780_000_000_000


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.open(tmp_path, lambda: NOW)


def test_what_is_written_inside_a_block_goes_with_it(storage: Storage) -> None:
    with pytest.raises(ZeroDivisionError), storage.database.write():
        storage.definitions.put("alarm", "a", {"n": 1})
        raise ZeroDivisionError
    assert storage.definitions.get("alarm", "a") is None

    with storage.database.write():
        storage.definitions.put("alarm", "a", {"n": 1})
        with pytest.raises(UnknownLogGroup):
            storage.definitions.put("metric_filter", "f", {}, group="/nowhere")
        storage.definitions.put("alarm", "b", {"n": 2})
    assert [one.name for one in storage.definitions.list("alarm")] == ["a", "b"]


def test_an_error_inside_takes_back_only_the_inner_block(storage: Storage) -> None:
    with storage.database.write() as connection:
        connection.execute("INSERT INTO counters VALUES ('outer', 1)")
        with pytest.raises(ZeroDivisionError), storage.database.write() as inner:
            inner.execute("INSERT INTO counters VALUES ('inner', 1)")
            raise ZeroDivisionError

    with storage.database.read() as connection:
        found = connection.execute("SELECT name FROM counters ORDER BY name").fetchall()
    assert found == [("outer",), ("seq",)]


def test_another_thread_waits_for_the_outer_block(storage: Storage) -> None:
    done = threading.Event()

    def other() -> None:
        storage.definitions.put("alarm", "late", {})
        done.set()

    thread = threading.Thread(target=other)
    with storage.database.write():
        with storage.database.write():
            thread.start()
        assert not done.wait(0.05)
        assert storage.definitions.list("alarm") == ()
    thread.join(60)
    assert [one.name for one in storage.definitions.list("alarm")] == ["late"]


def test_events_cannot_be_appended_inside_a_block(storage: Storage) -> None:
    storage.groups.create("/app")
    with storage.database.write(), pytest.raises(RuntimeError, match="inside a transaction"):
        storage.events.append("/app", _batch("one"))
    assert storage.events.append("/app", _batch("one")).events == 1


@pytest.mark.parametrize("journal", [4 << 20, 0], ids=["journal", "segments"])
def test_what_watches_writes_in_the_transaction_of_the_events(tmp_path: Path, journal: int) -> None:
    from logq.settings import Settings

    storage = Storage.open(tmp_path, lambda: NOW, Settings(journal_batch_bytes=journal))
    storage.groups.create("/app")
    seen: list[tuple[str, int]] = []

    def watch(group: str, batch: pa.Table):  # type: ignore[no-untyped-def]
        seen.append((group, batch.num_rows))

        def effect(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO counters VALUES (?, ?)", (group, batch.num_rows))
            if batch.num_rows == 3:
                raise ZeroDivisionError

        return effect

    storage.when_events_come(watch)
    with pytest.raises(ZeroDivisionError):
        storage.events.append("/app", _batch("a", "b", "c"))
    assert storage.groups.get("/app").events == 0
    storage.events.append("/app", _batch("a", "b"))

    assert seen == [("/app", 3), ("/app", 2)]
    assert storage.groups.get("/app").events == 2
    with storage.database.read() as connection:
        rows = connection.execute("SELECT * FROM counters WHERE name = '/app'").fetchall()
    assert rows == [("/app", 2)]


def _batch(*messages: str) -> pa.Table:
    events = incoming(list(messages), [NOW] * len(messages), ["s"] * len(messages))
    return Parser("text").accept(events, NOW).batch
