"""Segments that are cut off, changed, gone or merged away while queries read them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from logq.errors import EngineFault
from logq.model import BatchInfo, Piece
from logq.query import planner
from logq.query.connection import Damaged, Session
from logq.query.damage import damaged
from logq.query.needs import Needs
from logq.query.reading import Reader, Wanted
from logq.query.source import Reading
from logq.settings import Settings
from logq.storage import Storage
from tests.query.layouts import NOW, Row, append, ask, lay_out, line, lines, over, rows_of

DOCUMENTS = [{"i": n, "text": f"event {n}", "any": n if n % 2 else "x"} for n in range(80)]
QUERY = "fields @message, i, text, any | sort i"


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def emptied(data: bytes) -> bytes:
    return b""


def zeroed(data: bytes) -> bytes:
    return bytes(len(data))


def text_instead(data: bytes) -> bytes:
    return b"not a Parquet file\n" * 100


def without_footer(data: bytes) -> bytes:
    return data[:-8]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    path = lay_out(tmp_path_factory.mktemp("healthy") / "data", "segments", lines(DOCUMENTS))
    return path, ask(over(path), QUERY)


def segments(path: Path) -> list[Path]:
    """The segment files, oldest events first."""
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        return [Path(p.path) for p in storage.snapshot(["app"]).pieces if p.path is not None]


def copy(healthy: tuple[Path, list[Row]], to: Path) -> tuple[Path, list[Path], list[Row]]:
    source, rows = healthy
    shutil.copytree(source, to)
    return to, segments(to), rows


@pytest.mark.parametrize("harm", [cut, emptied, zeroed, text_instead, without_footer])
def test_a_damaged_segment_makes_the_answer_partial_with_a_warning(
    harm: Callable[[bytes], bytes], healthy: tuple[Path, list[Row]], tmp_path: Path
) -> None:
    path, files, wanted = copy(healthy, tmp_path / "data")
    files[1].write_bytes(harm(files[1].read_bytes()))
    result = over(path).run(QUERY, groups=["app"])
    assert rows_of(result) == wanted[:20] + wanted[40:]
    assert any("is damaged" in w and "20 events" in w for w in result.warnings)
    assert result.stats.records_matched == 60
    again = over(path).run(QUERY, groups=["app"])
    assert rows_of(again) == wanted[:20] + wanted[40:]
    assert again.warnings == result.warnings


def test_a_deleted_segment_makes_the_answer_partial_with_a_warning(
    healthy: tuple[Path, list[Row]], tmp_path: Path
) -> None:
    path, files, wanted = copy(healthy, tmp_path / "data")
    files[0].unlink()
    files[3].unlink()
    result = over(path).run("fields @message, i, text, any", groups=["app"])
    assert sorted(rows_of(result), key=lambda row: int(row["i"])) == wanted[20:60]
    assert sum("is damaged" in w for w in result.warnings) == 2


def test_every_kind_of_query_goes_on_without_a_damaged_segment(
    healthy: tuple[Path, list[Row]], tmp_path: Path
) -> None:
    queries = {
        "stats count(*) as n, sum(i) as s": [{"n": 60, "s": sum(range(20, 80))}],
        'filter text = "event 3" | fields i': [],
        "sort i desc | limit 1 | fields i": [{"i": 79}],
        "tail 1 | fields i": [{"i": 20}],
        "stats count(*) as n by any | filter any = 21": [{"any": 21, "n": 1}],
    }
    for number, (query, rows) in enumerate(queries.items()):
        path, files, _ = copy(healthy, tmp_path / str(number))
        files[0].write_bytes(cut(files[0].read_bytes()))
        result = over(path).run(query, groups=["app"])
        assert rows_of(result) == rows
        assert result.warnings


def test_a_flipped_bit_never_fails_a_query(healthy: tuple[Path, list[Row]], tmp_path: Path) -> None:
    # DuckDB does not see every flipped bit; 'logq doctor' does, by the checksum of the file.
    chance = random.Random(7)
    for number in range(25):
        path, files, wanted = copy(healthy, tmp_path / str(number))
        victim = chance.choice(files)
        data = bytearray(victim.read_bytes())
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        victim.write_bytes(data)
        result = over(path).run(QUERY, groups=["app"])
        rows = rows_of(result)
        assert len(rows) == (60 if result.warnings else 80), number
        if result.warnings:
            assert all(row in wanted for row in rows)


def test_a_text_index_that_is_damaged_or_gone_never_changes_an_answer(tmp_path: Path) -> None:
    path = lay_out(tmp_path / "data", "compacted", lines(DOCUMENTS))
    (index,) = path.rglob("*.grams")
    whole = index.read_bytes()
    for harm in (cut, emptied, zeroed, text_instead):
        index.write_bytes(harm(whole))
        assert ask(over(path), 'filter @message like "event 33" | fields i') == [{"i": 33}]


def test_a_segment_that_fails_after_the_first_rows_is_left_out_and_told(
    healthy: tuple[Path, list[Row]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "FIRST_WINDOW_ROWS", 10)
    path, files, _ = copy(healthy, tmp_path / "data")
    result = over(path).run("fields i", groups=["app"])
    rows = result.rows()
    newest = [next(rows) for _ in range(5)]
    files[0].write_bytes(cut(files[0].read_bytes()))
    numbers = [i for (i,) in [*newest, *rows]]
    assert len(numbers) == 60
    assert numbers == sorted(numbers, reverse=True)
    assert any("is damaged" in warning for warning in result.warnings)


def test_segments_that_are_merged_and_removed_during_a_query_lose_no_row(
    healthy: tuple[Path, list[Row]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "FIRST_WINDOW_ROWS", 10)
    path, files, _ = copy(healthy, tmp_path / "data")
    result = over(path).run("fields i", groups=["app"])
    rows = result.rows()
    first = next(rows)
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        storage.compact()
    for segment in files:
        segment.unlink(missing_ok=True)
    assert [i for (i,) in [first, *rows]] == list(range(79, -1, -1))
    assert result.warnings == []


def test_retention_during_a_query_gives_the_old_or_the_new_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "FIRST_WINDOW_ROWS", 10)
    path = tmp_path / "data"
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        storage.groups.create("app", retention_days=5)
        for start in range(0, 40, 10):
            append(storage, "app", [line({"i": start + n}, start + n) for n in range(10)])
            storage.seal()
    rows = over(path).run("fields i", groups=["app"]).rows()
    first = [next(rows) for _ in range(10)]
    much_later = NOW + 10 * 86_400_000
    with Storage.open(path, lambda: much_later, Settings(garbage_seconds=0)) as storage:
        storage.retention()
        assert storage.snapshot(["app"]).pieces == ()
    shown = [i for (i,) in [*first, *rows]]
    assert shown == list(range(39, 39 - len(shown), -1))


FAULTS = [
    duckdb.InvalidInputException("Invalid Input Error: of our own making"),
    duckdb.InternalException("INTERNAL Error: of our own making"),
    duckdb.FatalException("FATAL Error: of our own making"),
]


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_a_fault_of_our_own_sql_damages_nothing_and_is_told_as_ours(
    error: duckdb.Error,
    healthy: tuple[Path, list[Row]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, _, wanted = copy(healthy, tmp_path / "data")
    queries = over(path)

    def failing(session: Session, sql: str) -> None:
        with session.guarded():
            raise error

    with monkeypatch.context() as patch:
        patch.setattr(Session, "execute", failing)
        with pytest.raises(EngineFault, match="by a fault of LogQ") as caught:
            queries.run(QUERY, groups=["app"])
        with pytest.raises(EngineFault):
            queries.run("pivot i on any", groups=["app"])
        with pytest.raises(EngineFault):
            Reader(queries._store, Settings(), directory=str(path)).page(Wanted(("app",)))
    assert caught.value.hint is not None
    assert "report" in caught.value.hint
    result = queries.run(QUERY, groups=["app"])
    assert rows_of(result) == wanted
    assert result.warnings == []


def test_only_segments_that_are_not_as_written_are_set_aside_when_duckdb_answers_nothing_more(
    healthy: tuple[Path, list[Row]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, files, wanted = copy(healthy, tmp_path / "data")
    data = bytearray(files[2].read_bytes())
    data[len(data) // 3] ^= 1
    files[2].write_bytes(data)
    queries = over(path)
    sound, failures = Session.execute, iter([FAULTS[2]])

    def failing_once(session: Session, sql: str) -> duckdb.DuckDBPyConnection:
        with session.guarded():
            for error in failures:
                raise error
        return sound(session, sql)

    monkeypatch.setattr(Session, "execute", failing_once)
    monkeypatch.setattr(Session, "can_read", lambda session, path: False)
    result = queries.run(QUERY, groups=["app"])
    assert rows_of(result) == wanted[:40] + wanted[60:]
    assert sum("is damaged" in warning for warning in result.warnings) == 1


def test_an_error_that_names_a_file_has_only_this_one_looked_at() -> None:
    looked: list[str] = []

    def is_intact(segment_id: str) -> bool:
        looked.append(segment_id)
        return False

    pieces = [
        Piece("app", str(n), 1, 1, 0, 1, BatchInfo(), frozenset(), frozenset(), f"/x/{n}.parquet")
        for n in (1, 2)
    ]
    reads = planner.Plan(Needs(), tuple(map(Reading, pieces)), ())
    error = Damaged("No magic bytes found at end of file '/x/2.parquet'")
    assert damaged([reads], error, is_intact, lambda path: True) == pieces[1:]
    assert looked == ["2"]


def test_a_segment_that_a_pivot_meets_first_is_set_aside(
    healthy: tuple[Path, list[Row]], tmp_path: Path
) -> None:
    path, files, _ = copy(healthy, tmp_path / "data")
    files[0].write_bytes(cut(files[0].read_bytes()))
    result = over(path).run("filter i in [1, 21] | pivot i on any", groups=["app"])
    assert rows_of(result) == [{"i": 21, "21": 1}]
    assert any("is damaged" in warning for warning in result.warnings)


def test_a_segment_that_is_listed_no_more_is_not_damaged(
    healthy: tuple[Path, list[Row]], tmp_path: Path
) -> None:
    path, files, _ = copy(healthy, tmp_path / "data")
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        assert storage.is_intact("nobody")
        assert storage.is_intact(files[0].stem)
        files[0].unlink()
        assert not storage.is_intact(files[0].stem)
