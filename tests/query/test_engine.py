"""The engine around the SQL: windows, limits, times, groups, deadlines, memory, explanations."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from logq.errors import (
    LimitExceeded,
    QueryError,
    QuerySyntaxError,
    StorageError,
    TimedOut,
    UnknownLogGroup,
)
from logq.query import planner, running
from logq.query.engine import Queries
from logq.query.macros import used_by
from logq.settings import Settings
from logq.storage import Storage
from tests.query.layouts import (
    LAYOUTS,
    NOW,
    START,
    append,
    ask,
    engines,
    lay_out,
    line,
    over,
    rows_of,
)

DOCUMENTS = [{"i": n, "even": n % 2 == 0, "text": f"event {n}"} for n in range(60)]
# Several events share each time, so that the order of arrival has to decide.
LINES = [line(document, n // 3) for n, document in enumerate(DOCUMENTS)]


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> list[Queries]:
    return engines(tmp_path_factory.mktemp("layouts"), LINES)


@pytest.fixture(scope="module")
def journal(layouts: list[Queries]) -> Queries:
    return layouts[0]


def made(path: Path, settings: Settings | None = None) -> Storage:
    return Storage.open(path, lambda: NOW, settings or Settings())


# ---- the newest rows, window by window ----


@pytest.mark.parametrize(
    "query",
    [
        "fields i",
        "fields i | limit 7",
        "filter even = 1 | fields i | limit 11",
        "filter i < 4 | fields i",
        "fields i, @message | filter text like /event [1-3]$/ | limit 2",
        'parse text "event *" as n | filter n > 30 | display n | limit 100',
        "sort @timestamp desc | fields i | limit 13",
        "head 5 | fields i | limit 3",
        "filter i > 1000",
    ],
)
def test_windows_of_the_newest_rows_give_the_rows_of_one_query(
    query: str, layouts: list[Queries], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "FIRST_WINDOW_ROWS", 4)
    monkeypatch.setattr(planner, "LAST_WINDOW_ROWS", 9)
    found = [ask(queries, query) for queries in layouts]
    monkeypatch.setattr(running, "newest_windows", lambda readings: [])
    assert found == [ask(layouts[0], query)] * len(LAYOUTS)


def test_windows_leave_no_millisecond_out_and_read_none_twice(layouts: list[Queries]) -> None:
    for cuts in ([], [30], [30, 20, 10], [30, 30, 5], [100, 50]):
        windows = running._between(0, 60, cuts)
        covered = [n for a, b in windows for n in range(a or 0, (b or 0) + 1)]
        assert sorted(covered) == list(range(61)), cuts
        assert windows == sorted(windows, reverse=True)


def test_the_newest_rows_are_found_without_reading_the_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "FIRST_WINDOW_ROWS", 10)
    path = lay_out(tmp_path / "data", "segments", LINES, pieces=6)
    oldest = min(path.rglob("*.parquet"), key=lambda p: p.stat().st_mtime_ns)
    oldest.unlink()
    result = over(path).run("fields i | limit 5", groups=["app"])
    assert [i for (i,) in result.rows()] == [59, 58, 57, 56, 55]
    assert result.warnings == []


# ---- limits ----


@pytest.mark.parametrize(("rows", "cut"), [(59, True), (60, False), (61, False)])
@pytest.mark.parametrize("query", ["fields i", "sort i | fields i", "stats count(*) by i"])
def test_an_answer_that_nobody_limited_says_that_it_is_cut(
    query: str, rows: int, cut: bool, layouts: list[Queries], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "FIRST_WINDOW_ROWS", 5)
    for queries in layouts:
        limited = Queries(
            queries._store, Settings(query_limit=rows), lambda: NOW, directory=queries._directory
        )
        result = limited.run(query, groups=["app"])
        assert len(list(result.rows())) == min(rows, 60)
        assert result.warnings == (
            [f"only the first {rows} rows are shown; write 'limit N' or --limit N for more"]
            if cut
            else []
        )
        arrow = limited.run(query, groups=["app"])
        assert arrow.arrow().read_all().num_rows == min(rows, 60)
        assert arrow.warnings == result.warnings


def test_the_smaller_of_the_limits_wins_and_is_not_told(journal: Queries) -> None:
    for query, limit, rows in (
        ("fields i | limit 5", 3, 3),
        ("fields i | limit 3", 5, 3),
        ("fields i | limit 50 | limit 7", None, 7),
        ("fields i | limit 9223372036854775808", None, 60),
        ("fields i", 10**30, 60),
        ("tail 99999999999999999999 | fields i", None, 60),
    ):
        result = journal.run(query, groups=["app"], limit=limit)
        assert len(list(result.rows())) == rows, query
        assert result.warnings == []


# ---- times ----


def test_both_ends_of_the_time_range_are_inclusive(layouts: list[Queries]) -> None:
    for queries in layouts:
        rows = ask(queries, "fields i", start=START + 2000, end=START + 3000)
        assert [row["i"] for row in rows] == [11, 10, 9, 8, 7, 6]
        assert ask(queries, "fields i", start=START + 2001, end=START + 2999) == []
        assert ask(queries, "fields i", start=START + 3000, end=START + 2000) == []


def test_a_time_in_the_query_narrows_what_is_read(journal: Queries, layouts: list[Queries]) -> None:
    query = 'filter @timestamp >= "2026-01-05T10:00:19Z" | fields i'
    for queries in layouts:
        assert [row["i"] for row in ask(queries, query)] == [59, 58, 57]
    assert "outside the time range" in layouts[1].explain(query, groups=["app"])


def test_retention_hides_events_from_queries_at_once(tmp_path: Path) -> None:
    now = [NOW]
    storage = Storage.open(tmp_path, lambda: now[0], Settings())
    storage.groups.create("app", retention_days=5)
    append(storage, "app", LINES)
    append(storage, "app", [line({"i": 100}, 86_400)])
    queries = Queries(storage, Settings(), lambda: now[0], directory=str(tmp_path))
    for sealed in (False, True):
        if sealed:
            now[0] = NOW
            storage.seal()
            storage.compact()
        assert ask(queries, "stats count(*) as n") == [{"n": 61}]
        now[0] = START + 5 * 86_400_000 + 10_000
        assert ask(queries, "fields i | filter i < 33") == [{"i": n} for n in range(32, 29, -1)]
        now[0] = START + 5 * 86_400_000 + 86_399_000
        assert ask(queries, "fields i") == [{"i": 100}]
        now[0] += 2_000
        assert ask(queries, "stats count(*) as n") == [{"n": 0}]


# ---- what is read ----


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queries]:
    path = tmp_path_factory.mktemp("several")
    with made(path) as storage:
        for name in ("web/a", "web/b", "db", "empty"):
            storage.groups.create(name)
        append(storage, "web/a", [line({"from": "a", "n": 1}, 1)], stream="one")
        storage.seal()
        append(storage, "web/a", [line({"from": "a", "n": 2}, 4)], stream="two")
        append(storage, "web/b", [line({"from": "b", "n": "3"}, 3)])
        append(storage, "db", ["no time in this line", line({"from": "db"}, 2)])
        yield Queries(storage, Settings(), lambda: NOW, directory=str(path))


def names(queries: Queries, text: str, *groups: str) -> list[tuple[object, ...]]:
    return list(queries.run(text, groups=groups).rows())


def test_several_groups_and_globs_are_read_together_newest_first(several: Queries) -> None:
    query = "filter ispresent(from) | fields from, @log"
    everything = [("a", "web/a"), ("b", "web/b"), ("db", "db"), ("a", "web/a")]
    assert names(several, query, "*") == everything
    assert names(several, query, "web/*", "db", "web/a") == everything
    assert names(several, query, "web/b") == [("b", "web/b")]
    assert names(several, query, "empty") == []
    assert names(several, query, "nothing*") == []


def test_source_names_the_group_in_the_query(several: Queries) -> None:
    assert names(several, 'SOURCE "web/b" | fields from') == [("b",)]
    assert names(several, 'SOURCE "web/a" | SOURCE "db" | filter n > 1 | fields n') == [(2,)]
    assert names(several, 'SOURCE "*" START=-10m | stats count(*)') == [(1,)]
    with pytest.raises(QueryError, match="named twice") as caught:
        several.run('SOURCE "db"', groups=["db"])
    assert caught.value.span is not None
    with pytest.raises(QuerySyntaxError, match="no log group"):
        several.run("fields x")
    with pytest.raises(UnknownLogGroup, match="wbe/a"):
        several.run('SOURCE "wbe/a"')


def test_a_stream_is_chosen_by_its_name(several: Queries) -> None:
    assert names(several, 'filter @logStream = "two" | fields n', "web/a") == [(2,)]
    assert names(several, 'filter @logStream in ["one", "x"] | fields n', "web/a") == [(1,)]
    assert names(several, 'filter @logStream like "tw" | fields n', "web/a") == [(2,)]
    assert names(several, "stats count(*) by @logStream", "web/a") == [("one", 1), ("two", 1)]


def test_a_field_keeps_its_rules_over_groups_that_hold_it_differently(several: Queries) -> None:
    assert names(several, "filter n >= 2 | fields n", "*") == [("2",), ('"3"',)]
    assert names(several, "stats sum(n)", "*") == [(6,)]


def test_an_event_without_a_time_says_where_its_time_is_from(several: Queries) -> None:
    (arrived,) = names(several, "filter ispresent(@timeSource) | fields @timeSource, @message", "*")
    assert arrived == ("arrival", "no time in this line")
    assert names(several, "filter @timeSource = 'x' | fields n", "web/*") == []


def test_labels_are_fields_below_at_labels(tmp_path: Path) -> None:
    import json

    import pyarrow as pa

    from logq.ingest.parser import Parser

    labels = {"env": "prod", "host.name": "h1", "zone/a~b": "z"}
    with made(tmp_path) as storage:
        storage.groups.create("app")
        append(storage, "app", [line({"n": 0})])
        parsed = (
            Parser().parse([line({"n": 1}).encode()], stream="s", arrival=NOW, reference=NOW).batch
        )
        column = pa.array([json.dumps(labels)], pa.string())
        storage.events.append("app", parsed.append_column("@labels", column))
        for sealed in (False, True):
            if sealed:
                storage.seal()
            queries = Queries(storage, Settings(), lambda: NOW, directory=str(tmp_path))
            found = ask(queries, 'filter @labels.env = "prod" | fields n, @labels.host.name as h')
            assert found == [{"n": 1, "h": "h1"}]
            assert ask(queries, "filter @labels.`zone/a~b` = 'z' | fields n") == [{"n": 1}]
            assert ask(queries, "filter not ispresent(@labels.env) | fields n") == [{"n": 0}]
            assert ask(queries, "stats count(*) as c by @labels.env | filter c = 1") == [
                {"@labels.env": "prod", "c": 1},
                {"c": 1},
            ]


def test_the_order_of_arrival_cannot_be_named(journal: Queries) -> None:
    result = journal.run("fields @seq | limit 1", groups=["app"])
    assert rows_of(result) == [{}]
    assert "no event has a field '@seq'" in result.warnings[0]


# ---- deadlines, memory, interruption ----

SLOW = "stats count(*) by concat(@message, i, text), " + ", ".join(
    f"substr(replace(@message, 'e', concat(text, {n})), {n})" for n in range(12)
)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many")
    with made(path) as storage:
        storage.groups.create("app")
        append(storage, "app", [line({"i": n, "text": "x" * 40}, n // 100) for n in range(30_000)])
        storage.seal()
    return path


def test_a_time_out_names_its_setting_and_leaves_nothing_running(many: Path) -> None:
    queries = over(many, Settings(query_seconds=0))
    with pytest.raises(TimedOut) as caught:
        ask(queries, SLOW)
    assert "query_seconds" in (caught.value.hint or "")
    for thread in threading.enumerate():
        if thread.name == "query deadline":
            thread.join(60)
            assert not thread.is_alive()


def test_the_deadline_also_counts_between_two_reads(many: Path) -> None:
    queries = over(many)
    run = running.Run(queries, queries._request("fields i", ["app"], None, None, 20_000))
    run.open()
    rows = run.rows()
    assert len(next(rows)) == running.BATCH_ROWS
    run._session.expire()
    with pytest.raises(TimedOut):
        list(rows)
    run = running.Run(queries, queries._request("fields i", ["app"], None, None, 20_000))
    run.open()
    batches = run.arrow(["i"])
    batches.read_next_batch()
    run._session.expire()
    with pytest.raises(TimedOut):
        batches.read_all()


def test_too_much_memory_is_told_with_its_setting(many: Path) -> None:
    queries = over(many, Settings(query_memory="4MB", query_threads=1))
    with pytest.raises(LimitExceeded) as caught:
        ask(queries, SLOW)
    assert "4MB" in caught.value.message
    assert "query_memory" in (caught.value.hint or "")
    assert ask(over(many), "stats count(*) as n") == [{"n": 30_000}]


def test_an_interrupted_query_leaves_nothing_running(many: Path) -> None:
    queries = over(many)
    before = set(threading.enumerate())
    rows = queries.run("fields i", groups=["app"]).rows()
    next(rows)
    rows.close()  # type: ignore[attr-defined]  # a generator, as Ctrl-C in a loop over it ends it
    never_read = queries.run("sort i", groups=["app"])
    del never_read
    gc.collect()
    batches = queries.run("fields i", groups=["app"]).arrow()
    batches.read_next_batch()
    del batches
    gc.collect()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=60)
    assert set(threading.enumerate()) <= before


def test_a_query_that_fails_ends_without_a_word_from_the_libraries(many: Path) -> None:
    program = f"""
