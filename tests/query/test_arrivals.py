"""What has arrived since one last looked, and how little is looked at for it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from logq.model import Piece
from logq.query import arrivals
from logq.query.arrivals import Arrivals
from logq.settings import Settings
from logq.storage import Storage
from tests.query.layouts import NOW, append, line


def messages(found: Arrivals) -> list[str]:
    return [
        text
        for piece in found.snapshot(["app"]).pieces
        for text in piece.table.column("@message").to_pylist()
    ]


def test_a_look_reads_only_pieces_that_may_hold_something_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Storage.open(tmp_path, lambda: NOW, Settings()) as storage:
        storage.groups.create("app")
        for number in range(100):
            append(storage, "app", [line({"n": number})])
        followed = Arrivals(storage, lambda: NOW)
        assert len(followed.start(["app"]).pieces) > 2
        looked: list[str] = []
        marks = arrivals._marks

        def counted(piece: Piece) -> object:
            looked.append(piece.name)
            return marks(piece)

        monkeypatch.setattr(arrivals, "_marks", counted)
        append(storage, "app", [line({"n": 100})])

        assert messages(followed) == [line({"n": 100})]
        assert len(looked) == 1
        assert messages(followed) == [] and len(looked) == 1


@pytest.mark.parametrize("seed", range(6))
def test_whatever_storage_does_meanwhile_every_event_is_seen_once(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with Storage.open(tmp_path, lambda: NOW, Settings(journal_batch_bytes=2_000)) as storage:
        storage.groups.create("app")
        append(storage, "app", [line({"before": n}) for n in range(5)])
        followed = Arrivals(storage, lambda: NOW)
        followed.start(["app"])
        written: list[str] = []
        seen: list[str] = []
        for step in range(60):
            what = chance.random()
            if what < 0.6:
                count = 80 if chance.random() < 0.1 else chance.randint(1, 3)
                texts = [line({"step": step, "n": n}, chance.randint(0, 50)) for n in range(count)]
                append(storage, "app", texts)
                written += texts
            elif what < 0.7:
                storage.seal()
            elif what < 0.75:
                storage.compact()
            else:
                seen += messages(followed)
        seen += messages(followed)
        assert sorted(seen) == sorted(written)
