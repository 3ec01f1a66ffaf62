"""Strict mode takes every query that is of Insights, and the setting is one of two words."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from logq.errors import InvalidConfig, LogQError, NotInInsights
from logq.query.command import commands
from logq.query.function import canonical, functions, names_beyond
from logq.query.strictness import check, is_strict
from logq.query.transform import parse
from logq.settings import Settings
from tests.query.layouts import ask, lay_out, lines, over

CASES = Path(__file__).parents[1] / "cases"
EXAMPLES = tomllib.loads((CASES / "examples.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: str(e["number"]))
def test_an_example_of_insights_is_taken_in_strict_mode(example: dict[str, str]) -> None:
    try:
        parsed = parse(example["query"])
    except LogQError:
        pytest.skip("of a later version")

    check(example["query"], parsed, strict=True)


@pytest.mark.parametrize("name", [name for name, kind in commands().items() if kind.beyond])
def test_a_command_beyond_insights_is_refused_in_strict_mode(name: str) -> None:
    (first, *_) = (e for e in commands()[name].examples if name in e.lower())

    with pytest.raises(NotInInsights):
        check(first, parse(first), strict=True)


def test_names_beyond_insights_are_names_of_functions() -> None:
    known = {canonical(name) for entry in functions() for name in (entry.name, *entry.aliases)}

    assert {"countif", "median", "first"} <= names_beyond() <= known


def test_the_setting_is_one_of_two_words() -> None:
    assert is_strict("strict")
    assert not is_strict("lenient")
    with pytest.raises(InvalidConfig, match="neither strict nor lenient"):
        is_strict("Strict!")


def test_the_setting_holds_where_a_query_does_not_say(tmp_path: Path) -> None:
    queries = over(lay_out(tmp_path, "journal", lines([{"a": 1}])), Settings(compat="strict"))

    with pytest.raises(NotInInsights):
        ask(queries, "sort a | stats count(*) as n")
    assert ask(queries, "sort a | stats count(*) as n", strict=False) == [{"n": 1}]
    with pytest.raises(NotInInsights):
        ask(over(tmp_path), "fields *", strict=True)
    with pytest.raises(InvalidConfig):
        ask(over(tmp_path, Settings(compat="loose")), "fields a")
