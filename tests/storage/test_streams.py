"""Log streams that are made and deleted, in every layout of their events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from logq.errors import (
    AlreadyExists,
    InvalidValue,
    Protected,
    UnknownLogGroup,
    UnknownLogStream,
)
from logq.query.arrivals import Arrivals
from logq.query.engine import Queries
from logq.settings import Settings
from logq.storage import Storage, compactor, examine
from logq.storage import sealing as sealing_module
from tests.storage.building import batch, events_of, messages
from tests.storage.conftest import Clock

SETTINGS = Settings(garbage_seconds=0)


def journal(storage: Storage) -> None:
    pass


def segments(storage: Storage) -> None:
    storage.seal()


def compacted(storage: Storage) -> None:
    storage.seal()
    storage.compact()


def mixed(storage: Storage) -> None:
    """Compacted first, in the journal later."""
    if all(piece.path is None for piece in storage.snapshot(["g"]).pieces):
        compacted(storage)


LAYOUTS = [journal, segments, compacted, mixed]
Layout = Callable[[Storage], None]


@pytest.fixture
def parted(tmp_path: Path, clock: Clock) -> Storage:
    """Events of the streams a and b in turns, and later some of b and c alone."""
    storage = Storage.open(tmp_path / "data", clock, SETTINGS)
    storage.groups.create("g")
    return storage


def fill(storage: Storage, layout: Layout) -> None:
    storage.events.append("g", batch([{"n": n} for n in range(10)], streams=("a", "b")))
    layout(storage)
    storage.events.append("g", batch([{"n": n} for n in range(10, 14)], streams=("b", "c")))
    layout(storage)


def streams_of(storage: Storage) -> dict[str, int]:
    return {stream.name: stream.events for stream in storage.groups.streams("g")}


def counted(storage: Storage) -> dict[str, int]:
    queries = Queries(storage, Settings(), storage.clock, directory=str(storage.directory.root))
    rows = queries.run("stats count(*) as n by @logStream", groups=["g"]).rows()
    return {str(row[0]): int(row[1]) for row in rows}


def check(storage: Storage, wanted: dict[str, int]) -> None:
    """Queries, lists and totals agree."""
    assert counted(storage) == wanted
    assert streams_of(storage) == wanted
    group = storage.groups.get("g")
    assert group.events == sum(wanted.values())
    events = events_of(storage.snapshot(["g"])).values()
    assert len(events) == group.events
    assert group.stored_bytes > 26 * group.events or not group.events
    assert storage.doctor().healthy


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("later", LAYOUTS)
def test_events_of_a_deleted_stream_are_gone_at_once_and_for_ever(
    parted: Storage, layout: Layout, later: Layout
) -> None:
    fill(parted, layout)
    check(parted, {"a": 5, "b": 7, "c": 2})

    parted.groups.delete_stream("g", "b")

    check(parted, {"a": 5, "c": 2})
    later(parted)
    check(parted, {"a": 5, "c": 2})


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("later", LAYOUTS)
def test_a_stream_made_again_shows_only_new_events(
    parted: Storage, layout: Layout, later: Layout
) -> None:
    fill(parted, layout)
    parted.groups.delete_stream("g", "b")
    parted.events.append("g", batch([{"new": 1}], streams=("b",)))
    check(parted, {"a": 5, "b": 1, "c": 2})
    later(parted)
    check(parted, {"a": 5, "b": 1, "c": 2})

    parted.groups.delete_stream("g", "b")
    parted.events.append("g", batch([{"newer": 1}] * 3, streams=("b", "c")))
    later(parted)

    check(parted, {"a": 5, "b": 2, "c": 3})


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_bytes_of_deleted_events_go_when_their_segment_is_written_anew(
    parted: Storage, layout: Layout
) -> None:
    parted.events.append(
        "g", batch([{"secret": "hide me"}, {"open": "show me"}], streams=("a", "b"))
    )
    layout(parted)
    parted.groups.delete_stream("g", "a")

    parted.seal()
    parted.compact()
    parted.retention()

    (piece,) = parted.snapshot(["g"]).pieces
    assert piece.rows == 1 and not piece.hidden and piece.path is not None
    assert b"hide me" not in Path(piece.path).read_bytes()
    files = [p for p in parted.directory.groups.rglob("*.parquet")]
    assert [str(p) for p in files] == [piece.path]
    assert messages(parted) == ['{"open": "show me"}']


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_last_stream_of_a_segment_takes_the_segment_along(
    parted: Storage, layout: Layout
) -> None:
    fill(parted, layout)
    for name in ("a", "b", "c"):
        parted.groups.delete_stream("g", name)

    check(parted, {})
    assert parted.snapshot(["g"]).pieces == ()
    parted.retention()
    assert [*parted.directory.groups.rglob("*.parquet")] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_deleted_events_stay_deleted_when_the_catalog_is_made_anew(
    parted: Storage, layout: Layout, clock: Clock
) -> None:
    fill(parted, layout)
    parted.groups.delete_stream("g", "b")
    catalog = parted.directory.catalog
    parted._catalog.fold()
    parted.close()
    damage(catalog)

    report = examine(catalog.parent, clock, repair=True)

    assert any("rebuilt" in (finding.repair or "") for finding in report.findings)
    with Storage.open(catalog.parent, clock, SETTINGS) as storage:
        check(storage, {"a": 5, "c": 2})
        storage.seal()
        storage.compact()
        check(storage, {"a": 5, "c": 2})


def damage(catalog: Path) -> None:
    """Break a table that is not missed, so that the rest can still be read."""
    import sqlite3

    with sqlite3.connect(catalog) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'garbage'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with catalog.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def test_a_stream_deleted_while_segments_are_merged_stays_deleted(
    parted: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(parted, segments)
    once = [lambda: parted.groups.delete_stream("g", "b")]

    def meanwhile(point: str) -> None:
        if point == "compaction.before-commit" and once:
            once.pop()()

    monkeypatch.setattr(compactor, "reach", meanwhile)
    parted.compact()
    check(parted, {"a": 5, "c": 2})
    parted.compact()

    check(parted, {"a": 5, "c": 2})
    assert len(parted.snapshot(["g"]).pieces) == 1


def test_a_stream_deleted_while_the_journal_is_sealed_stays_deleted(
    parted: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(parted, journal)
    once = [lambda: parted.groups.delete_stream("g", "b")]

    def meanwhile(point: str) -> None:
        if point == "seal.before-commit" and once:
            once.pop()()

    monkeypatch.setattr(sealing_module, "reach", meanwhile)
    parted.seal()
    check(parted, {"a": 5, "c": 2})
    parted.seal()

    check(parted, {"a": 5, "c": 2})


def test_following_does_not_show_deleted_events(parted: Storage, clock: Clock) -> None:
    arrivals = Arrivals(parted, clock)
    arrivals.start(["g"])
    fill(parted, segments)
    parted.groups.delete_stream("g", "b")

    queries = Queries(arrivals, Settings(), clock, directory=str(parted.directory.root))
    rows = queries.run("fields @logStream", groups=["g"]).rows()

    assert sorted(row[0] for row in rows) == ["a"] * 5 + ["c"] * 2


@pytest.mark.parametrize("name", ["'", '"', 'x"y', "ä", "a'); DROP TABLE segments; --", "%", "\\"])
def test_a_stream_of_any_name_is_deleted_alone(parted: Storage, name: str) -> None:
    parted.events.append("g", batch([{}] * 6, streams=(name, f"{name}2", "b")))
    parted.seal()

    parted.groups.delete_stream("g", name)

    check(parted, {f"{name}2": 2, "b": 2})


def test_streams_are_made_empty_and_once(parted: Storage) -> None:
    parted.groups.create_stream("g", "empty")

    assert streams_of(parted) == {"empty": 0}
    with pytest.raises(AlreadyExists):
        parted.groups.create_stream("g", "empty")
    with pytest.raises(InvalidValue):
        parted.groups.create_stream("g", "a:b")
    parted.groups.delete_stream("g", "empty")
    assert streams_of(parted) == {}


def test_a_protected_log_group_keeps_its_streams(parted: Storage) -> None:
    parted.groups.create("safe", protected=True)
    parted.groups.create_stream("safe", "s")

    with pytest.raises(Protected):
        parted.groups.delete_stream("safe", "s")
    assert [stream.name for stream in parted.groups.streams("safe")] == ["s"]


def test_what_is_not_there_cannot_be_deleted(parted: Storage) -> None:
    parted.groups.create_stream("g", "web-1")

    with pytest.raises(UnknownLogStream) as caught:
        parted.groups.delete_stream("g", "web-2")
    assert caught.value.hint == "did you mean web-1?"
    with pytest.raises(UnknownLogGroup):
        parted.groups.delete_stream("h", "web-1")


def test_the_time_range_of_a_log_group_is_that_of_what_is_left(parted: Storage) -> None:
    before = parted.groups.get("g")
    fill(parted, segments)
    parted.groups.delete_stream("g", "a")
    parted.groups.delete_stream("g", "b")

    group = parted.groups.get("g")
    (left,) = parted.groups.streams("g")

    assert before.first is None
    assert (group.first, group.last) == (left.first, left.last)


def test_a_journal_that_was_read_before_shows_no_deleted_events(parted: Storage) -> None:
    parted.events.append("g", batch([{"n": n} for n in range(4)], streams=("a", "b")))
    assert len(messages(parted, "g")) == 4

    parted.groups.delete_stream("g", "a")
    assert sorted(messages(parted, "g")) == ['{"n": 1}', '{"n": 3}']

    parted.groups.delete_stream("g", "b")
    assert messages(parted, "g") == []
