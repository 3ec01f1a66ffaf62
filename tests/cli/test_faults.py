"""What goes wrong is told in a few lines on stderr with the right exit code, never a traceback."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from logq import errors
from logq.cli import faults, listing
from logq.errors import LogQError
from tests.cli.conftest import LINES, Program

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["query", "filtr x", "-g", "shop/api"], 2, "did you mean filter?"),
        (["query", "stats nope(*)", "-g", "shop/api"], 2, "no function 'nope'"),
        (["query", "fields @message"], 2, "-g"),
        (["query", "fields @message", "-g", "shop/apo"], 3, "did you mean shop/api?"),
        (["query", "fields @message", "-g", "shop/api", "-o", "yaml"], 2, "choose one of"),
        (["query", "fields @message", "-g", "shop/api", "-o", "parquet"], 2, "needs a file"),
        (["query", "fields @message", "-g", "shop/api", "--start", "noon"], 2, "not a time"),
        (["query", "fields level", "-g", "shop/api", "-o", "chart"], 2, "nothing to draw"),
        (
            ["query", "limit 1", "-g", "shop/api", "--since", "1h", "--start", "-2h"],
            2,
            "--since and --start",
        ),
        (["query", "limit 1", "-g", "shop/api", "--tz", "Moon"], 2, "no time zone"),
        (["query", "limit 1", "-g", "shop/api", "--limit", "x"], 2, "not a whole number"),
        (["tail"], 2, "no log group"),
        (["tail", "-g", "shop/api", "-o", "chart"], 2, "cannot be shown as chart"),
        (["groups", "show", "nope"], 3, "no log group 'nope'"),
        (["groups", "create", "shop/api"], 1, "already"),
        (["groups", "create", "no spaces"], 2, "not a log group name"),
        (["groups", "set", "shop/api"], 2, "nothing to change"),
        (["groups", "set", "shop/api", "--retention", "2"], 2, "retention"),
        (["groups", "set", "shop/api", "--tag", "x"], 2, "not a tag"),
        (["agent"], 2, "nothing to follow"),
        (["agent", "x.log"], 2, "no log group"),
        (["help", "nosuch"], 3, "no help on 'nosuch'"),
        (["nosuch"], 2, "No such command"),
        (["querry"], 2, "Did you mean 'query'"),
        (["query", "--nosuch"], 2, "No such option"),
        (["query"], 2, "Missing argument"),
        (["--config", "none.toml", "groups"], 3, "no configuration file"),
    ],
)
def test_a_fault_has_its_exit_code_and_its_words(
    shop: Program, args: list[str], code: int, words: str
) -> None:
    done = shop(*args)

    assert (done.code, done.out) == (code, "")
    assert words in done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) < 6


def test_a_query_error_is_drawn_with_a_caret(shop: Program) -> None:
    done = shop("query", "fields level\n| sort level\n| limt 5", "-g", "shop/api")

    assert "3 | | limt 5\n" in done.err
    assert "  |   ^^^^" in done.err


def test_a_directory_that_is_not_there_is_not_made_by_a_question(
    program: Program, tmp_path: Path
) -> None:
    done = program("query", "limit 1", "-g", "x")

    assert done.code == 3
    assert not (tmp_path / "data").exists()


def test_an_unexpected_exception_is_called_a_bug(
    shop: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError("three\nlines\nlong")

    monkeypatch.setattr(listing, "show", explode)

    done = shop("groups", "list")
    assert done.code == 1
    assert done.err == (
        "this is a bug in LogQ: ZeroDivisionError: three lines long\n"
        "  = run it again with 'logq -v ...' and report what it says\n"
    )
    assert "explode" in shop("-v", "groups", "list").err


def test_an_interrupt_ends_with_130(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(listing, "show", interrupt)

    done = shop("groups", "list")
    assert (done.code, done.out, done.err) == (130, "", "")


def test_a_file_system_fault_is_no_bug(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "x.parquet")

    monkeypatch.setattr(listing, "show", refuse)

    done = shop("groups", "list")
    assert (done.code, done.err) == (1, "StorageError: x.parquet: permission denied\n")


def test_every_error_class_has_an_exit_code_of_the_list() -> None:
    classes = [
        cls
        for module in (errors, faults)
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, LogQError)
    ]

    assert len(classes) > 15
    assert {faults.exit_code(cls("x")) for cls in classes} == {1, 2, 3, 4}


def test_a_reader_that_leaves_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("\n".join(LINES * 4000) + "\n")
    logq = [sys.executable, "-m", "logq", "--data", str(tmp_path / "data")]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([*logq, "ingest", str(tmp_path / "a.log"), "-g", "g"], env=environ, check=True)

    query = [*logq, "query", "fields @message, level", "-g", "g", "--limit", "12000"]
    with subprocess.Popen(
        query, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        said = process.stderr.read()
        code = process.wait()

    assert (code, said) == (0, b"")


def test_what_another_program_writes_is_read_from_its_pipe(tmp_path: Path) -> None:
    logq = [sys.executable, "-m", "logq", "--data", str(tmp_path / "data")]

    done = subprocess.run(
        [*logq, "ingest", "-", "-g", "g"],
        input="\n".join(LINES).encode(),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )

    assert done.stderr.decode() == "3 lines, 3 events, 244 B, 0 rejected\n"
    assert done.returncode == 0