import sys
from tests.query.layouts import over
from logq.settings import Settings
from pathlib import Path
queries = over(Path({str(many)!r}), Settings(query_memory="4MB", query_threads=1))
kept = queries.run("fields i", groups=["app"])
try:
    list(queries.run({SLOW!r}, groups=["app"]).rows())
except Exception as error:
    print(type(error).__name__)
    raise SystemExit(3)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "LimitExceeded\n", "")


# ---- Arrow and big answers ----


@pytest.mark.parametrize(
    "query",
    [
        "fields i, I, text, even, @timestamp, absent, @message as `two words`",
        "stats count(*), sum(i) as s, avg(i), max(text), latest(even) by even, bin(5s)",
        "sort i desc | fields i * 3, -i, i / 2, concat(i) | limit 9",
        "filter i > 1000 | fields i",
    ],
)
def test_arrow_batches_hold_the_rows_of_the_answer(
    query: str, layouts: list[Queries], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "FIRST_WINDOW_ROWS", 7)
    monkeypatch.setattr(running, "BATCH_ROWS", 4)
    schema = layouts[0].run(query, groups=["app"]).arrow().schema
    for queries in layouts:
        result = queries.run(query, groups=["app"])
        table = queries.run(query, groups=["app"]).arrow().read_all()
        assert table.column_names == [column.name for column in result.columns]
        assert table.schema == schema
        times = [n for n, c in enumerate(result.columns) if c.type == "timestamp"]
        rows: list[tuple[object, ...]] = []
        for row in zip(*(c.to_pylist() for c in table.columns), strict=True):
            values = list(row)
            for n in times:
                values[n] = table.column(n).cast("int64")[len(rows)].as_py()
            rows.append(tuple(values))
        assert rows == list(result.rows())


