"""What is loaded for what: the program starts quickly because it loads little."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from logq.cli.main import COMMANDS
from tests.cli.conftest import Program

ROOT = Path(__file__).parents[2]


def loaded(*args: str, **environ: str) -> set[str]:
    """The modules that a run of the program imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "logq", *args],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return {
        line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.count("|") == 2
    }


def test_the_version_loads_next_to_nothing() -> None:
    modules = loaded("--version")

    assert not modules & {"typer", "rich", "duckdb", "pyarrow", "sqlglot", "lark", "logq.app"}
    assert len(modules) < 80


def test_listing_groups_loads_no_engine_but_storage(shop: Program, tmp_path: Path) -> None:
    modules = loaded("--data", str(tmp_path / "data"), "groups", "list")

    heavy = {"rich", "duckdb", "pyarrow", "numpy", "sqlglot", "lark", "pydantic", "logq.query"}
    assert not modules & heavy


@pytest.mark.parametrize("output", ["table", "json", "ndjson", "csv", "chart", "raw"])
def test_a_query_over_segments_loads_neither_arrow_nor_rich(
    shop: Program, tmp_path: Path, output: str
) -> None:
    shop("compact")

    modules = loaded(
        *("--data", str(tmp_path / "data"), "query", "stats count(*)", "-g", "shop/api"),
        *("-o", output),
    )

    assert "duckdb" in modules
    assert not modules & {"pyarrow", "numpy", "rich", "pydantic", "logq.ingest"}


def test_taking_events_in_loads_no_query_engine(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text('{"n":1}\n')

    modules = loaded(
        *("--data", str(tmp_path / "data"), "agent", "--once", str(tmp_path / "a.log")),
        *("-g", "app"),
    )

    assert "pyarrow" in modules
    assert not modules & {"duckdb", "sqlglot", "lark", "logq.query.engine"}


def test_help_loads_no_engine() -> None:
    assert not loaded("--help") & {"rich", "duckdb", "pyarrow", "sqlglot", "lark", "logq.app"}


def test_every_command_is_a_module_and_every_module_a_command() -> None:
    folder = ROOT / "logq" / "cli" / "commands"

    assert {path.stem for path in folder.glob("*.py")} == {*COMMANDS, "__init__"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion_script(shell: str) -> None:
    source = subprocess.run(
        [sys.executable, "-m", "logq"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "_LOGQ_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"_LOGQ_COMPLETE=complete_{shell}" in source.stdout
    assert source.stdout.count("logq") > 1


def complete(words: str, data: Path) -> list[str]:
    """What bash would offer for the last of some words."""
    parts = words.split(" ")
    done = subprocess.run(
        [sys.executable, "-m", "logq"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LOGQ_DATA": str(data),
            "_LOGQ_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(parts) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_options_groups_and_formats_are_completed(shop: Program, tmp_path: Path) -> None:
    shop("groups", "create", "shop/web")
    data = tmp_path / "data"

    assert complete("logq inge", data) == ["ingest"]
    assert complete("logq groups d", data) == ["delete"]
    assert "--since" in complete("logq query --s", data)
    assert complete("logq query x -g shop/", data) == ["shop/api", "shop/web"]
    assert complete("logq groups show shop/w", data) == ["shop/web"]
    assert complete("logq query x -o nd", data) == ["ndjson"]
    assert "functions" in complete("logq help f", data)


def test_completion_of_groups_is_silent_where_there_is_no_data(tmp_path: Path) -> None:
    assert complete("logq query x -g s", tmp_path / "nothing") == []
