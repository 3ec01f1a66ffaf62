"""What the README says is true: its queries compile, its commands exist, its tour runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from logq import settings
from logq.cli import app, faults
from logq.config import read_config, table
from logq.ingest.agent_config import load_config
from logq.ingest.format import formats
from logq.query.command import commands as commands_of_the_language
from logq.query.transform import parse

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SETUP = "python3 -m venv .venv && .venv/bin/pip install "


@dataclass(frozen=True)
class Block:
    """A fenced block of the README."""

    language: str
    text: str
    line: int
    heading: str

    def __str__(self) -> str:
        return f"README.md:{self.line}"


def blocks(language: str) -> list[Block]:
    found, heading, fence = [], "", None
    lines: list[str] = []
    for number, line in enumerate(README.splitlines(), 1):
        if fence is None and (match := re.fullmatch(r"```(\w*)", line)):
            fence, lines = (match[1], number), []
        elif fence is not None and line == "```":
            found.append(Block(fence[0], "\n".join(lines), fence[1], heading))
            fence = None
        elif fence is not None:
            lines.append(line)
        elif line.startswith("## "):
            heading = line.removeprefix("## ")
    assert fence is None, "a fence is not closed"
    return [block for block in found if block.language == language]


def commands(block: Block) -> list[list[str]]:
    """The words of every ``logq`` command in a block of shell commands."""
    text = re.sub(r"(?m)(^|\s)# .*$", "", block.text).replace("\\\n", " ")
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace_split = True
    lexer.whitespace = " \t"
    lexer.commenters = ""
    found: list[list[str]] = [[]]
    for token in lexer:
        if set(token) <= set("();<>|&\n"):
            found.append([])
        else:
            found[-1].append(token)
    return [words[1:] for words in found if words and Path(words[0]).name == "logq"]


def test_the_first_two_commands_are_the_demo_and_the_tests() -> None:
    demo, tests = (block.text for block in blocks("bash")[:2])

    assert "\n" not in demo
    assert demo.startswith(SETUP)
    assert demo.endswith(" && .venv/bin/logq demo")
    assert "\n" not in tests
    assert tests.startswith(SETUP)
    assert "pytest" in tests


def test_ci_takes_its_test_command_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")

    assert script.count("$(readme_block 2)") == 2
    assert "pytest" not in script


@pytest.mark.parametrize("block", blocks("logq"), ids=str)
def test_every_query_in_the_readme_compiles(block: Block) -> None:
    for query in re.split(r"\n\n+", block.text):
        assert parse(query), query


@pytest.mark.parametrize("block", blocks("bash"), ids=str)
def test_every_command_in_the_readme_exists(block: Block) -> None:
    """``--help`` behind a command line makes typer check its words and run nothing."""
    for words in commands(block):
        result = CliRunner().invoke(app, [*words, "--help"])

        assert result.exit_code == 0, f"logq {shlex.join(words)}\n{result.output}"


@pytest.mark.parametrize("block", blocks("bash"), ids=str)
def test_every_query_on_a_command_line_of_the_readme_compiles(block: Block) -> None:
    for words in commands(block):
        for word, following in pairwise(words):
            if word in ("query", "explain") and following != "-":
                assert parse(following), following


def test_the_tour_runs_as_printed(tmp_path: Path) -> None:
    """Every block of commands after the first two, in order, in one shell."""
    tour = [block.text for block in blocks("bash")[2:]]
    assert len(tour) > 10
    (tmp_path / "bin").mkdir()
    for name, module in (("logq", "-m logq"), ("python", "")):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        program.chmod(0o755)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LOGQ_")}
    environment |= {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "sample_logs").symlink_to(ROOT / "sample_logs")

    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input="\n".join(tour),
        cwd=tmp_path / "here",
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_every_configuration_in_the_readme_is_valid(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "logq.toml"
    file.write_text(block.text)

    assert load_config(file).sources
    settings.load(table(read_config(file), "settings"), {})


def first_column(heading: str) -> set[str]:
    """The names in backticks in the first column of the tables of a section."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"(?m)^\| ([^|\n]+) \|", section)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_the_table_of_the_language_names_every_command_that_runs() -> None:
    written = {cell.split()[0].lower() for cell in first_column("The query language")}
    written = {"saved" if word.startswith("$") else word for word in written}

    named_in_passing = {"head", "tail"}
    assert written | named_in_passing == set(commands_of_the_language())


def test_the_table_of_formats_names_every_format() -> None:
    assert first_column("Formats") == {*formats(), "events"}


def test_the_table_of_exit_codes_names_every_code() -> None:
    section = README.split("| exit code |")[1].split("\n\n")[0]
    codes = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", section)}

    known = (faults.DONE, faults.FAILED, faults.WRONG_USAGE, faults.NOT_FOUND, faults.LIMIT)
    assert codes == {*known, faults.IN_ALARM, faults.INTERRUPTED}


def test_every_file_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", README)
    assert links

    assert [link for link in links if not (ROOT / link).exists()] == []


def test_commands_are_found_in_shell_text() -> None:
    """The reader of shell commands itself."""
    text = (
        "logq query 'stats count(*) | limit 1' -g 'a b' | head  # not | this\n"
        "echo x | .venv/bin/logq ingest - -g \\\n  app && logq groups list > out\n"
    )

    found = commands(Block("bash", text, 1, ""))

    assert found == [
        ["query", "stats count(*) | limit 1", "-g", "a b"],
        ["ingest", "-", "-g", "app"],
        ["groups", "list"],
    ]