def test_a_million_rows_stream_in_flat_memory(tmp_path: Path) -> None:
    program = f"""
import itertools, os
from pathlib import Path
from logq.ingest.parser import Parser
from logq.settings import Settings
from logq.storage import Storage
from tests.query.layouts import NOW, START, over

path = Path({str(tmp_path)!r})
pid = os.fork()  # what storing needs must not count
if pid == 0:
    with Storage.open(path, lambda: NOW, Settings()) as storage:
        storage.groups.create("app")
        for part in range(4):
            texts = [b'{{"timestamp":%d,"n":%d,"text":"%s"}}' % (START + n, n, b"x" * 60)
                     for n in range(part * 250_000, (part + 1) * 250_000)]
            parsed = Parser().parse(texts, stream="s", arrival=NOW, reference=NOW)
            storage.events.append("app", parsed.batch)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

queries = over(path, Settings(query_memory="400MB", query_threads=1))
rows = queries.run("fields @timestamp, @message, n", groups=["app"], limit=2_000_000).rows()
first = sum(1 for _ in itertools.islice(rows, 300_000))
early = resident()
rest = sum(1 for _ in rows)
print(first + rest, (resident() - early) >> 20)
batches = queries.run("fields @timestamp, @message, n", groups=["app"], limit=2_000_000).arrow()
print(sum(batch.num_rows for batch in batches), (resident() - early) >> 20)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    (rows, grown), (batched, grown_more) = (map(int, x.split()) for x in done.stdout.splitlines())
    assert rows == batched == 1_000_000
    assert grown < 150
    assert grown_more < 250


# ---- explanations ----


def test_the_sql_of_an_explanation_is_sql_that_duckdb_takes(
    layouts: list[Queries],
) -> None:
    query = (
        "filter text like /event \\d/ and i / 3 > 1 | parse text '* *' as word, n "
        "| stats max(n) as most, isValidIp(latest(word)) by bin(10s), even | sort most desc"
    )
    for queries in layouts[1:3]:
        text = queries.explain(query, groups=["app"])
        sql, _, _ = text.partition(";")
        with duckdb.connect() as connection:
            for macro in used_by(sql):
                connection.execute(macro)
                assert macro in text
            assert len(connection.execute(sql).fetchall()) == len(ask(queries, query))


def test_an_explanation_names_what_is_read_and_why_the_rest_is_not(tmp_path: Path) -> None:
    path = lay_out(tmp_path, "segments", LINES)
    queries = over(path)
    store = queries._store

    class Named:
        def snapshot(self, groups: object) -> object:
            snapshot = store.snapshot(["app"])
            pieces = tuple(
                replace(p, name=f"segment{n}", path=f"segment{n}.parquet", bytes=4096)
                for n, p in enumerate(snapshot.pieces)
            )
            return replace(snapshot, pieces=pieces)

    queries._store = Named()  # type: ignore[assignment]
    text = queries.explain(
        "filter even = 1 | stats sum(i) as n by bin(10s)", groups=["app"], start=START + 12_000
    )
    assert text == EXPLANATION


EXPLANATION = """\
WITH "events" AS (
  SELECT
    "@timestamp" AS "@timestamp",
    "@seq" AS "@seq",
    "even" AS "even",
    "i" AS "i"
  FROM read_parquet('segment2.parquet')
  WHERE
    (
      "@timestamp" >= make_timestamp_ms(1767607212000)
    )
  UNION ALL
  SELECT
    "@timestamp" AS "@timestamp",
    "@seq" AS "@seq",
    "even" AS "even",
    "i" AS "i"
  FROM read_parquet('segment3.parquet')
), "filter_1" AS (
  SELECT
    *
  FROM "events"
  WHERE
    CAST("even" AS INT) = 1
), "stats_2" AS (
  SELECT
    time_bucket(INTERVAL '10' SECOND, "@timestamp", make_timestamp_ms(0)) AS "bin(10s)",
    sum("i") AS "n"
  FROM "filter_1"
  GROUP BY
    time_bucket(INTERVAL '10' SECOND, "@timestamp", make_timestamp_ms(0))
)
SELECT
  "bin(10s)",
  "n"
FROM "stats_2"
ORDER BY
  "bin(10s)" ASC
LIMIT 10001;

-- reads 2 segments with 30 events
--   app segment2: 2026-01-05 10:00:10.000 to 2026-01-05 10:00:14.000, all of 1 row group, 4.1 kB
--   app segment3: 2026-01-05 10:00:15.000 to 2026-01-05 10:00:19.000, all of 1 row group, 4.1 kB

-- leaves out
--   2 segments: outside the time range
--     app segment0: 2026-01-05 10:00:00.000 to 2026-01-05 10:00:04.000: outside the time range
--     app segment1: 2026-01-05 10:00:05.000 to 2026-01-05 10:00:09.000: outside the time range
"""


def test_what_explain_analyze_says_holds_the_rows(journal: Queries) -> None:
    assert "ARROW_SCAN" in journal.explain("stats count(*)", groups=["app"], analyze=True)


def test_an_error_of_storage_stays_an_error_of_storage(journal: Queries) -> None:
    class Broken:
        def snapshot(self, groups: object) -> object:
            raise StorageError("the disk is gone")

    with pytest.raises(StorageError, match="the disk is gone"):
        Queries(Broken(), Settings(), lambda: NOW).run("fields x", groups=["app"])  # type: ignore[arg-type]
