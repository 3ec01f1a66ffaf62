"""Queries over the events that match a filter pattern, in every layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from logq.query.engine import Queries
from logq.query.filter_pattern import parse_pattern, required_texts
from logq.query.planner import needs_of
from logq.query.request import read
from logq.settings import Settings
from tests.query.layouts import NOW, engines, lines, rows_of

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


@pytest.mark.parametrize("pattern", ["?a ?b", "-a", '" "', "{ $.a = b }", "[a = b]"])
def test_a_pattern_without_certain_texts_requires_none(pattern: str) -> None:
    assert required_texts(parse_pattern(pattern)) == ()


def test_a_pattern_that_every_event_matches_leaves_no_trace(tmp_path: Path) -> None:
    request = read("limit 5", ["app"], None, None, None, NOW, Settings(), parse_pattern(""))

    assert needs_of(request.commands, None, None).texts == ()
