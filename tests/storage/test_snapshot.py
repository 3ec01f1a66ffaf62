"""What a query gets to see."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from logq.errors import UnknownLogGroup
from logq.storage import Storage, recent
from logq.storage.recent import RUN_ENTRIES
from tests.storage.building import DAY, NOON, batch, events_of
from tests.storage.conftest import Clock


def test_patterns_expand_in_name_order_and_overlap_once(storage: Storage) -> None:
    for name in ("b", "app/api"):
        storage.groups.create(name)
        storage.events.append(name, batch([{}]))
    snapshot = storage.snapshot(["*", "app/*", "b"])
    assert snapshot.groups == ("app/api", "app/web", "b")
    assert [p.group for p in snapshot.pieces] == ["app/api", "b"]


def test_a_plain_name_must_be_there_and_a_pattern_need_not(storage: Storage) -> None:
    assert storage.snapshot(["none*"]).groups == ()
    with pytest.raises(UnknownLogGroup, match="no log group 'app/we'"):
        storage.snapshot(["app/we"])


def test_expired_events_are_hidden_at_once(direct: Storage, clock: Clock) -> None:
    times = [NOON - DAY, NOON]
    direct.events.append("app/web", batch([{"n": 1}, {"n": 2}], times=times))
    direct.groups.set("app/web", retention_days=1)
    clock.now = NOON + DAY // 2
    snapshot = direct.snapshot(["app/web"])
    assert snapshot.visible_from == {"app/web": clock.now - DAY}
    assert [p.start for p in snapshot.pieces] == [NOON]
    assert len(list(direct.directory.segment_files())) == 2


def test_a_snapshot_outlives_what_happens_later(direct: Storage) -> None:
    direct.events.append("app/web", batch([{"n": 1}]))
    direct.events.append("app/web", batch([{"n": 2}]))
    before = direct.snapshot(["app/web"])
    direct.compact()
    direct.retention()
    assert len(events_of(before)) == 2
    assert len(direct.snapshot(["app/web"]).pieces) == 1


def test_the_journal_is_one_piece_in_time_order(storage: Storage) -> None:
    storage.events.append("app/web", batch([{"n": 1}], times=[NOON + 2]))
    storage.events.append("app/web", batch([{"m": "x"}], times=[NOON + 1], streams=["t"]))
    (piece,) = storage.snapshot(["app/web"]).pieces
    assert piece.table["@seq"].to_pylist() == [2, 1]
    assert (piece.name, piece.streams) == ("journal:1-2", frozenset({"s", "t"}))
    assert {p: f.count for p, f in piece.info.fields.items()} == {"n": 1, "m": 1}


def test_batches_of_one_schema_may_order_columns_differently(storage: Storage) -> None:
    storage.events.append("app/web", batch([{"a": 1, "b": "x"}]))
    storage.events.append("app/web", batch([{"b": "y", "a": 2}]))
    timed = batch([{"a": 3, "b": "z"}])
    timed = timed.append_column("@timeSource", pa.array(["arrival"], pa.string()))
    storage.events.append("app/web", timed)
    events = events_of(storage.snapshot(["app/web"]))
    assert [e["fields"] for e in events.values()] == [
        {"a": 1, "b": "x"},
        {"a": 2, "b": "y"},
        {"a": 3, "b": "z"},
    ]
    assert [e.get("@timeSource") for e in events.values()] == [None, None, "arrival"]


def test_pyarrow_is_not_loaded_while_the_journal_is_empty(direct: Storage) -> None:
    direct.events.append("app/web", batch([{"a": 1}]))
    direct.close()
    program = (
        "import sys; from pathlib import Path; from logq.storage import Storage\n"
        "with Storage.open(Path(sys.argv[1])) as s:\n"
        "    (piece,) = s.snapshot(['*']).pieces; s.groups.list(); s.groups.get('app/web')\n"
        "print(piece.info.fields['a'].count, 'pyarrow' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", program, str(direct.directory.root)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout == "1 False\n"


def test_a_journal_is_decoded_once_and_what_is_new_beside_it(storage: Storage) -> None:
    for n in range(RUN_ENTRIES + 1):
        storage.events.append("app/web", batch([{"n": n}], times=[NOON + n]))
    first = storage.snapshot(["app/web"]).pieces
    storage.events.append("app/web", batch([{"n": -1}], times=[NOON - 1]))
    second = storage.snapshot(["app/web"])

    assert [piece.rows for piece in first] == [RUN_ENTRIES, 1]
    assert [piece.rows for piece in second.pieces] == [RUN_ENTRIES, 2]
    assert second.pieces[0] is first[0]
    assert storage.snapshot(["app/web"]).pieces[1] is second.pieces[1]
    found = sorted(event["fields"]["n"] for event in events_of(second).values())
    assert found == list(range(-1, RUN_ENTRIES + 1))


def test_what_is_remembered_of_a_journal_ends_with_its_sealing(storage: Storage) -> None:
    storage.events.append("app/web", batch([{"n": 1}]))
    assert [piece.path for piece in storage.snapshot(["app/web"]).pieces] == [None]
    storage.seal()
    storage.events.append("app/web", batch([{"n": 2}]))
    events = events_of(storage.snapshot(["app/web"]))

    assert sorted(event["fields"]["n"] for event in events.values()) == [1, 2]


def test_a_group_made_again_has_a_new_journal(storage: Storage) -> None:
    storage.events.append("app/web", batch([{"n": 1}]))
    storage.snapshot(["app/web"])
    storage.groups.delete("app/web")
    storage.groups.create("app/web")
    storage.events.append("app/web", batch([{"n": 2}]))
    events = events_of(storage.snapshot(["app/web"]))

    assert [event["fields"]["n"] for event in events.values()] == [2]


def test_no_more_than_so_much_is_remembered(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "KEPT_BYTES", 1)
    storage.events.append("app/web", batch([{"n": 1}]))

    one, two = (storage.snapshot(["app/web"]).pieces[0] for _ in range(2))

    assert one is not two
    assert one.table.equals(two.table)
