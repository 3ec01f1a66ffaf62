"""What the shell offers while a query is written, and help on whatever is registered."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from logq.query.command import commands
from logq.query.function import canonical, functions
from tests.cli.conftest import Program

ROOT = Path(__file__).parents[2]
COMPLETING = {"_LOGQ_COMPLETE": "complete_zsh", "PYTHONPATH": str(ROOT)}


def offered(tmp_path: Path, words: str) -> list[str]:
    """The values that zsh is told for the last word of a command line."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("LOGQ_")}
    done = subprocess.run(
        [sys.executable, "-m", "logq"],
        env={**environ, **COMPLETING, "_TYPER_COMPLETE_ARGS": words},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout.splitlines()


def test_commands_functions_and_discovered_fields_are_offered(
    shop: Program, tmp_path: Path
) -> None:
    line = "logq --data data query -g shop/api"

    fields = "\n".join(offered(tmp_path, f"{line} 'filter le"))
    assert "filter level" in fields
    assert "filter least(" in fields
    assert "stats" in "\n".join(offered(tmp_path, f"{line} 'filter level = 1 | sta"))
    assert "filter" in "\n".join(offered(tmp_path, "logq --data nothing query 'fil"))


@pytest.mark.parametrize("name", sorted(commands()))
def test_there_is_help_on_a_command(program: Program, name: str) -> None:
    found = program("help", name, data=None)

    assert found.code == 0
    assert commands()[name].syntax in found.out
    assert all(example.splitlines()[0] in found.out for example in commands()[name].examples)


def test_there_is_help_on_every_function_by_every_name(program: Program) -> None:
    for function in functions():
        for name in (function.name, *function.aliases):
            if canonical(name) in commands():
                continue
            found = program("help", name, data=None)
            assert found.code == 0, name
            assert function.signature in found.out, name
            assert all(example.expression in found.out for example in function.examples), name
