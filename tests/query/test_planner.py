"""The planner: what filters ask for, what is left out, and that leaving out never changes rows."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logq.model import BatchInfo, Doc, Field, Kind, Piece, RowGroup, Snapshot, fields_by_path
from logq.query import needs as needs_module
from logq.query import planner
from logq.query.engine import Queries
from logq.query.needs import Needs, needs_of
from logq.query.planner import newest_rows, newest_windows, plan
from logq.query.source import Reading
from logq.query.transform import parse
from tests.query.layouts import ask, engines, line

FIELDS = fields_by_path([Field("level", Kind.TEXT, "level", 10), Field("http", Kind.DOC, None, 5)])


def piece(name: str, start: int, end: int, **changes: object) -> Piece:
    values: dict[str, object] = {
        "info": BatchInfo(Doc.MESSAGE, FIELDS),
        "columns": frozenset({"@timestamp", "@message"}),
        "streams": frozenset({"s"}),
        "path": f"{name}.parquet",
        "row_groups": (RowGroup(10, start, end),),
    }
    return Piece("app", name, 10, 1000, start, end, **{**values, **changes})  # type: ignore[arg-type]


def needs(text: str) -> Needs:
    return needs_of(parse(text), None, None)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("filter level = 'x'", Needs(fields=frozenset({"level"}))),
        (
            "filter 'x' = level and 5 < http.status",
            Needs(fields=frozenset({"level", "http.status"})),
        ),
        ("filter level != 'x' or a = 1", Needs()),
        ("filter not level = 'x'", Needs()),
        ("filter level not in ['x'] and a not like 'y'", Needs()),
        ("filter isPresent(a) | filter b in [1, 2]", Needs(fields=frozenset({"a", "b"}))),
        ("filter isempty(a)", Needs()),
        ("fields 1 as a | filter a = 1 and a.b = 2 and c = 3", Needs(fields=frozenset({"c"}))),
        ("parse @message /(?<a>x)/ | filter a = 1", Needs()),
        ("parse @message '*' as a | filter a = 1", Needs()),
        ("limit 5 | filter a = 1", Needs()),
        ("stats count(*) by a | filter a = 1", Needs(fields=frozenset({"a"}))),
        ("stats count(*) as n by a as k | filter k = 1", Needs(fields=frozenset({"a"}))),
        ("stats max(b) as k by a as k | filter k = 1", Needs()),
        ("stats count(*) as n by a | filter n = 1", Needs()),
        ("stats count(*) as n by a compare 1d | filter a = 1", Needs()),
        ("stats count(*) by bin(1m) as @timestamp | filter @timestamp > '2020-01-01'", Needs()),
        ("dedup b | filter a = 1", Needs()),
        ("dedup b, a | filter a = 1", Needs(fields=frozenset({"a"}))),
        ("eventstats count(*) as n by a | filter a = 1 and b = 2", Needs(fields=frozenset({"a"}))),
        ("eventstats count(*) as n | filter a = 1 and n = 2", Needs()),
        ("eventstats count(*) as a by a | filter a = 1", Needs()),
        (
            "window rank() as place by a order b | filter a = 1 and b = 2 and place = 1",
            Needs(fields=frozenset({"a"})),
        ),
        ("sessionize a, b as s | filter a = 1 and c = 2 and s = 3", Needs(fields=frozenset({"a"}))),
        ("unnest l into a | filter a = 1 and b = 2", Needs(fields=frozenset({"b"}))),
        ("expand l | filter l = 1 and l.x = 2 and b = 3", Needs(fields=frozenset({"b"}))),
        ("json 'x' as a | filter a = 1 and b = 2", Needs(fields=frozenset({"b"}))),
        ("lookup t k as b OUTPUT a | filter a = 1 and b = 2", Needs(fields=frozenset({"b"}))),
        ("rename a as b, b as c | filter c = 1 and a = 2", Needs(fields=frozenset({"a"}))),
        ("rename a as b | filter a = 1", Needs()),
        ("drop a, b* | filter a = 1 and bb = 2 and c = 3", Needs(fields=frozenset({"c"}))),
        ("fields a as b, b as c | filter c = 1", Needs(fields=frozenset({"a"}))),
        ("fields @message as m | filter m like 'abc'", Needs(texts=("abc",))),
        ("sample 1% | filter a = 1", Needs(fields=frozenset({"a"}))),
        ("union (stats count(*)) | filter a = 1", Needs(fields=frozenset({"a"}))),
        (
            "join left=l right=r where l.k = r.k (filter b = 1) | filter l.a = 1 and r.c = 2",
            Needs(fields=frozenset({"a"})),
        ),
        ("context 5 | filter a = 1", Needs()),
        ("top 3 a | filter a = 1", Needs()),
        ("pivot a on b | filter a = 1", Needs()),
        ("accum n | filter a = 1", Needs()),
        ("dedup a | limit 5 | filter a = 1", Needs()),
        ("sort b | filter a = 1", Needs(fields=frozenset({"a"}))),
        ("filter @logStream = 's'", Needs(streams=frozenset({"s"}))),
        ("filter @logStream in ['s', 't'] and @logStream = 't'", Needs(streams=frozenset({"t"}))),
        ("filter @logStream = 's' and @logStream = 't'", Needs(streams=frozenset())),
        ("filter @logStream = 5 or @logStream = 's'", Needs()),
        ("filter @logStream like 's' and @logStream != 't'", Needs()),
        (
            r"filter @message like 'abc' and @message like /start \d+ (end|stop)x/",
            Needs(texts=("abc", "start ", " ", "x")),
        ),
        ("filter @message not like 'abc' or @message like 'd'", Needs()),
        ("filter @message like /(?i)abc/", Needs()),
        ("search 'abc'", Needs(texts=("abc",))),
        ("'abc' | fields x", Needs(texts=("abc",))),
        ("fields 'x' as @message | filter @message like 'abc'", Needs()),
        ("filter @log = 'x' and @ingestionTime > 5", Needs()),
        ("filter @@level = 1", Needs(fields=frozenset({"@@level"}))),
        ("filter @timestamp >= '1970-01-01T00:00:05Z'", Needs(start=5000)),
        ("filter '1970-01-01T00:00:05Z' > @timestamp", Needs(end=5000)),
        ("filter @timestamp = '1970-01-01T00:00:05Z'", Needs(start=5000, end=5000)),
        ("filter @timestamp > 'yesterday' and @timestamp < 5", Needs()),
    ],
)
def test_a_filter_asks_for_what_it_cannot_do_without(query: str, wanted: Needs) -> None:
    assert needs(query) == wanted


def test_the_time_range_of_the_query_and_of_its_filters_are_both_kept() -> None:
    found = needs_of(parse("filter @timestamp >= '1970-01-01T00:00:05Z'"), 3000, 9000)
    assert found.window == (5000, 9000)
    assert needs_of(parse("fields x"), 3000, 9000).window == (3000, 9000)


def reasons(snapshot: Snapshot, wanted: Needs) -> dict[str, str]:
    return {skip.piece.name: skip.reason for skip in plan(snapshot, wanted, None).skips}


def test_segments_that_cannot_hold_a_row_of_the_answer_are_left_out() -> None:
    old, new = piece("old", 0, 99), piece("new", 100, 200, streams=frozenset({"t"}))
    text = piece("text", 50, 150, info=BatchInfo(Doc.NONE, {}))
    snapshot = Snapshot((old, new, text), {"app": 100})
    assert reasons(snapshot, Needs()) == {"old": "expired"}
    snapshot = Snapshot((old, new, text), {})
    assert reasons(snapshot, Needs()) == {}
    assert reasons(snapshot, Needs(start=100)) == {"old": "outside the time range"}
    assert reasons(snapshot, Needs(end=99)) == {"new": "outside the time range"}
    assert reasons(snapshot, Needs(streams=frozenset({"t"}))) == {
        "old": "other log streams",
        "text": "other log streams",
    }
    assert reasons(snapshot, Needs(fields=frozenset({"level"}))) == {
        "text": "no event has the field 'level'"
    }
    assert reasons(snapshot, Needs(fields=frozenset({"http.status"}))) == {
        "text": "no event has the field 'http.status'"
    }
    assert set(reasons(snapshot, Needs(fields=frozenset({"nope"})))) == {"old", "new", "text"}


def test_row_groups_are_left_out_by_time_and_by_text() -> None:
    groups = tuple(RowGroup(10, n * 100, n * 100 + 99) for n in range(5))
    whole = piece("a", 0, 499, row_groups=groups, grams="a.grams")
    snapshot = Snapshot((whole,), {})

    def index(path: str, group: int, literal: bytes) -> bool:
        assert (path, literal) == ("a.grams", b"word")
        return group in (0, 3, 4)

    chosen = plan(snapshot, Needs(texts=("word",)), index)
    assert chosen.readings == (Reading(whole, ((0, 9), (30, 49))),)
    assert chosen.rows == 30
    chosen = plan(snapshot, Needs(150, 399, texts=("word",)), index)
    assert chosen.readings == (Reading(whole, ((30, 39),)),)
    assert {(s.reason, s.row_groups) for s in chosen.skips} == {
        ("outside the time range", 2),
        ("text index: cannot contain the text", 2),
    }
    assert plan(snapshot, Needs(150, 399), None).readings[0].ranges == ((10, 39),)
    assert plan(snapshot, Needs(texts=("word",)), lambda *_: False).readings == ()


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("fields x", 0),
        ("fields x | limit 7 | limit 9 | head 8", 7),
        ("filter a = 1 | parse @message '*' as x | sort @timestamp desc | limit 5", 5),
        ("limit 5 | filter a = 1", None),
        ("sort @timestamp | limit 5", None),
        ("sort a desc", None),
        ("stats count(*)", None),
        ("tail 5", None),
        ("dedup a", None),
        ("fields a as @timestamp | limit 5", None),
        ("parse @message /(?<x>a)/ | limit 5", 5),
        ("parse @message '*' as @timestamp | limit 5", None),
    ],
)
def test_only_queries_about_the_newest_events_run_backwards(query: str, rows: int | None) -> None:
    assert newest_rows(parse(query)) == rows


def test_windows_grow_and_follow_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "FIRST_WINDOW_ROWS", 10)
    monkeypatch.setattr(planner, "LAST_WINDOW_ROWS", 20)
    groups = tuple(RowGroup(10, n * 100, n * 100 + 99) for n in range(10))
    cuts = newest_windows([Reading(piece("a", 0, 999, row_groups=groups))])
    assert cuts == [900, 700, 500, 300, 100]
    overlapping = [Reading(piece(str(n), 0, 999)) for n in range(5)]
    assert newest_windows(overlapping) == [0]


# ---- property: leaving out never changes rows ----

WORDS = ["alpha", "beta", "gamma", "Ärger", "a.b", "x"]
condition = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(["n", "m", "absent", "w"]),
              st.sampled_from(["=", "!=", "<", ">="]),
              st.sampled_from(["3", "'3'", "'alpha'", "7"])),
    st.builds("@logStream {} '{}'".format, st.sampled_from(["=", "!=", "like"]),
              st.sampled_from(["s0", "s1", "s2", "s"])),
    st.builds("@message {} '{}'".format, st.sampled_from(["like", "not like"]),
              st.sampled_from([*WORDS, '"n": 3', "nothing"])),
    st.builds("@message {} /{}/".format, st.sampled_from(["like", "=~"]),
              st.sampled_from(["alph.", "(?i)ALPHA", "bet|gam", "(alpha)?3", "ga(mm)+a", "^x"])),
    st.builds("@timestamp {} '2026-01-05T10:00:{:02}Z'".format,
              st.sampled_from(["=", "<", ">", "<=", "!="]), st.integers(0, 40)),
    st.builds("w {} ['{}', '{}', 3]".format, st.sampled_from(["in", "not in"]),
              st.sampled_from(WORDS), st.sampled_from(WORDS)),
    st.builds("ispresent({})".format, st.sampled_from(["n", "m", "w", "absent", "o.p"])),
)  # fmt: skip
conditions = st.recursive(
    condition,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Queries]:
    texts = []
    for n in range(40):
        document: dict[str, object] = {"n": n % 8, "w": WORDS[n % 6]}
        if n > 20:
            document["m"] = str(n % 5)
        if n % 7 == 0:
            document["o"] = {"p": [n]}
        texts.append(line(document, n))
    return engines(tmp_path_factory.mktemp("pruning"), texts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    filters=st.lists(conditions, min_size=1, max_size=3),
    rest=st.sampled_from(
        [
            "fields n, w",
            "fields n, w | limit 4",
            "stats count(*) as c, max(n) by w",
            "sort n, w | limit 5",
        ]
    ),
    between=st.sampled_from(
        [
            "",
            "eventstats count(*) as c by w",
            "eventstats max(n) as c by m, w",
            "dedup n, w",
            "dedup m",
            "sessionize m maxspan 3s",
            "window row_number() as c by w",
            "union (fields n, w, m | limit 3)",
            "join type=left left=a right=b where a.n = b.n (filter m = '3' | fields n, m)",
            "join type=anti right=b where w = b.w (filter n = 3)",
            "unnest o.p into e",
            "rename m as k, n as m | rename m as n, k as m",
            "context 2",
            "sample 50%",
            "stats count(*) as c, max(@timestamp) as @timestamp, "
            "max(@message) as @message by n, w, m",
        ]
    ),
)
def test_leaving_out_never_changes_the_rows(
    corpus: list[Queries], filters: list[str], rest: str, between: str
) -> None:
    closed = between.startswith(("stats", "union"))
    chosen = [f for f in filters if not closed or not re.search("absent|o[.]p|@logStream", f)]
    parts = [between, *(f"filter {c}" for c in chosen), rest]
    query = " | ".join(part for part in parts if part)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(needs_module, "_narrow", lambda needs, part, passed: needs)
        wanted = ask(corpus[0], query)
    for queries in corpus:
        assert ask(queries, query) == wanted, query


def test_the_events_of_the_property_are_left_out_at_all(corpus: list[Queries]) -> None:
    text = corpus[1].explain("filter m = 3 and @message like 'gamma'", groups=["app"])
    assert "no event has the field 'm'" in text
    text = corpus[2].explain("filter @message like 'never seen'", groups=["app"])
    assert "text index: cannot contain the text" in text


@pytest.mark.parametrize(
    "between",
    ["eventstats count(*) as c by m", "dedup m", "stats count(*) by m", "rename m as k, k as m"],
)
def test_a_filter_behind_a_command_that_lets_it_through_leaves_segments_out(
    corpus: list[Queries], between: str
) -> None:
    text = corpus[1].explain(f"{between} | filter m = '3'", groups=["app"])

    assert "no event has the field 'm'" in text


def test_only_the_columns_that_are_used_behind_a_command_are_read(corpus: list[Queries]) -> None:
    text = corpus[1].explain("eventstats max(n) as c by m | display c", groups=["app"])

    assert '"@message"' not in text
    assert '"w"' not in text
