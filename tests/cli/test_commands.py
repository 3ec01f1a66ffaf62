"""Every command on a small data directory: what it prints and its exit code."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from logq import __version__
from tests.cli.conftest import LINES, Program


def test_ingest_reports_what_it_read(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("\n".join(LINES) + "\n")

    done = program("ingest", "a.log", "-g", "g")

    assert (done.code, done.out) == (0, "")
    assert done.err == "3 lines, 3 events, 244 B, 0 rejected\n"


def test_ingest_reads_standard_input(program: Program) -> None:
    assert program("ingest", "-", "-g", "g", text="\n".join(LINES)).code == 0

    assert program("query", "stats count(*) as n", "-g", "g").rows == [{"n": 3}]


def test_a_file_is_not_doubled_unless_asked(shop: Program) -> None:
    done = shop("ingest", "api.log", "-g", "shop/api")
    assert "nothing new" in done.err
    assert shop("query", "stats count(*) as n", "-g", "shop/api").rows == [{"n": 3}]

    assert shop("ingest", "api.log", "-g", "shop/api", "--again").code == 0
    assert shop("query", "stats count(*) as n", "-g", "shop/api").rows == [{"n": 6}]


def test_a_missing_file_is_told_and_the_others_are_read(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINES[0] + "\n")

    done = program("ingest", "none.log", "a.log", "-g", "g")

    assert done.code == 1
    assert "none.log" in done.err
    assert "1 of 2 files" in done.err
    assert program("query", "stats count(*) as n", "-g", "g").rows == [{"n": 1}]


def test_query_keeps_types_in_json(shop: Program) -> None:
    done = shop("query", "fields level, ms, ok, @timestamp | sort ms", "-g", "shop/*")

    assert done.rows[0] == {
        "level": "INFO",
        "ms": 1.5,
        "ok": True,
        "@timestamp": "2026-03-17 12:00:00.000",
    }
    assert "ok" not in done.rows[1]


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("csv", "level,n\r\nERROR,2\r\nINFO,1\r\n"),
        ("json", '[\n{"level":"ERROR","n":2},\n{"level":"INFO","n":1}\n]\n'),
        ("table", "level  n\n─────  ─\nERROR  2\nINFO   1\n(2 rows)\n"),
    ],
)
def test_query_writes_the_format_asked_for(shop: Program, output: str, text: str) -> None:
    query = "stats count(*) as n by level | sort level"

    assert shop("query", query, "-g", "shop/api", "-o", output).out == text


def test_query_reads_its_text_from_standard_input(shop: Program) -> None:
    done = shop("query", "-", "-g", "shop/api", text="stats count(*) as n # all\n")

    assert done.rows == [{"n": 3}]


def test_query_writes_messages_exactly(shop: Program) -> None:
    done = shop("query", "fields @message", "-g", "shop/api", "-o", "raw")

    assert done.out == "\n".join(reversed(LINES)) + "\n"


def test_query_writes_parquet_and_arrow(shop: Program, tmp_path: Path) -> None:
    query = "fields ms | sort ms"

    assert shop("query", query, "-g", "shop/api", "-o", "parquet", "x.parquet").code == 0
    assert pq.ParquetFile(tmp_path / "x.parquet").read().column("ms").to_pylist() == [1.5, 7, 200]


def test_query_draws_a_chart(shop: Program) -> None:
    done = shop("query", "stats count(*) by bin(5m)", "-g", "shop/api", "-o", "chart")

    assert "┤" in done.out
    assert "━ count(*)" in done.out


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--start", "2026-03-17T12:00:01Z"], 2),
        (["--start", "2026-03-17", "--end", "2026-03-17T12:00:01"], 2),
        (["--end", "2026-03-17 13:00:00", "--tz", "Europe/Berlin"], 1),
        (["--since", "1s"], 0),
        (["--limit", "1"], 1),
    ],
)
def test_query_is_bounded_by_times_and_limit(shop: Program, options: list[str], count: int) -> None:
    done = shop("query", "fields @message", "-g", "shop/api", *options)

    assert len(done.rows) == count


def test_query_prints_times_in_the_zone_asked_for(shop: Program) -> None:
    done = shop("query", "fields @timestamp | limit 1", "-g", "shop/api", "--tz", "Asia/Kolkata")

    assert done.rows == [{"@timestamp": "2026-03-17 17:35:00.000"}]


def test_statistics_go_to_standard_error(shop: Program) -> None:
    done = shop("query", 'filter level = "ERROR"', "-g", "shop/api", "--stats")

    assert len(done.rows) == 2
    assert done.err.startswith("2 rows; 2 records matched, 3 scanned (")


def test_explain_prints_sql_and_what_is_read(shop: Program) -> None:
    done = shop("explain", 'filter level = "ERROR" | stats count(*)', "-g", "shop/api")

    assert done.code == 0
    assert "SELECT" in done.out
    assert "journal" in done.out


def test_explain_analyze_runs_it(shop: Program) -> None:
    done = shop("explain", "stats count(*)", "-g", "shop/api", "--analyze")

    assert done.code == 0
    assert len(done.out) > 500


def test_fields_are_listed_with_types_share_and_examples(shop: Program) -> None:
    rows = {row["field"]: row for row in shop("fields", "-g", "shop/api").rows}

    assert rows["level"] == {
        "field": "level",
        "types": ["text"],
        "events": 3,
        "percent": 100,
        "examples": ["ERROR", "INFO"],
    }
    assert rows["ok"]["percent"] == 66.7


def test_a_group_without_discovered_fields_lists_none(program: Program, tmp_path: Path) -> None:
    (tmp_path / "plain.log").write_text("hello\n")
    assert program("ingest", str(tmp_path / "plain.log"), "-g", "plain").code == 0

    done = program("fields", "-g", "plain")

    assert (done.code, done.rows) == (0, [])


def test_fields_since_counts_only_what_is_younger(shop: Program) -> None:
    assert shop("fields", "-g", "shop/api", "--since", "1s").rows == []


def test_groups_are_made_shown_changed_and_deleted(program: Program) -> None:
    assert program("groups", "create", "a/b", "--retention", "7", "--tag", "team=x").code == 0
    shown = program("groups", "show", "a/b").rows[0]
    assert (shown["retention_days"], shown["tags"]) == (7, {"team": "x"})

    assert program("groups", "set", "a/b", "--no-retention", "--tag", "team=").code == 0
    shown = program("groups", "show", "a/b").rows[0]
    assert "retention_days" not in shown
    assert shown["tags"] == {}

    assert [row["name"] for row in program("groups", "list").rows] == ["a/b"]
    assert program("groups", "list", "b*").rows == []
    assert program("groups").rows == program("groups", "list").rows
    assert program("groups", "delete", "a/b", "--yes").code == 0
    assert program("groups", "list").rows == []


def test_a_group_is_not_deleted_unasked(shop: Program) -> None:
    done = shop("groups", "delete", "shop/api")

    assert done.code == 2
    assert "--yes" in done.err
    assert len(shop("groups", "list").rows) == 1


def test_an_unknown_format_is_refused_with_a_suggestion(program: Program) -> None:
    done = program("groups", "create", "a", "--format", "logfmtt")

    assert done.code == 2
    assert "logfmt" in done.err


def test_a_stream_is_made_and_deleted_with_its_events(shop: Program) -> None:
    (row,) = shop("streams", "list", "shop/api").rows
    assert shop("streams", "create", "shop/api", "empty").code == 0
    assert shop("streams", "create", "shop/api", "empty").code == 1

    asked = shop("streams", "delete", "shop/api", row["stream"])
    assert asked.code == 2 and "--yes" in asked.err
    done = shop("streams", "delete", "shop/api", row["stream"], "--yes")

    assert "with 3 events" in done.err
    assert [row["stream"] for row in shop("streams", "list", "shop/api").rows] == ["empty"]
    assert shop("query", "stats count(*) as n", "-g", "shop/api").rows == [{"n": 0}]
    assert shop("streams", "delete", "shop/api", "nope").code == 3


def test_streams_have_their_times(shop: Program) -> None:
    row = shop("streams", "list", "shop/api").rows[0]

    assert (row["stream"], row["events"]) == ("api.log", 3)
    assert row["last"] == "2026-03-17 12:05:00.000"


def test_background_jobs_run_on_request(shop: Program) -> None:
    compacted = shop("compact")
    assert compacted.code == 0
    assert "sealed: 3 events" in compacted.err

    assert shop("retention", "run").code == 0
    assert shop("query", "stats count(*) as n", "-g", "shop/api").rows == [{"n": 3}]


def test_the_doctor_finds_a_flipped_bit_and_sets_it_aside(shop: Program, tmp_path: Path) -> None:
    assert shop("compact").code == 0
    assert shop("doctor").code == 0
    for segment in (tmp_path / "data").glob("groups/*/*/*.parquet"):  # replaced ones too
        data = bytearray(segment.read_bytes())
        data[len(data) // 2] ^= 1
        segment.write_bytes(data)

    found = shop("doctor")
    assert found.code == 1
    assert found.out.startswith("damaged: ")

    shop("doctor", "--repair")
    partial = shop("query", "stats count(*) as n", "-g", "shop/api")
    assert partial.rows == [{"n": 0}]
    assert "warning:" in partial.err
    assert shop("doctor").code == 1


def test_tail_shows_the_newest_oldest_first(shop: Program) -> None:
    assert shop("tail", "-g", "shop/api", "-n", "2").out == "\n".join(LINES[1:]) + "\n"


@pytest.mark.parametrize(
    ("terms", "kept"),
    [
        ("disk", [1, 2]),
        ("disk -again", [1]),
        ('"disk full again"', [2]),
        ("ERROR again", [2]),
        ('"ms\\":7"', [2]),
        ("nothing", []),
        ("?started ?again", [0, 2]),
        ("%disk full[^ ]%", [1]),
        ('{ $.level = "ERROR" && $.ms > 100 }', [1]),
        ("[a, b, c]", [2]),
    ],
)
def test_tail_filters_by_a_pattern(shop: Program, terms: str, kept: list[int]) -> None:
    out = shop("tail", "-g", "shop/api", "--filter", terms).out

    assert out == "".join(LINES[at] + "\n" for at in kept)


def test_a_pattern_that_cannot_be_is_shown_with_its_place(shop: Program) -> None:
    done = shop("tail", "-g", "shop/api", "--filter", "disk foo@bar", "--query", "fields ms")

    assert done.code == 2
    assert done.err.splitlines() == [
        "InvalidPattern: a term has letters, digits and _; with other characters it must be quoted",
        "1 | disk foo@bar",
        "  |      ^^^^^^^",
        '  = write "foo@bar"',
    ]


def test_tail_takes_commands_for_single_events_only(shop: Program) -> None:
    query = 'filter level = "ERROR" | fields ms'
    assert shop("tail", "-g", "shop/api", "--query", query, "-o", "ndjson").rows == [
        {"ms": 200},
        {"ms": 7},
    ]

    done = shop("tail", "-g", "shop/api", "--query", "stats count(*)")
    assert done.code == 2
    assert "a tail has no end" in done.err


def test_the_agent_reads_once_and_says_how_it_did(program: Program, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("\n".join(LINES) + "\n")

    done = program("agent", "app.log", "-g", "app", "--once")
    assert done.code == 0, done.err
    assert "3 lines, 3 events" in done.err
    assert program("query", "stats count(*) as n", "-g", "app").rows == [{"n": 3}]

    status = program("agent", "status")
    assert "has ended" in status.err
    assert status.rows[0]["lag_bytes"] == 0


def test_the_agent_follows_what_the_configuration_says(program: Program, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text(LINES[0] + "\n")
    (tmp_path / "logq.toml").write_text('[[agent.source]]\npaths = ["*.log"]\ngroup = "conf"\n')

    assert program("agent", "--once").code == 0
    assert program("query", "stats count(*) as n", "-g", "conf").rows == [{"n": 1}]


def test_the_demo_tells_its_story(program: Program) -> None:
    done = program("demo", "--once")

    assert done.code == 0, done.err
    assert done.out.count("rows)") == 2
    assert "┤" in done.out
    assert "PoolTimeout" in done.out


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The demo in a process of its own, and what it has said when it serves."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LOGQ_")}
    plain.pop("XDG_DATA_HOME", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "logq", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**plain, "HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "conf")},
    )
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if line.startswith("Ctrl-C"):
            break
    try:
        yield process, told
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        process.stdout.close()


def test_the_demo_serves_its_logs_and_what_it_says_to_type_next_works(
    program: Program, demo: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    _, told = demo
    lines = [line for line in told.splitlines() if line.startswith("logq ")]

    assert told.count("rows)") == 2
    assert len(lines) == 3
    for line in lines:
        words = shlex.split(line)
        done = program(*words[1:], data=None)
        assert words[:2] == ["logq", "--server"]
        assert done.code == 0, done.err
        assert done.out.count("\n") > 5
    assert not (tmp_path / "home/.local/share/logq").exists()


def test_version_and_help_need_no_data(program: Program) -> None:
    assert program("--version", data=None).out == f"logq {__version__}\n"
    assert "Commands:" in program("--help", data=None).out
    assert "Commands:" in program(data=None).out


def test_settings_come_from_the_configuration_and_are_checked(
    shop: Program, tmp_path: Path
) -> None:
    (tmp_path / "logq.toml").write_text("[settings]\nquery_max_chars = 5\n")
    done = shop("query", "fields @message", "-g", "shop/api")
    assert done.code == 4
    assert "query_max_chars" in done.err

    (tmp_path / "logq.toml").write_text("[settings]\nquery_limits = 5\n")
    assert shop("groups").code == 2

    (tmp_path / "logq.toml").write_text("[settings\n")
    assert "TOML" in shop("groups").err


def test_the_default_format_in_a_pipe_is_ndjson(shop: Program) -> None:
    out = shop("query", "fields level", "-g", "shop/api").out

    assert [json.loads(line) for line in out.splitlines()] == [
        {"level": "ERROR"},
        {"level": "ERROR"},
        {"level": "INFO"},
    ]
