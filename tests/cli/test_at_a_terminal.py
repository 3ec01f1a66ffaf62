"""The program on a pseudo-terminal: colours, widths, questions, hostile text."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from logq.cli.answers import Ticker
from logq.cli.session import Session
from logq.terminal import Screen

ROOT = Path(__file__).parents[2]
STYLES = re.compile(r"\x1b\[[0-9;]*m")
LINES = (
    '{"level":"ERROR","msg":"' + "long " * 60 + '"}\n'
    '{"level":"INFO","msg":"\\u001b]0;owned\\u0007 \\u202e"}\n'
    "plain \x1b[2J\x9b31m text\n"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("terminal")
    (place / "a.log").write_text(LINES)
    logq = [sys.executable, "-m", "logq", "--data", str(place / "data")]
    subprocess.run(
        [*logq, "-q", "ingest", str(place / "a.log"), "-g", "g"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    return place / "data"


def at_terminal(
    data: Path, *args: str, typed: bytes = b"", environ: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Exit code and everything that appears on a terminal of 90 columns."""
    leader, follower = pty.openpty()
    base = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-m", "logq", "-q", "--data", str(data), *args],
        env={**base, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "90", **(environ or {})},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    os.write(leader, typed)
    seen = b""
    try:
        while chunk := os.read(leader, 65536):
            seen += chunk
    except OSError:  # Linux: the other side is closed
        pass
    os.close(leader)
    return process.wait(), seen.decode()


def test_a_terminal_gets_a_table_with_colours_that_fits(data: Path) -> None:
    code, out = at_terminal(data, "query", "fields level, msg, @message", "-g", "g")

    assert code == 0
    assert "\x1b[31mERROR" in out
    lines = STYLES.sub("", out).replace("\r\n", "\n").splitlines()
    assert lines[0].startswith("level  msg")
    assert max(map(len, lines)) <= 90
    assert any("…" in line for line in lines)


@pytest.mark.parametrize(
    ("args", "environ"),
    [((), {"NO_COLOR": "1"}), (("--no-color",), {}), ((), {"TERM": "dumb"})],
)
def test_colours_can_be_refused(data: Path, args: tuple[str, ...], environ: dict[str, str]) -> None:
    _, out = at_terminal(data, *args, "query", "fields level", "-g", "g", environ=environ)

    assert "ERROR" in out
    assert "\x1b" not in out


@pytest.mark.parametrize("output", ["table", "raw", "json", "ndjson", "csv"])
def test_hostile_text_is_shown_and_not_obeyed(data: Path, output: str) -> None:
    _, out = at_terminal(data, "query", "fields msg, @message", "-g", "g", "-o", output)

    assert "owned" in out
    plain = STYLES.sub("", out)
    assert not [c for c in plain if (c < " " and c not in "\r\n") or c in "\x7f\x9b\u202e"]


def test_a_tail_at_a_terminal_is_safe_too(data: Path) -> None:
    _, out = at_terminal(data, "tail", "-g", "g")

    assert "\\x1b[2J\\x9b31m text" in out


def test_arrow_refuses_a_terminal(data: Path) -> None:
    code, out = at_terminal(data, "query", "fields level", "-g", "g", "-o", "arrow")

    assert code == 2
    assert "is binary and this is a terminal" in out


def test_an_error_is_red_and_its_text_is_safe(data: Path) -> None:
    code, out = at_terminal(data, "groups", "show", "x\x1b[2J")

    assert code == 3
    assert "\x1b[31mUnknownLogGroup\x1b[0m" in out
    assert "\x1b[2J" not in out


def test_deleting_asks_first(data: Path) -> None:
    at_terminal(data, "groups", "create", "doomed")

    code, out = at_terminal(data, "groups", "delete", "doomed", typed=b"n\n")
    assert "Delete log group doomed with its 0 events?" in out
    assert code != 0
    code, _ = at_terminal(data, "groups", "delete", "doomed", typed=b"y\n")
    assert code == 0
    code, _ = at_terminal(data, "groups", "show", "doomed")
    assert code == 3


def test_a_pipe_gets_neither_colours_nor_a_table(data: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "logq", "--data", str(data), "query", "fields level", "-g", "g"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        capture_output=True,
        check=True,
    )

    assert b"\x1b" not in done.stdout
    assert done.stdout.count(b"\n") == 3
    assert done.stdout.startswith(b"{")


class TwoWaits(threading.Event):
    """Time that passes twice and then is up."""

    def __init__(self) -> None:
        super().__init__()
        self._waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self._waits += 1
        return self._waits > 2


def test_a_slow_answer_is_announced_and_the_words_are_wiped() -> None:
    run = Session()
    run.err = Screen(io.BytesIO(), terminal=True, width=80)
    ticker = Ticker(run)
    ticker._done = TwoWaits()
    with ticker:
        pass

    assert isinstance(run.err.stream, io.BytesIO)
    said = run.err.stream.getvalue().decode()
    assert said == "\rrunning, 0 s" * 2 + "\r" + " " * 12 + "\r"


def test_a_quiet_run_announces_nothing() -> None:
    run = Session()
    run.err = Screen(io.BytesIO(), terminal=True, width=80)
    run.quiet = True
    with Ticker(run):
        pass

    assert isinstance(run.err.stream, io.BytesIO)
    assert run.err.stream.getvalue() == b""
