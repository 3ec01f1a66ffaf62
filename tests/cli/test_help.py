"""The reference names everything that is registered."""

from __future__ import annotations

import dataclasses

import pytest

from logq import renderer
from logq.cli.main import COMMANDS
from logq.cli.reference import topics
from logq.ingest.format import formats
from logq.ingest.intake import intakes
from logq.query.command import commands
from logq.query.function import functions
from logq.query.patterns.manual import DIFFERENCES, FORMS
from logq.server.cloudwatch.operation import operations
from logq.server.syslog.options import SyslogOptions
from logq.settings import Settings
from tests.cli.conftest import Program


def test_the_overview_names_every_topic(program: Program) -> None:
    out = program("help", data=None).out

    assert all(f"  {topic} " in out for topic in topics())


@pytest.mark.parametrize(
    ("topic", "names"),
    [
        ("commands", COMMANDS),
        ("language", [cls.syntax for cls in commands().values()]),
        ("functions", [f.signature for f in functions() if not f.aggregate]),
        ("aggregates", [f.signature for f in functions() if f.aggregate]),
        ("filter-pattern", [form.written for form in FORMS]),
        ("filter-pattern", [f"unlike queries: {what}" for what, _ in DIFFERENCES]),
        ("formats", [*formats(), "events"]),
        ("push", [f"POST {', '.join(intake.paths)}" for intake in intakes().values()]),
        ("syslog", [field.name for field in dataclasses.fields(SyslogOptions)]),
        ("renderers", renderer.names()),
        ("settings", [field.name for field in dataclasses.fields(Settings)]),
        ("operations", [f"{service} {name}" for service, name in operations()]),
        ("errors", ["UnknownField", "StorageError", "WrongUsage"]),
    ],
)
def test_a_topic_names_every_entry(program: Program, topic: str, names: list[str]) -> None:
    out = program("help", topic, data=None).out

    assert names
    assert [name for name in names if f"  {name}" not in out] == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["stats"], "stats count(*)"),
        (["ROUND"], "round("),
        (["groups", "set"], "--retention"),
        (["ingest"], "--again"),
        (["hec"], "POST /services/collector/event"),
        (["query_limit"], "rows of a query"),
        (["TimedOut"], "Exit code 4"),
        (["ndjson"], "one JSON object a line"),
        (["putmetricfilter"], "Make or replace a metric filter."),
        (["pattern"], "<Name-n>"),
    ],
)
def test_an_entry_has_a_page_of_its_own(program: Program, words: list[str], expected: str) -> None:
    done = program("help", *words, data=None)

    assert done.code == 0
    assert expected in done.out


def test_every_command_and_option_says_what_it_does(program: Program) -> None:
    for name in ("query", "ingest", "agent", "tail", "groups list", "groups set", "doctor"):
        text = program(*name.split(), "--help", data=None).out
        options = [line for line in text.splitlines() if line.startswith("  -")]

        assert options
        assert all(len(line.split("  ")) > 1 for line in options)
