"""Completion of queries: what may stand at a cursor."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Token
from lark.exceptions import UnexpectedInput

from logq.errors import QueryError
from logq.query.command import commands
from logq.query.compiler import compile_query
from logq.query.completion import (
    Completions,
    Kind,
    Known,
    KnownField,
    KnownValue,
    complete,
)
from logq.query.environment import Moment
from logq.query.grammar import parser
from logq.query.inputs import over_nothing
from logq.query.literals import field_path
from logq.query.transform import parse

CASES = Path(__file__).parents[1] / "cases"
EXAMPLES = tuple(
    case["query"] for case in tomllib.loads((CASES / "examples.toml").read_text("utf-8"))["case"]
)
FREE = frozenset(
    {"STRING", "REGEX", "INT", "DECIMAL", "DURATION", "TIME", "BAREWORD", "SEGMENT", "WILDCARD"}
)
"""Terminals whose text only the author can know."""


def values(field: str, begun: str) -> Sequence[KnownValue]:
    held: dict[str, list[KnownValue]] = {
        "level": [KnownValue("ERROR", 1_200), KnownValue('a "quoted" one', 3)],
        "http.status": [KnownValue(500, 9), KnownValue(404, 4)],
        "ok": [KnownValue(True, 2)],
    }
    return held.get(field, [])


KNOWN = Known(
    [
        KnownField("http.status", ("int",), 80.0),
        KnownField("level", ("text",), 97.5),
        KnownField("detail-type", ("text",), 1.0),
        KnownField("ok", ("bool",), 2.0),
    ],
    ["/app/api", "/app/web"],
    values,
)


def at_end(text: str, known: Known = KNOWN) -> Completions:
    return complete(text, len(text), known)


def inserts(text: str, kind: Kind | None = None) -> list[str]:
    return [c.insert for c in at_end(text).items if kind is None or c.kind is kind]


def runnable() -> Iterator[str]:
    for text in EXAMPLES:
        try:
            inputs = over_nothing(Moment(0))
            compile_query(parse(text), inputs.own, Moment(0), inputs, None, 1)
        except QueryError:
            continue  # of a later version
        yield text


def tokens(text: str) -> list[Token]:
    return list(parser().parse_interactive(text).iter_parse())


@pytest.mark.parametrize("text", list(runnable()))
def test_after_each_beginning_of_an_example_the_next_word_is_offered(text: str) -> None:
    read = tokens(text)
    names = {".".join(field_path(t)[0]) for t in read if t.type == "FIELD"}
    known = Known([KnownField(name) for name in sorted(names)])
    for number, token in enumerate(read):
        named = number and read[number - 1].type in ("_AS", "FUNCTION")  # its "(" came along
        if token.type in FREE or named or (read[0].type == "_PARSE" and token.type == "FIELD"):
            continue
        before = text[: token.start_pos] + (" " if token.type not in ("FIELD", "FUNCTION") else "")
        found = complete(before, len(before), known, most=1_000).items
        wanted = ".".join(field_path(token)[0]) if token.type == "FIELD" else str(token)
        closed = any(t.type == "_STATS" for t in read[:number])
        if token.type == "FIELD" and (closed or any(t.type == "_PARSE" for t in read[:number])):
            continue  # aliases have tests of their own
        labels = {c.label.casefold().replace("_", "") for c in found}
        wanted = "=" if wanted == "==" else wanted
        assert wanted.casefold().replace("_", "") in labels, (before, wanted)


@pytest.mark.parametrize("text", list(runnable()))
def test_a_completion_of_an_example_at_any_place_comes_quickly_and_lies_in_the_text(
    text: str,
) -> None:
    fields = [KnownField(f"field{n}.name", ("text",), n / 10) for n in range(1_000)]
    for cursor in range(0, len(text) + 1, 7):
        begun = time.process_time()
        found = complete(text, cursor, Known(fields))
        assert time.process_time() - begun < 5  # 10 ms where the machine is free
        assert 0 <= found.start <= cursor <= found.end <= len(text)


@given(st.text(max_size=60) | st.text(alphabet="|`\"'/ =()[]#ab.,@\n", max_size=40), st.integers())
def test_no_text_makes_completion_fail(text: str, cursor: int) -> None:
    found = complete(text, cursor, KNOWN)

    assert 0 <= found.start <= found.end <= len(text)


def test_a_query_begins_with_a_command_that_can_run() -> None:
    offered = {c.label.lower() for c in at_end("").items if c.kind is Kind.COMMAND}

    assert offered == {*commands(), "where", "order"} - {"saved"}  # that one is written $Name()


def test_an_inserted_command_is_followed_by_a_blank_and_explained() -> None:
    found = at_end("filt").items[0]

    assert (found.label, found.insert) == ("filter", "filter ")
    assert found.detail.startswith("filter")
    assert found.help.endswith(".")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("filter ", "level"),
        ("stats ", "avg("),
        ("stats count(*) by ", "bin("),
        ("stats count(*) by bin(", "1m"),
        ("stats count(*) by datefloor(@timestamp, ", "1m"),
        ("stats count(*) ", "as "),
        ("sort level ", "asc "),
        ("filter level = ", '"ERROR"'),
        ("filter http.status >= ", "500"),
        ("filter ok = ", "true"),
        ('filter level in ["WARN", ', '"ERROR"'),
        ("filter level not in [", '"ERROR"'),
        ('filter http.status = 1 and level = "', '"ERROR"'),
        ("SOURCE ", '"/app/api"'),
        ('SOURCE "/app/w', '"/app/web"'),
        ("limit ", "any "),
    ],
)  # fmt: skip
def test_the_likeliest_is_offered_first(text: str, expected: str) -> None:
    assert inserts(text)[0] == expected


def test_a_field_with_other_characters_is_put_in_backticks() -> None:
    assert inserts("filter det") == ["`detail-type`"]
    found = at_end("filter `det")
    assert (found.start, found.end) == (7, 11)
    assert [c.insert for c in found.items] == ["`detail-type`"]


def test_a_field_shows_its_types_and_how_often_it_is_there() -> None:
    assert at_end("filter lev").items[0].detail == "text, 97.5 %"


def test_a_value_with_quotes_becomes_a_literal_that_reads_back() -> None:
    found = at_end('filter level = "a "')

    assert inserts('filter level = "a') == ['"a \\"quoted\\" one"']
    assert Kind.VALUE not in {c.kind for c in found.items}


def test_what_a_cursor_stands_in_is_replaced_whole() -> None:
    found = complete('filter lev = "x"', 9, KNOWN)
    inside = complete('filter level = "ERR" | limit 1', 17, KNOWN)

    assert (found.start, found.end) == (7, 10)
    assert (inside.start, inside.end) == (15, 20)


def test_names_made_by_earlier_commands_are_offered() -> None:
    parsed = 'parse @message "user=* took *" as user, took | filter '
    assert {"user", "took", "level"} <= set(inserts(parsed, Kind.FIELD))
    assert "twice" in inserts("fields http.status * 2 as twice, ", Kind.FIELD)


def test_after_stats_only_its_columns_are_offered() -> None:
    after = inserts("stats count(*) as n, max(x) by level | sort ", Kind.FIELD)

    assert after == ["level", "n", "`max(x)`"]


def test_a_new_name_is_left_to_its_author() -> None:
    assert inserts("stats count(*) as ") == []
    assert inserts('parse @message "* *" as a, ') == []


def test_a_fault_in_an_earlier_command_does_not_spoil_a_later_one() -> None:
    assert "level" in inserts("filter x ==== 3 | filter ", Kind.FIELD)
    assert "n" in inserts("filter x ==== 3 | stats count(*) as n | sort ", Kind.FIELD)


def test_comments_texts_and_regular_expressions_are_left_alone() -> None:
    assert inserts("filter level # fi") == []
    assert inserts("filter @message like /fi") == []
    assert inserts('filter @message like "fi') == []


def test_aggregates_stand_in_stats_and_nowhere_else() -> None:
    assert "count(" in inserts("stats ", Kind.AGGREGATE)
    assert inserts("stats avg(", Kind.AGGREGATE) == []
    assert inserts("filter ", Kind.AGGREGATE) == []


def test_a_beginning_comes_before_a_middle() -> None:
    known = Known([KnownField("status_http", (), 99.0), KnownField("http.status", (), 1.0)])

    labels = [c.label for c in at_end("filter htt", known).items]

    assert labels == ["http.status", "status_http"]


def test_there_are_examples_to_complete() -> None:
    """The reader of examples itself."""
    assert len(list(runnable())) > 60
    for text in runnable():
        try:
            assert tokens(text)
        except UnexpectedInput:
            pytest.fail(text)
