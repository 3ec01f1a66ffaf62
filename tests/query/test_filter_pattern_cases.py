"""Every filter pattern case in ``cases/filter_patterns``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from logq.errors import InvalidPattern
from logq.query.build import column, render
from logq.query.filter_pattern import (
    Filter,
    compile_filters,
    extract,
    matches,
    parse_pattern,
    pattern_condition,
    texts,
    values,
)
from logq.query.macros import used_by
from logq.query.patterns.manual import FORMS, Form
from tests.query import pattern_reference

CASES = Path(__file__).parents[1] / "cases/filter_patterns"


def load() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.toml")):
        content = tomllib.loads(path.read_text("utf-8"))
        for case in content["case"]:
            case["event"] = content.get("events", {}).get(case.get("event"), case.get("event"))
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


def table(*messages: str) -> pa.Table:
    return pa.table({"@message": pa.array(messages, pa.string())})


@pytest.mark.parametrize("case", load())
def test_a_case(case: dict[str, Any]) -> None:
    text = case["pattern"]
    if case.get("refused") or "at" in case:
        with pytest.raises(InvalidPattern) as caught:
            parse_pattern(text, strict=case.get("strict", False))
        span = caught.value.span
        assert span is not None and 0 <= span.start <= span.end <= len(text)
        assert caught.value.hint
        if "at" in case:
            assert text[span.start : span.end] == case["at"]
        for part in case.get("hint", ()):
            assert part in caught.value.hint
        return
    pattern = parse_pattern(text)
    events = case["events"] if "events" in case else [case["event"]]
    wanted = case["matches"] if isinstance(case["matches"], list) else [case["matches"]]
    batch = table(*events)

    assert matches(pattern, batch).to_pylist() == wanted
    assert alone(pattern_condition(pattern, column("@message")), batch) == wanted
    assert [pattern_reference.matches(pattern, event) for event in events] == wanted
    if "kind" in case:
        assert pattern.kind == case["kind"]
    if value := case.get("value"):
        assert values(pattern, batch, value["reference"]).to_pylist() == [value["number"]]
    if text_value := case.get("text"):
        assert texts(pattern, batch, text_value["reference"]).to_pylist() == [text_value["text"]]
    if "extracted" in case:
        assert [dict(match.extracted) for match in extract(pattern, events)] == case["extracted"]


def alone(condition: Any, batch: pa.Table) -> list[bool]:
    """The condition in a query of its own."""
    sql = f"SELECT coalesce({render(condition)}, false) FROM batch"
    with duckdb.connect() as connection:
        connection.register("batch", batch)
        for macro in used_by(sql):
            connection.execute(macro)
        return [row[0] for row in connection.execute(sql).fetchall()]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.written)
def test_a_form_of_the_manual_matches_what_it_says(form: Form) -> None:
    messages = [form.match] + ([] if form.other is None else [form.other])

    assert [m.message for m in extract(parse_pattern(form.written), messages)] == [form.match]


def test_all_cases_at_once_give_the_same() -> None:
    cases = [p.values[0] for p in load() if "matches" in p.values[0]]
    cases = [case for case in cases if "event" in case and case["event"] is not None]
    batch = table(*(case["event"] for case in cases))
    patterns = [parse_pattern(case["pattern"]) for case in cases]

    found = compile_filters([Filter(pattern) for pattern in patterns]).run(batch)

    for number, case in enumerate(cases):
        assert found[number].matches[number].as_py() is case["matches"], case["name"]
    for pattern, each in zip(patterns, found, strict=True):
        assert each.matches.equals(matches(pattern, batch))


def test_the_examples_are_those_of_the_specification() -> None:
    specification = Path(__file__).parents[2] / "../shared/spec/filter-pattern.md"
    if not specification.exists():
        pytest.skip(f"{specification} is not here")
    rows = [
        line.replace("\\|", "|")
        for line in specification.read_text("utf-8").splitlines()
        if line.startswith("| ") and line[2].isdigit()
    ]
    cases = tomllib.loads((CASES / "examples.toml").read_text("utf-8"))["case"]

    assert [case["number"] for case in cases] == list(range(1, 80))
    written = {}
    for row in rows:
        cells = row.split(" | ")
        if len(cells) > 4:
            written[int(cells[0].removeprefix("| "))] = row
    for case in cases:
        shown = f"`{case['pattern']}`" if case["pattern"] else "(empty)"
        assert written[case["number"]].startswith(f"| {case['number']} | {shown} | "), shown
