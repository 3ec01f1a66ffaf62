"""``logq query --file``: files are asked without ingesting them, and give the same rows."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC
from pathlib import Path
from typing import Any

import cramjam
import pytest

from logq.app import LogQ
from logq.cli.over_files import GROUP, over_files
from logq.cli.session import Session
from tests.cli.conftest import Program
from tests.samples import DIRECTORY

SAMPLES = sorted(path for path in DIRECTORY.iterdir() if path.suffix != ".toml")
NOW = 1_773_800_000_000
QUESTIONS = (
    "fields * | display *",
    "fields @timestamp, @message, @logStream, @timeSource | sort @timestamp, @message",
    "stats count(*) as n, min(@timestamp), max(strlen(@message)) by @logStream, bin(1h)",
)


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)


def left(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "tmp").iterdir())


class At(Session):
    """A run at a moment, without a data directory."""

    def __init__(self, data: Path) -> None:
        super().__init__()
        self.data = str(data)

    def now(self) -> int:
        return NOW


def rows(logq: LogQ, text: str) -> tuple[Any, list[Any]]:
    found = logq.queries.run(text, groups=[GROUP])
    return found.columns, list(found.rows())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_file_gives_the_same_rows_as_after_ingest(sample: Path, tmp_path: Path) -> None:
    with LogQ(tmp_path / "data", clock=lambda: NOW, environ={}) as logq:
        logq.load([str(sample)], GROUP)
        ingested = [rows(logq, text) for text in asked(logq)]
    run = At(tmp_path / "nothing")

    with over_files(run, [str(sample)], "auto", UTC) as (logq, report):
        assert not report.failed
        found = [rows(logq, text) for text in asked(logq)]

    assert found == ingested
    assert len(found[0][1]) > 50
    assert not (tmp_path / "nothing").exists()
    assert left(tmp_path) == []


def asked(logq: LogQ) -> list[str]:
    pieces = logq.storage.snapshot([GROUP]).pieces
    paths = sorted({path for piece in pieces for path in piece.info.fields})
    names = ", ".join(f"`{path}`" for path in paths if "`" not in path)
    every = f"fields @timestamp, @message{', ' * bool(names)}{names} | sort @timestamp, @message"
    return [every, *QUESTIONS[1:]]


def test_packed_files_globs_and_standard_input_are_asked_without_a_data_directory(
    program: Program, tmp_path: Path
) -> None:
    text = (DIRECTORY / "nginx.log").read_bytes()
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(text))
    (tmp_path / "b.log").write_bytes(bytes(cramjam.zstd.compress(text)))
    count = "stats count(*) as n, count(status) as found"
    events = text.count(b"\n")

    both = program("query", count, "--file", "*.gz", "--file", "b.log")
    piped = program("query", count, "-F", "-", text=text.decode())

    assert both.rows == [{"n": 2 * events, "found": 2 * events}], both.err
    assert piped.rows == [{"n": events, "found": events}], piped.err
    assert left(tmp_path) == []


def test_what_is_wrong_with_files_and_queries_is_told(program: Program, tmp_path: Path) -> None:
    (tmp_path / "good.log").write_text('{"n":1}\n')

    torn = program("query", "limit x", "-F", "good.log")
    assert torn.code == 2
    assert "1 | limit x" in torn.err
    unknown = program("query", "fields nosuch(n)", "-F", "good.log")
    assert unknown.code == 2
    assert "1 | fields nosuch(n)" in unknown.err
    missing = program("query", "limit 1", "-F", "bad.log")
    assert missing.code == 1
    assert "there is no file bad.log" in missing.err
    half = program("query", "fields n", "-F", "bad.log", "-F", "good.log")
    assert (half.code, half.rows) == (1, [{"n": 1}])
    assert "there is no file bad.log" in half.err
    for wrong in (["-g", "x", "-F", "good.log"], ["-F", "good.log", "--format", "nothing"]):
        assert program("query", "limit 1", *wrong).code in (1, 2)
    assert program("query", "-", "-F", "-", text="limit 1").code == 2
    assert left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    script = f"""
import sys
from datetime import UTC
from logq.cli.over_files import over_files
from logq.cli.session import Session
with over_files(Session(), [{str(SAMPLES[0])!r}], "auto", UTC) as (logq, report):
    print("ready", flush=True)
    while True:
        list(logq.queries.run("stats count(*)", groups=["files"]).rows())
"""
    environ = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    with process, process.stdout:
        assert process.stdout.readline() == b"ready\n"
        assert left(tmp_path) != []
        process.send_signal(number)
        assert process.wait(60) != 0
    assert left(tmp_path) == []


def test_what_a_killed_run_left_is_deleted_by_the_next(program: Program, tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "tmp" / f"logq-files-{dead.pid}-x" / "data").mkdir(parents=True)
    mine = tmp_path / "tmp" / f"logq-files-{os.getppid()}-y"
    mine.mkdir()
    (tmp_path / "good.log").write_text('{"n":1}\n')
    deadline = time.monotonic() + 60

    while True:  # another process may have taken the number meanwhile
        assert program("query", "fields n", "-F", "good.log").rows == [{"n": 1}]
        if left(tmp_path) == [mine]:
            break
        assert time.monotonic() < deadline
