"""``logq alarms``, on a data directory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from logq.app import LogQ
from logq.ingest.incoming import incoming
from tests.cli.conftest import Program

NOW = 1_767_607_200_000
MINUTE = 60_000


Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, program: Program) -> Run:
    """A data directory with an hour of events, of which ten minutes have errors."""
    path = tmp_path / "data"
    lines, times = [], []
    for minute in range(60):
        for number in range(5 if 20 <= minute < 30 else 1):
            level = "ERROR" if 20 <= minute < 30 else "INFO"
            lines.append(json.dumps({"level": level, "host": f"h{number % 2}"}))
            times.append(NOW + minute * MINUTE + number)
    with LogQ(path, environ={}) as logq:
        logq.storage.groups.create("/app")
        logq.accept("/app", incoming(lines, times, "s"))

    def start(*words: str, code: int = 0) -> str:
        done = program("alarms", *words)
        assert done.code == code, done.err
        return done.out + done.err

    return start


def test_an_alarm_is_put_listed_shown_muted_set_and_deleted(run: Run) -> None:
    said = run("put", "a", "--metric", "App/Errors", "--above", "5", "--periods", "3")
    assert "stored the metric alarm a: it is INSUFFICIENT_DATA" in said
    (listed,) = [json.loads(line) for line in run("list").splitlines()]
    assert listed["watches"] == "Sum of App/Errors > 5, 3 of 3 x 60 s"
    assert run("list", "--exit-code")
    run("set-state", "a", "alarm", "--reason", "a trial")
    run("list", "--exit-code", code=10)
    shown = json.loads(run("show", "a"))
    assert shown["state"]["reason"] == "a trial"
    run("mute", "a", "2h")
    run("unmute", "a")
    run("disable", "a")
    run("enable", "a")
    items = [json.loads(line)["summary"] for line in run("history", "a").splitlines()]
    assert "Alarm updated from INSUFFICIENT_DATA to ALARM" in items
    run("delete", "a", "--yes")
    run("show", "a", code=3)


def test_what_show_prints_can_be_put_again(run: Run, tmp_path: Path) -> None:
    run("put", "logs", "-g", "/app", "--query", 'filter level = "ERROR"', "--above", "3",
        "--description", "look here", "--tag", "team=web")  # fmt: skip
    file = tmp_path / "alarm.json"
    file.write_text(run("show", "logs"))
    run("put", "copy", str(file))
    one, two = (json.loads(run("show", name)) for name in ("logs", "copy"))

    assert one["definition"] == two["definition"]


def test_a_definition_that_does_not_exist_yet_is_tried_on_stored_events(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "alarm.toml"
    file.write_text(
        'threshold = 3\nmissing = "notBreaching"\n'
        '[log]\ngroups = ["/app"]\nquery = \'filter level = "ERROR"\'\n'
    )
    start, end = str(NOW), str(NOW + 60 * MINUTE)
    out = run("backtest", str(file), "--start", start, "--end", end)

    steps = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert [step["after"] for step in steps] == ["OK", "ALARM", "OK"]
    assert "gone off once and been in ALARM for 10 m" in out


def test_a_metric_alarm_is_tried_through_a_pattern(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "alarm.toml"
    file.write_text(
        'threshold = 3\nmissing = "notBreaching"\n[metric]\nnamespace = "App"\nname = "Errors"\n'
    )
    start, end = str(NOW), str(NOW + 60 * MINUTE)
    out = run("backtest", str(file), "-g", "/app", "--pattern", '{ $.level = "ERROR" }',
              "--start", start, "--end", end)  # fmt: skip

    steps = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert [step["after"] for step in steps] == ["OK", "ALARM", "OK"]
