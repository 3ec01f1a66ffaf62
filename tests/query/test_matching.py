"""Queries over the events that match a filter pattern, in every layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from logq.query.engine import Queries
from logq.query.explain import explain
from logq.query.filter_pattern import parse_pattern, required_texts
from logq.query.needs import needs_of
from logq.query.request import read
from logq.settings import Settings
from tests.query.layouts import NOW, engines, lines, rows_of
from tests.query.pattern_reference import matches as matched

EVENTS = [
    *lines([{"n": n, "level": ["INFO", "ERROR", "WARN"][n % 3], "ms": n / 2} for n in range(40)]),
    "2026-01-05T10:01:00Z plain ERROR of text",
    '10.0.0.1 - frank [05/Jan/2026:10:02:00 +0000] "GET /a b HTTP/1.1" 404 12',
]


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> list[Queries]:
    return engines(tmp_path_factory.mktemp("matching"), EVENTS)


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("", 42),
        ("ERROR", 14),
        ("ERROR -text", 13),
        ("?WARN ?frank", 14),
        ('{ $.level = "ERROR" && $.ms > 10 }', 6),
        ("{ $.none NOT EXISTS }", 40),
        ("[..., status = 4*, bytes]", 1),
        ("%plain [A-Z]+%", 1),
    ],
)
def test_only_matching_events_reach_a_query(
    pattern: str, count: int, layouts: list[Queries]
) -> None:
    for queries in layouts:
        parsed = parse_pattern(pattern)

        (row,) = rows_of(queries.run("stats count(*) as n", groups=["app"], pattern=parsed))
        shown = rows_of(queries.run("fields n | limit 50", groups=["app"], pattern=parsed))

        assert row["n"] == count
        assert len(shown) == count


def test_names_of_the_condition_cannot_be_those_of_fields(layouts: list[Queries]) -> None:
    pattern = parse_pattern("{ $.n = 3 || $.n = 4 }")
    text = "fields n as pattern, n as pattern_json, n as value | sort n | display pattern, value"

    for queries in layouts:
        rows = rows_of(queries.run(text, groups=["app"], pattern=pattern))
        assert rows == [{"pattern": 3, "value": 3}, {"pattern": 4, "value": 4}]


def test_required_texts_reach_the_planner() -> None:
    pattern = parse_pattern('ERROR "disk full" -again %code [0-9]+ end%')
    request = read("limit 5", ["app"], None, None, None, NOW, Settings(), pattern)

    needs = needs_of(request.commands, None, None)

    assert required_texts(pattern) == ("ERROR", "disk full", "code ", " end")
    assert needs.texts == required_texts(pattern)


@pytest.mark.parametrize("pattern", ["?a ?b", "-a", '" "', "{ $.a = b }", "[a = 4]"])
def test_a_pattern_without_certain_texts_requires_none(pattern: str) -> None:
    assert required_texts(parse_pattern(pattern)) == ()


def test_a_pattern_that_every_event_matches_leaves_no_trace(tmp_path: Path) -> None:
    request = read("limit 5", ["app"], None, None, None, NOW, Settings(), parse_pattern(""))

    assert needs_of(request.commands, None, None).texts == ()


DOCUMENTS: list[dict[str, object]] = [
    {"n": 1, "s": "ERROR", "o": {"k": "x", "m": 2.5}, "f": 0.5, "b": True, "mix": 1},
    {"n": 404, "s": "404", "o": {"k": "y", "m": 3}, "f": 404.0, "b": False, "mix": "1"},
    {"n": 9007199254740993, "s": "1e3", "o": {"k": ""}, "f": 1e-7, "b": None, "mix": True},
    {"n": -5, "s": 'q"q', "o": {"k": "ERROR"}, "f": -0.0, "b": True, "l": [1, {"k": "x"}]},
    {"s": "*", "o": {"j": {"k": "x"}}, "a.b": 1, "late": "x", "mix": {"k": 1}},
    {"n": 2, "s": "true", "a": {"b": "x"}, "o": "x", "b": False, "l": "x"},
    {"n": 0, "s": "ä b", "o": {"k": "xx", "m": -1}, "f": 2, "b": True, "late": 7},
]
CONDITIONS = [
    *("$.n = 404", "$.n != 404", "$.n > 1", "$.n = 4*", "$.n = *", "$.n = 9007199254740993"),
    *("$.n NOT EXISTS", "$.n IS NULL", "$.s = ERROR", "$.s != ERROR", "$.s = 404", "$.s > 100"),
    *('$.s = "*q*"', '$.s = "q\\"q"', '$.s = "*"', "$.s = true", "$.s IS TRUE", "$.s = %^.{1,3}$%"),
    *("$.o.k = x", "$.o.k != x", "$.o.m >= 2.5", "$.o = x", "$.o = *", "$.o.j.k = x"),
    *("$.f = 0.5", "$.f < 1", "$.f = 404", "$.f = 40*", '$.f = "0"', "$.f != 404", "$.f = 2"),
    *("$.b IS TRUE", "$.b IS FALSE", "$.b = true", "$.b != true", "$.b = *", "$.b > 0"),
    *("$.mix = 1", "$.mix IS TRUE", "$.mix != 1", "$.mix.k = 1", "$.mix = *", "$.l[0] = 1"),
    *("$.l[*].k = x", "$.l = x", "$.l[0] NOT EXISTS", "$.a.b = 1", "$.a.b = x", "$.['a.b'] = 1"),
    *("$.late = x", "$.late > 5", "$.none = x", "$.none NOT EXISTS", "$.* = x", "$.s.k = x"),
    *("$.n > 1 && $.s != x || $.o.k = x", "$.s = ERROR && $.none NOT EXISTS", "$.f = *"),
]


def test_columns_of_stored_documents_answer_as_their_messages(tmp_path: Path) -> None:
    texts = lines(DOCUMENTS)
    found = engines(tmp_path, texts)
    for written in CONDITIONS:
        pattern = parse_pattern(f"{{ {written} }}")
        wanted = [text for text in texts if matched(pattern, text)]
        for queries in found:
            rows = rows_of(queries.run("display @message", groups=["app"], pattern=pattern))
            assert sorted(row["@message"] for row in rows) == sorted(wanted), written


def test_a_condition_on_a_column_does_not_read_the_message(tmp_path: Path) -> None:
    (queries,) = engines(tmp_path, lines([{"level": "ERROR", "ms": 7}] * 9), ["compacted"])
    pattern = parse_pattern('{ $.level = "ERROR" && $.ms > 5 }')
    request = read("stats count(*)", ["app"], None, None, None, NOW, Settings(), pattern)

    sql = explain(queries.prepare(request), None)

    assert "json" not in sql.split("-- reads")[0]
    (row,) = rows_of(queries.run("stats count(*) as n", groups=["app"], pattern=pattern))
    assert row["n"] == 9


def test_texts_of_columns_are_required() -> None:
    pattern = parse_pattern("[a = *disk*, b = 404, c = x* || c = y, d != z, e = %full [0-9]%, ...]")

    assert required_texts(pattern) == ("disk", "full ")
