"""What people define stays, changes by version, and goes with its log group."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from logq.errors import AlreadyExists, Conflict, InvalidValue, UnknownLogGroup
from logq.model import Change
from logq.storage import Storage

NOW = 1_767_607_200_000


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with Storage.open(tmp_path, lambda: NOW) as opened:
        yield opened


def test_a_definition_is_read_back_as_it_was_put(storage: Storage) -> None:
    made = storage.definitions.put("query", "späte Fehler", {"text": "limit 1", "n": [1, None]})

    assert storage.definitions.get("query", "späte Fehler") == made
    assert (made.body, made.version, made.created) == ({"text": "limit 1", "n": [1, None]}, 1, NOW)


def test_putting_again_replaces_the_body_and_counts_the_version(storage: Storage) -> None:
    storage.definitions.put("query", "q", {"text": "a"})

    assert storage.definitions.put("query", "q", {"text": "b"}).version == 2
    assert [d.body for d in storage.definitions.list("query")] == [{"text": "b"}]


def test_a_version_that_is_not_there_is_refused(storage: Storage) -> None:
    storage.definitions.put("query", "q", {}, expected=0)

    with pytest.raises(AlreadyExists, match="already a query 'q'"):
        storage.definitions.put("query", "q", {}, expected=0)
    with pytest.raises(Conflict):
        storage.definitions.put("query", "q", {}, expected=7)
    assert storage.definitions.put("query", "q", {}, expected=1).version == 2


def test_definitions_of_a_log_group_go_with_it(storage: Storage) -> None:
    for name in ("a", "b"):
        storage.groups.create(name)
        storage.definitions.put("metric_filter", "errors", {"of": name}, group=name)
    storage.definitions.put("query", "errors", {})

    storage.groups.delete("a")

    assert [d.group for d in storage.definitions.list("metric_filter")] == ["b"]
    assert storage.definitions.get("query", "errors") is not None
    with pytest.raises(UnknownLogGroup):
        storage.definitions.get("metric_filter", "errors", group="a")


def test_a_list_is_of_one_kind_one_group_and_one_prefix(storage: Storage) -> None:
    storage.groups.create("a")
    for name in ("x1", "x2", "y"):
        storage.definitions.put("metric_filter", name, {}, group="a")

    found = storage.definitions.list("metric_filter", group="a", prefix="x")

    assert [d.name for d in found] == ["x1", "x2"]
    assert storage.definitions.list("query") == ()


def test_deleting_says_whether_something_was_there(storage: Storage) -> None:
    storage.definitions.put("query", "q", {})

    assert storage.definitions.delete("query", "q")
    assert not storage.definitions.delete("query", "q")


def test_changes_are_told_in_their_transaction(storage: Storage) -> None:
    told: list[tuple[str, str, str | None, str]] = []

    def tell(connection: sqlite3.Connection, change: Change) -> None:
        if change.name == "bad":
            raise InvalidValue("not this one")
        told.append((change.kind, change.name, change.group, change.operation))

    storage.when_something_changes(tell)
    storage.groups.create("g")
    storage.groups.set("g", retention_days=1)
    storage.definitions.put("query", "q", {}, group="g")
    storage.definitions.put("query", "q", {}, group="g")
    storage.definitions.delete("query", "q", group="g")
    storage.definitions.delete("query", "q", group="g")
    storage.groups.delete("g")
    with pytest.raises(InvalidValue):
        storage.definitions.put("query", "bad", {})

    assert storage.definitions.get("query", "bad") is None
    assert told == [
        ("log_group", "g", None, "create"),
        ("log_group", "g", None, "update"),
        ("query", "q", "g", "create"),
        ("query", "q", "g", "update"),
        ("query", "q", "g", "delete"),
        ("log_group", "g", None, "delete"),
    ]


def test_a_block_of_writing_reads_what_it_has_written(storage: Storage) -> None:
    with pytest.raises(InvalidValue), storage.database.write():
        storage.groups.create("g")
        storage.definitions.put("query", "q", {}, group="g")
        assert [one.name for one in storage.definitions.list("query", group="g")] == ["q"]
        assert storage.groups.names() == ("g",)
        raise InvalidValue("all of it is taken back")

    assert storage.groups.names() == ()
