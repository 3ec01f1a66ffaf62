"""A wrong query is explained at its place, in the user's words, with what to write instead."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark.exceptions import UnexpectedInput

from logq.errors import QuerySyntaxError, WrongArguments, draw
from logq.query.fault import locate
from logq.query.grammar import parse_tree, parser
from logq.query.habits import FOR_COMMANDS, FOR_OPERATORS, FOR_WORDS
from logq.query.syntax_error import RULES, explain
from logq.query.terminal_words import COMMANDS, WORDS, expected, is_command
from logq.query.transform import parse

CASES = Path(__file__).resolve().parents[1] / "cases"
WRONG = tomllib.loads((CASES / "errors/syntax.toml").read_text("utf-8"))["case"]
EXAMPLES = [case["query"] for case in tomllib.loads((CASES / "examples.toml").read_text())["case"]]
PIECES = sorted(
    {piece for query in EXAMPLES for piece in re.findall(r"\w+|\s+|[^\w\s]", query)}
    | {"`", '"', "'", "/", "\\", "|", "||", "&&", "(", ")", "[", "]", "{{", "#", "\n", "$", "\0"}
)
NAMES = frozenset(terminal.name for terminal in parser().terminals)
HINTS = " ; ".join({*FOR_COMMANDS.values(), *FOR_WORDS.values()})
SHOWN = sorted(
    {
        query.strip()
        for query in re.findall(
            rf"(?:write|with|:) ((?:{'|'.join(COMMANDS.values())}) [^;]*)", HINTS
        )
        for query in query.split(", or ")
        if "..." not in query
    }
)


def error_of(query: str) -> QuerySyntaxError:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(query)
    return caught.value


@pytest.mark.parametrize("case", WRONG, ids=lambda case: str(case["name"]))
def test_a_wrong_query_is_explained(case: dict[str, str]) -> None:
    assert draw(error_of(case["query"]), case["query"]) == case["error"].rstrip("\n")


@pytest.mark.parametrize("case", WRONG, ids=lambda case: str(case["name"]))
def test_an_explanation_has_the_form_of_all_messages(case: dict[str, str]) -> None:
    error = error_of(case["query"])

    for text in (error.message, error.hint or "", *error.expected):
        assert text == text.strip()
        assert not text.endswith(".") or text.endswith("...")
        assert not NAMES & set(re.findall(r"_?[A-Z]+(?:_[A-Z]+)*", text)) - shouted(case["query"])
    assert error.message[0] == error.message[0].lower() or error.message[0] in case["query"]
    assert error.hint or error.expected
    assert len(error.expected) <= 10


def shouted(query: str) -> set[str]:
    """Words that happen to be terminals too: those of the query, and those of lookup."""
    return set(re.findall(r"[A-Z]+", query)) | {"OUTPUT", "OUTPUTNEW"}


def test_every_rule_explains_a_case() -> None:
    used = set()
    for case in WRONG:
        try:
            parse_tree(case["query"])
        except UnexpectedInput as error:
            fault = locate(error, case["query"])
            used.add(next(rule for rule in RULES if rule(fault) is not None))

    assert [rule.__qualname__ for rule in RULES if rule not in used] == []


def test_every_terminal_has_words() -> None:
    assert WORDS.keys() - {"$END"} == NAMES


@pytest.mark.parametrize("word", sorted(FOR_COMMANDS))
def test_a_foreign_command_is_none_of_ours_and_gets_its_hint(word: str) -> None:
    assert not is_command(word)
    assert error_of(f"fields a | {word} b").hint == FOR_COMMANDS[word]


@pytest.mark.parametrize("query", SHOWN)
def test_a_query_in_a_hint_parses(query: str) -> None:
    assert parse_tree(query).children


@pytest.mark.parametrize("sign", sorted({**FOR_OPERATORS, **FOR_WORDS}))
def test_a_foreign_sign_after_a_field_is_refused_in_time(sign: str) -> None:
    error = error_of(f"filter a {sign} 5")

    assert error.hint or error.expected
    assert error.span is not None
    assert error.span.start <= len("filter a ")


@pytest.mark.parametrize("name", [n for n in COMMANDS.values() if len(n) > 4 and n[1] != n[2]])
def test_a_command_with_two_letters_swapped_is_recognised(name: str) -> None:
    wrong = name[0] + name[2] + name[1] + name[3:]

    assert error_of(f"limit 5 | {wrong} x").hint == f"did you mean {name}?"


def test_long_lists_of_what_is_expected_are_cut() -> None:
    assert len(expected(NAMES)) < 12
    assert "..." in expected(NAMES)


def test_the_place_of_the_end_is_after_the_last_word_not_after_comments() -> None:
    query = "parse @message # the text\n\n# or what\n"

    error = error_of(query)

    assert error.span is not None
    assert error.span.start == error.span.end == len("parse @message")


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_query_or_a_syntax_error(text: str) -> None:
    check(text)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_any_words_are_a_query_or_a_syntax_error(text: str) -> None:
    check(text)


@given(st.sampled_from(EXAMPLES), st.data())
@settings(max_examples=500, deadline=None)
def test_an_example_with_pieces_cut_added_or_swapped_is_explained(
    example: str, data: st.DataObject
) -> None:
    pieces = re.findall(r"\w+|\s+|[^\w\s]", example)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(pieces)))
        match data.draw(st.sampled_from(("cut", "add", "swap", "letter"))):
            case "cut":
                del pieces[place : place + data.draw(st.integers(1, 3))]
            case "add":
                pieces.insert(place, data.draw(st.sampled_from(PIECES)))
            case "swap":
                pieces[place : place + 2] = reversed(pieces[place : place + 2])
            case _:
                pieces.insert(place, data.draw(st.characters()))

    check("".join(pieces))


def check(text: str) -> None:
    """Parse; an error must be deliberate, placed inside the text, and drawable."""
    try:
        parse(text)
    except (QuerySyntaxError, WrongArguments) as error:
        assert error.span is not None
        assert 0 <= error.span.start <= error.span.end <= len(text)
        assert error.message
        assert draw(error, text)


def test_explaining_needs_no_more_than_the_error_and_the_text() -> None:
    with pytest.raises(UnexpectedInput) as caught:
        parse_tree("fields a,")

    assert explain(caught.value, "fields a,").message == "something is missing after the comma"
