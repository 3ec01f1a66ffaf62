"""``logq plan`` and ``logq apply``: shown before, made after, nothing the second time."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Program

FILE = """\
[groups."/app"]
retention = 30

[[metric_filters]]
group = "/app"
name = "errors"
pattern = "ERROR"
namespace = "App"
metric = "Errors"
"""


def test_a_plan_is_shown_and_applied_once(program: Program, tmp_path: Path) -> None:
    (tmp_path / "app.toml").write_text(FILE)

    planned = program("plan", "app.toml", "--exit-code")
    assert (planned.code, planned.out) == (
        10,
        "+ log group /app  (app.toml:1)\n"
        "    retention: 30\n"
        "+ metric filter errors of /app  (app.toml:4)\n"
        '    pattern: "ERROR"\n'
        '    namespace: "App"\n'
        '    metric: "Errors"\n'
        "2 to create, 0 unchanged\n",
    )
    assert program("groups", "list", "-o", "ndjson").rows == []
    refused = program("apply", "app.toml")
    assert (refused.code, "add --yes" in refused.err) == (2, True)

    assert program("apply", "app.toml", "--yes").code == 0
    again = program("apply", "app.toml")
    assert (again.code, again.out) == (0, "2 unchanged\n")
    assert program("plan", "app.toml", "--exit-code").code == 0

    (tmp_path / "app.toml").write_text(FILE.replace("30", "7").partition("\n[[")[0])
    changed = program("plan", "app.toml", "--prune", "-o", "ndjson").rows
    assert [(row["operation"], row["kind"], row["name"]) for row in changed] == [
        ("update", "log group", "/app"),
        ("delete", "metric filter", "errors"),
    ]
    assert "declared no more; --prune deletes it" in program("plan", "app.toml").out


def test_faults_are_told_with_file_and_line(program: Program, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("groups:\n  a:\n    retension: 7\n")

    done = program("plan", "bad.yaml")

    assert done.code == 2
    assert "bad.yaml:3: groups.a.retension: 'retension' is not known here" in done.err
    assert "did you mean retention?" in done.err
    assert program("plan", "gone.yaml").code != 0
    assert program("plan", "bad.yaml", "--parameter", "x").code == 2
