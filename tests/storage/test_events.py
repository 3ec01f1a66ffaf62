"""What was accepted is there, once, whatever layout it is in."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from logq.errors import CheckpointConflict, InvalidValue, UnknownLogGroup
from logq.model import Accepted, Checkpoint, Doc
from logq.settings import Settings
from logq.storage import Storage
from tests.storage.building import DAY, NOON, batch, events_of, messages, table_of
from tests.storage.conftest import Clock


def test_a_small_batch_is_visible_at_once_and_needs_no_file(storage: Storage) -> None:
    accepted = storage.events.append("app/web", batch([{"a": 1}, {"a": 2}]))
    assert accepted == Accepted(events=2, bytes=16, first_seq=1)
    (piece,) = storage.snapshot(["app/web"]).pieces
    assert (piece.name, piece.rows, piece.bytes, piece.path) == ("journal:1-1", 2, 16, None)
    assert (piece.start, piece.end, piece.streams) == (NOON, NOON + 1, frozenset({"s"}))
    assert not list(storage.directory.segment_files())


def test_a_large_batch_becomes_a_segment(direct: Storage) -> None:
    direct.events.append("app/web", batch([{"a": 1}], streams=["x"]))
    (piece,) = direct.snapshot(["app/web"]).pieces
    assert piece.path is not None and Path(piece.path).is_file()
    assert piece.info.fields["a"].count == 1
    assert piece.columns == {"@timestamp", "@message", "@logStream", "@ingestionTime", "@seq"}
    assert [(g.rows, g.start, g.end) for g in piece.row_groups] == [(1, NOON, NOON)]


def test_events_keep_their_order_of_arrival_as_seq(storage: Storage, clock: Clock) -> None:
    for value in range(3):
        storage.events.append("app/web", batch([{"n": value}], times=[NOON - value]))
    events = events_of(storage.snapshot(["app/web"]))
    assert {seq: e["fields"]["n"] for seq, e in events.items()} == {1: 0, 2: 1, 3: 2}
    assert {
        int(e["@ingestionTime"].replace(tzinfo=UTC).timestamp() * 1000) for e in events.values()
    } == {clock.now}


@pytest.mark.parametrize("layout", ["journal", "sealed", "segments", "compacted", "mixed"])
def test_every_layout_gives_the_same_events(tmp_path: Path, clock: Clock, layout: str) -> None:
    parts = [
        batch([{"a": 1, "l": [1]}, {"a": {"b": 2}}], times=[NOON + 5, NOON]),
        batch([{"a": "x", "l": 3}, {"c": 0.5}], Doc.NONE, [NOON + 2, NOON + DAY]),
        batch([{"c": 1}, {"a": True}], Doc.COLUMN, [NOON - DAY, NOON + 2]),
    ]
    size = 0 if layout in ("segments", "compacted") else 1 << 20
    with Storage.open(tmp_path / layout, clock, Settings(journal_batch_bytes=size)) as storage:
        storage.groups.create("g")
        for number, part in enumerate(parts):
            storage.events.append("g", part)
            if layout == "mixed" and number == 0:
                storage.seal()
        if layout == "sealed":
            storage.seal("g")
        if layout == "compacted":
            storage.compact()
        events = events_of(storage.snapshot(["g"]))
    assert {seq: event["fields"] for seq, event in events.items()} == {
        1: {"a": 1, "l.0": 1},
        2: {"a.b": 2},
        3: {"a": "x", "l": 3},
        4: {"c": 0.5},
        5: {"c": 1},
        6: {"a": True},
    }


def test_every_segment_is_one_day_and_in_time_order(direct: Storage) -> None:
    times = [NOON + DAY, NOON, NOON + 7, NOON - DAY, NOON + 7, NOON]
    direct.events.append("app/web", batch([{"n": n} for n in range(6)], times=times))
    pieces = direct.snapshot(["app/web"]).pieces
    rows = [table_of(p).to_pylist() for p in pieces]
    assert [[row["n"] for row in part] for part in rows] == [[3], [1, 5, 2, 4], [0]]
    days = [Path(p.path or "").parent.name for p in pieces]
    assert days == ["dt=2026-09-20", "dt=2026-09-21", "dt=2026-09-22"]


def test_events_older_than_retention_are_counted_and_not_kept(
    storage: Storage, clock: Clock
) -> None:
    storage.groups.set("app/web", retention_days=1)
    old = clock.now - DAY - 1
    accepted = storage.events.append("app/web", batch([{}, {}], times=[old, old + 1]))
    assert (accepted.events, accepted.expired) == (1, 1)
    accepted = storage.events.append(
        "app/web", batch([{}], times=[old]), [Checkpoint("agent", "file", "9")]
    )
    assert (accepted.events, accepted.expired) == (0, 1)
    assert storage.checkpoints.get("agent", "file") == "9"


def test_a_checkpoint_moves_together_with_the_events(storage: Storage) -> None:
    storage.events.append("app/web", batch([{}]), [Checkpoint("agent", "k", "1", None, True)])
    storage.events.append("app/web", batch([{}]), [Checkpoint("agent", "k", "2", "1", True)])
    assert storage.checkpoints.get("agent", "k") == "2"


@pytest.mark.parametrize("expected", [None, "0", "2"])
@pytest.mark.parametrize("size", [0, 1 << 20])
def test_a_checkpoint_that_moved_meanwhile_refuses_the_events(
    tmp_path: Path, clock: Clock, expected: str | None, size: int
) -> None:
    with Storage.open(tmp_path / "d", clock, Settings(journal_batch_bytes=size)) as storage:
        storage.groups.create("g")
        storage.events.append("g", batch([{"n": 1}]), [Checkpoint("agent", "k", "1")])
        with pytest.raises(CheckpointConflict, match="another process"):
            storage.events.append(
                "g",
                batch([{"n": 2}]),
                [Checkpoint("agent", "j", "5"), Checkpoint("agent", "k", "3", expected, True)],
            )
        assert storage.checkpoints.list("agent") == {"k": "1"}
        assert messages(storage) == ['{"n": 1}']
        assert len(list(storage.directory.segment_files())) == (1 if size == 0 else 0)


def test_a_checkpoint_can_be_listed_and_forgotten(storage: Storage) -> None:
    storage.checkpoints.set(Checkpoint("ingest", "b", "2"))
    storage.checkpoints.set(Checkpoint("ingest", "a", "1"))
    assert storage.checkpoints.list("ingest") == {"a": "1", "b": "2"}
    storage.checkpoints.delete("ingest", "a")
    assert storage.checkpoints.get("ingest", "a") is None
    assert storage.checkpoints.get("other", "b") is None


def test_an_unknown_group_gets_nothing(storage: Storage) -> None:
    with pytest.raises(UnknownLogGroup, match="app/wbe") as error:
        storage.events.append("app/wbe", batch([{}]))
    assert error.value.hint == "did you mean app/web?"


def test_a_batch_without_its_system_columns_is_refused(storage: Storage) -> None:
    with pytest.raises(InvalidValue, match="@logStream"):
        storage.events.append("app/web", batch([{}]).drop_columns(["@logStream"]))
    stream = pa.array([None], pa.string())
    with pytest.raises(InvalidValue, match="without @logStream"):
        storage.events.append("app/web", batch([{}]).set_column(2, "@logStream", stream))


def test_dictionaries_and_large_strings_are_stored_as_plain_text(direct: Storage) -> None:
    table = batch([{"a": "x"}, {"a": "y"}])
    table = table.set_column(3, "a", table["a"].dictionary_encode())
    table = table.set_column(1, "@message", table["@message"].cast(pa.large_string()))
    direct.events.append("app/web", table)
    (piece,) = direct.snapshot(["app/web"]).pieces
    schema = pq.read_schema(piece.path)
    assert {schema.field(n).type for n in ("a", "@message")} == {pa.string()}


def test_a_thousand_streams_are_counted_but_not_listed_for_the_planner(direct: Storage) -> None:
    names = [f"host-{n:04d}" for n in range(1000)]
    direct.events.append("app/web", batch([{}] * 1000, streams=names))
    (piece,) = direct.snapshot(["app/web"]).pieces
    assert piece.streams == frozenset()
    assert [s.name for s in direct.groups.streams("app/web")] == names
