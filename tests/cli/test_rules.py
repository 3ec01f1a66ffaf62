"""``logq rules``: put, list, show, try, switch and delete; the same on a server by REST."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Program

EVENT = '{"source": "shop", "detail": {"total": 5}}'


def test_a_rule_is_put_listed_shown_switched_and_deleted(program: Program, tmp_path: Path) -> None:
    (tmp_path / "pattern.json").write_text('{"source": ["shop"]}')
    put = program(
        *("rules", "put", "r", "--pattern", "@pattern.json", "--topic", "ops", "--group", "out"),
        *("--url", "https://h.example/secret", "--metric", "Shop/Orders"),
        *("--text", '"total <t>"', "--path", "t=$.detail.total"),
    )
    assert (put.code, put.err) == (0, "put the rule r with 4 targets\n")

    listed = program("rules", "list", "-o", "ndjson").rows
    assert [(row["name"], row["state"], row["targets"]) for row in listed] == [("r", "enabled", 4)]
    targets = program("rules", "targets", "r", "-o", "ndjson").rows
    assert [row["arn"].rpartition(":")[2] for row in targets] == [
        "ops",
        "out",
        "//h.example/***",
        "metric/Shop/Orders",
    ]
    assert program("rules", "disable", "r").code == 0
    shown = json.loads(program("rules", "show", "r").out)
    assert (shown["enabled"], shown["targets"][0]["template"]["paths"]) == (
        False,
        {"t": "$.detail.total"},
    )
    assert program("rules", "enable", "r").code == 0
    assert program("rules", "put", "r", "--schedule", "rate(1 hour)").code == 0
    assert json.loads(program("rules", "show", "r").out)["enabled"] is True
    assert program("rules", "delete", "r", "--yes").code == 0
    assert program("rules", "show", "r").code == 3


def test_a_pattern_is_tried_and_faults_are_told(program: Program) -> None:
    assert program("rules", "test", '{"source": ["shop"]}', EVENT).out == "matches\n"
    other = program("rules", "test", '{"source": ["x"]}', text=EVENT)
    assert (other.code, other.out) == (1, "does not match\n")
    wrong = program("rules", "test", '{"source": "x"}', EVENT)
    assert wrong.code == 2
    assert "source: a field has a list of alternatives" in wrong.err
    assert program("rules", "put", "r").code == 2
