"""Whatever is registered is documented, has examples and is tested; names are written once."""

from __future__ import annotations

import dataclasses
import tomllib
from functools import cache
from pathlib import Path

import pytest
from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from logq import settings
from logq.ingest.format import FALLBACK, Format, detect, formats
from logq.query.command import Command, commands
from logq.query.function import Function, canonical, functions
from logq.query.grammar import parse_tree, parser
from logq.query.transform import parse
from logq.renderer import Renderer, renderers
from tests.samples import DIRECTORY

CASES = Path(__file__).parent / "cases"
DEMO = tomllib.loads((DIRECTORY / "demo.toml").read_text("utf-8"))


@cache
def queries() -> tuple[str, ...]:
    """The text of every query case."""
    files = [tomllib.loads(path.read_text("utf-8")) for path in sorted(CASES.rglob("*.toml"))]
    return tuple(case["query"] for file in files for case in file["case"] if "query" in case)


@cache
def words() -> tuple[frozenset[str], frozenset[str]]:
    """The commands and the functions (canonical names) that occur in the cases."""
    used: set[str] = set()
    called: set[str] = set()
    for query in queries():
        try:
            tree = parse_tree(query)
        except UnexpectedInput:
            continue  # a case of a syntax error
        used |= {str(t.data).removesuffix("_command") for t in tree.iter_subtrees()}
        calls = tree.scan_values(lambda v: isinstance(v, Token) and v.type == "FUNCTION")
        called |= {canonical(token) for token in calls}
    return frozenset(used), frozenset(called)


def sentence(text: str) -> str:
    """The first paragraph, which must be a sentence."""
    first = " ".join((text or "").split("\n\n")[0].split())
    assert first.endswith("."), f"not a sentence: {first!r}"
    assert len(first) > 10, f"not a sentence: {first!r}"
    return first


# ---- commands


def test_grammar_and_registry_name_the_same_commands() -> None:
    rules = {rule.origin.name for rule in parser().rules} | {
        rule.alias for rule in parser().rules if rule.alias
    }
    in_grammar = {name.removesuffix("_command") for name in rules if name.endswith("_command")}

    assert in_grammar == commands().keys()


@pytest.mark.parametrize("command", commands().values(), ids=commands().keys())
def test_a_command_is_documented_by_a_sentence_its_syntax_and_examples(
    command: type[Command],
) -> None:
    sentence(command.__doc__ or "")

    assert command.syntax
    assert command.examples
    for example in command.examples:
        assert any(isinstance(part, command) for part in parse(example)), example


@pytest.mark.parametrize("name", commands())
def test_a_command_occurs_in_a_case(name: str) -> None:
    used, _ = words()

    assert name in used


# ---- functions


@pytest.mark.parametrize("function", functions(), ids=lambda f: f.name)
def test_a_function_is_documented_by_a_sentence_and_examples(function: Function) -> None:
    sentence(function.summary)

    assert function.examples
    for example in function.examples:
        call = parse_tree(f"fields {example.expression}")
        names = {canonical(t) for t in call.scan_values(lambda v: isinstance(v, Token))}
        assert names & {canonical(name) for name in (function.name, *function.aliases)}
        assert bool(example.values) <= function.aggregate


@pytest.mark.parametrize("function", functions(), ids=lambda f: f.name)
def test_a_function_occurs_in_a_case(function: Function) -> None:
    _, called = words()

    assert called & {canonical(name) for name in (function.name, *function.aliases)}


# ---- formats


@pytest.mark.parametrize("log_format", formats().values(), ids=formats().keys())
def test_a_format_is_documented_by_a_sentence_and_samples(log_format: Format) -> None:
    sentence(type(log_format).__doc__ or "")

    assert log_format.title
    assert log_format.samples
    assert any(sample.timestamp is not None for sample in log_format.samples)


@pytest.mark.parametrize("log_format", formats().values(), ids=formats().keys())
def test_the_samples_of_a_format_are_found_to_be_of_it_and_of_no_other(log_format: Format) -> None:
    first_lines = [sample.line.partition("\n")[0] for sample in log_format.samples]

    for line in first_lines:
        assert detect([line]).name == log_format.name, line
    assert detect(first_lines).name == log_format.name


@pytest.mark.parametrize("file", [load["file"] for load in DEMO["load"]])
def test_a_sample_log_is_of_a_format_that_is_found_by_itself(file: str) -> None:
    lines = (DIRECTORY / file).read_text("utf-8").splitlines()

    assert detect(lines).name != FALLBACK


# ---- renderers


@pytest.mark.parametrize("renderer", renderers().values(), ids=renderers().keys())
def test_a_renderer_says_what_it_writes(renderer: Renderer) -> None:
    assert renderer.summary
    assert callable(renderer.render)


# ---- settings


@pytest.mark.parametrize("field", dataclasses.fields(settings.Settings), ids=lambda f: f.name)
def test_a_setting_has_help_and_can_come_from_the_environment(
    field: dataclasses.Field[object],
) -> None:
    assert field.metadata["help"]
    assert not field.metadata["help"].endswith(".")

    given = {f"LOGQ_{field.name.upper()}": str(field.default).lower()}
    read = getattr(settings.load({}, given), field.name)
    assert str(read).lower() == str(field.default).lower()


def test_trees_are_read_for_their_commands_and_functions() -> None:
    """The reader of cases itself."""
    tree = parse_tree('"x" | stats COUNT_DISTINCT(a) by bin(5m) | filter b in (fields c)')

    found = {str(t.data) for t in tree.iter_subtrees() if isinstance(t, Tree)}

    assert {"search_command", "stats_command", "filter_command", "fields_command"} <= found
