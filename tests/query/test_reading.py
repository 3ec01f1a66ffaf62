"""Reading events page by page, against a plain list of them, in every layout."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.query.build import Sql, column, fn, text
from logq.query.position import LAST, Position, event_id, pointer, read_pointer
from logq.query.reading import Event, Page, Reader, Wanted
from logq.query.source import Source
from logq.settings import Settings
from logq.storage import Storage
from logq.storage.grams import may_contain
from tests.query.layouts import LAYOUTS, NOW, START, append, lay_out, lines

DOCUMENTS = [
    {"n": n, "text": f"{'needle' if n % 17 == 0 else 'hay'} {n}", "pad": "é" * (n % 50)}
    for n in range(400)
]


@dataclass(frozen=True)
class Contains:
    """A condition: the message has a text in it."""

    wanted: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.wanted,)

    def sql(self, source: Source) -> Sql:
        found = source.field("@message")
        assert found is not None
        return fn("contains", column(found.ident), text(self.wanted))


def reader_over(storage: Storage) -> Reader:
    directory = str(storage.directory.root)
    return Reader(storage, storage.settings, directory=directory, text_index=may_contain)


@pytest.fixture(params=LAYOUTS)
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reader]:
    path = lay_out(tmp_path / "data", request.param, lines(DOCUMENTS))
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        append(storage, "app", lines(DOCUMENTS)[:50], "other")
        yield reader_over(storage)


def pages(reader: Reader, wanted: Wanted, *, descending: bool, **options: Any) -> list[Page]:
    """All pages from one end to the other."""
    found = [reader.page(wanted, descending=descending, **options)]
    while found[-1].next is not None:
        found.append(reader.page(wanted, after=found[-1].next, descending=descending, **options))
    return found


def events(found: list[Page]) -> list[Event]:
    return [event for page in found for event in page.events]


def test_pages_put_together_are_all_events_in_order(reader: Reader) -> None:
    everything = reader.page(Wanted(("app",))).events

    assert len(everything) == 450
    assert [e.position for e in everything] == sorted(e.position for e in everything)
    assert everything[0].message == lines(DOCUMENTS)[0]
    assert everything[-1].message == lines(DOCUMENTS)[-1]
    assert events(pages(reader, Wanted(("app",)), descending=False, events=37)) == everything
    backwards = events(pages(reader, Wanted(("app",)), descending=True, events=41))
    assert backwards == everything[::-1]


def test_times_streams_and_conditions_choose_events(reader: Reader) -> None:
    everything = reader.page(Wanted(("app",))).events
    start, end = START + 20_000, START + 60_000

    def chosen(wanted: Wanted) -> list[Event]:
        down = events(pages(reader, wanted, descending=True, events=7))
        up = events(pages(reader, wanted, descending=False, events=9))
        assert up == down[::-1]
        return up

    assert chosen(Wanted(("app",), start, end)) == [e for e in everything if start <= e.time <= end]
    assert chosen(Wanted(("app",), streams=frozenset({"other"}))) == [
        e for e in everything if e.stream == "other"
    ]
    assert chosen(Wanted(("app",), prefixes=("ot",))) == [
        e for e in everything if e.stream == "other"
    ]
    assert chosen(Wanted(("app",), prefixes=("x", "y"))) == []
    assert chosen(Wanted(("app",), streams=frozenset())) == []
    needles = [e for e in everything if "needle" in e.message]
    assert len(needles) == 27
    assert chosen(Wanted(("app",), condition=Contains("needle"))) == needles
    assert chosen(
        Wanted(("app",), start, None, frozenset({"s"}), condition=Contains("needle"))
    ) == [e for e in needles if e.time >= start and e.stream == "s"]


def test_a_page_has_no_more_bytes_than_asked_but_at_least_one_event(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = reader.page(Wanted(("app",))).events
    for at_once in (1 << 30, 0):
        monkeypatch.setattr("logq.query.reading._AT_ONCE_BYTES", at_once)
        found = pages(reader, Wanted(("app",)), descending=False, size=5_000)
        assert events(found) == everything
        sizes = [sum(len(e.message.encode()) for e in page.events) for page in found]
        assert max(sizes) <= 5_000 and min(sizes[:-1]) > 4_500
        single = pages(reader, Wanted(("app",), end=START + 3_000), descending=True, size=1)
        assert [len(page.events) for page in single] == [1] * 8


def test_windows_change_no_page(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = reader.page(Wanted(("app",))).events
    monkeypatch.setattr("logq.query.windows.FIRST_WINDOW_ROWS", 20)
    monkeypatch.setattr("logq.query.windows.LAST_WINDOW_ROWS", 60)

    assert events(pages(reader, Wanted(("app",)), descending=False, events=33)) == everything
    backwards = events(pages(reader, Wanted(("app",)), descending=True, events=33))
    assert backwards == everything[::-1]


def test_a_search_that_takes_long_returns_what_it_has_and_where_to_go_on(tmp_path: Path) -> None:
    path = lay_out(tmp_path / "data", "segments", lines(DOCUMENTS), pieces=8)
    ticks = iter(range(0, 100_000, 10))
    with Storage.open(path, lambda: NOW, Settings()) as storage, pytest.MonkeyPatch.context() as m:
        m.setattr("logq.query.windows.FIRST_WINDOW_ROWS", 50)
        m.setattr("logq.query.windows.LAST_WINDOW_ROWS", 50)
        reader = Reader(storage, Settings(), directory=str(path), monotonic=lambda: next(ticks))

        found = pages(reader, Wanted(("app",), condition=Contains('"n": 333,')), descending=True)

        assert len(found) > 5
        assert [page.events[0].time for page in found if page.events] == [START + 333_000]


def test_the_newest_events_are_found_without_reading_the_oldest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lay_out(tmp_path / "data", "segments", lines(DOCUMENTS), pieces=8)
    monkeypatch.setattr("logq.query.windows.FIRST_WINDOW_ROWS", 50)
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        oldest = min(storage.snapshot(["app"]).pieces, key=lambda piece: piece.start)
        assert oldest.path is not None
        Path(oldest.path).write_bytes(b"broken")

        newest = reader_over(storage).page(Wanted(("app",)), descending=True, events=3)

        assert [event.time for event in newest.events] == [
            START + n * 1000 for n in (399, 398, 397)
        ]
        assert not storage.snapshot(["app"]).warnings


def test_a_damaged_segment_is_set_aside_and_the_rest_is_read(tmp_path: Path) -> None:
    path = lay_out(tmp_path / "data", "segments", lines(DOCUMENTS))
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        broken = storage.snapshot(["app"]).pieces[1]
        assert broken.path is not None
        Path(broken.path).write_bytes(b"broken")

        page = reader_over(storage).page(Wanted(("app",)))

        assert len(page.events) == 300
        assert "damaged" in storage.snapshot(["app"]).warnings[0]


def test_expired_events_are_not_read(tmp_path: Path) -> None:
    now = START + 86_400_000 + 10_500
    with Storage.open(tmp_path / "data", lambda: now, Settings()) as storage:
        storage.groups.create("app")
        append(storage, "app", lines(DOCUMENTS)[:30])
        storage.groups.set("app", retention_days=1)

        page = reader_over(storage).page(Wanted(("app",)))

        assert [event.time for event in page.events] == [START + n * 1000 for n in range(11, 30)]


def test_several_groups_are_read_together(tmp_path: Path) -> None:
    with Storage.open(tmp_path / "data", lambda: NOW, Settings()) as storage:
        for name in ("a", "b"):
            storage.groups.create(name)
            append(storage, name, lines(DOCUMENTS)[:3])

        found = reader_over(storage).page(Wanted(("a", "b"))).events

        assert [event.group for event in found] == ["a", "b", "a", "b", "a", "b"]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_whatever_arrives_while_pages_are_read_nothing_behind_the_place_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)
    path = tmp_path_factory.mktemp("data")
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        storage.groups.create("app")
        reader = reader_over(storage)
        place = Position(START, -1)
        written: list[tuple[int, str]] = []
        missed: set[str] = set()
        read: list[str] = []
        for step in range(chance.randint(5, 20)):
            action = chance.random()
            if action < 0.5:
                count = chance.randint(1, 6)
                times = [chance.randint(0, 30) for _ in range(count)]
                texts = [f'{{"k":"{step}-{n}"}}' for n in range(count)]
                stamped = [
                    lines([{}] * (t + 1))[t][:-1] + "," + x[1:]
                    for t, x in zip(times, texts, strict=True)
                ]
                append(storage, "app", stamped)
                seqs = {e.message: e.seq for e in reader.page(Wanted(("app",))).events}
                for t, message in zip(times, stamped, strict=True):
                    written.append((START + t * 1000, message))
                    if Position(START + t * 1000, seqs[message]) <= place:
                        missed.add(message)
            elif action < 0.65:
                storage.seal()
            elif action < 0.75:
                storage.compact()
            else:
                page = reader.page(Wanted(("app",)), after=place, events=chance.randint(1, 8))
                read += [event.message for event in page.events]
                place = page.events[-1].position if page.events else place
        while rest := reader.page(Wanted(("app",)), after=place, events=5).events:
            read += [event.message for event in rest]
            place = rest[-1].position
        assert len(read) == len(set(read)), "an event was read twice"
        assert set(read) | missed == {message for _, message in written}
        assert not set(read) & missed


@given(
    st.lists(
        st.tuples(st.integers(-(10**14), 10**15), st.integers(0, LAST)), min_size=2, max_size=8
    )
)
def test_event_ids_are_unique_and_sort_as_events_do(places: list[tuple[int, int]]) -> None:
    positions = [Position(*place) for place in places]

    ids = [event_id(*position) for position in positions]

    assert all(len(text) == 56 and text.isdigit() for text in ids)
    assert sorted(ids) == [event_id(*position) for position in sorted(positions)]


@given(st.integers(-(10**14), 10**15), st.integers(0, LAST), st.text(min_size=1))
def test_a_pointer_reads_back(time: int, seq: int, group: str) -> None:
    group = group.encode("utf-8", "ignore").decode() or "g"
    assert read_pointer(pointer(group, Position(time, seq))) == (group, Position(time, seq))
