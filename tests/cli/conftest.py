"""The program run inside the test process, and a data directory to run it on."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from logq.cli.main import run


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as NDJSON."""
        return [json.loads(line) for line in self.out.splitlines()]


Program = Callable[..., Done]


@pytest.fixture
def program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Program]:
    """Runs ``logq --data DIR ARGS``."""
    for name in ("LOGQ_DATA", "LOGQ_SERVER", "LOGQ_TOKEN", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.chdir(tmp_path)

    def start(*args: str, text: str = "", data: str | None = "data") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        capfdbinary.readouterr()
        code = run([*(["--data", data] if data else []), *args])
        captured = capfdbinary.readouterr()
        return Done(code, captured.out.decode(), captured.err.decode())

    yield start


LINES = [
    '{"time":"2026-03-17T12:00:00Z","level":"INFO","ms":1.5,"ok":true,"msg":"started"}',
    '{"time":"2026-03-17T12:00:01Z","level":"ERROR","ms":200,"ok":false,"msg":"disk full"}',
    '{"time":"2026-03-17T12:05:00Z","level":"ERROR","ms":7,"msg":"disk full again"}',
]


@pytest.fixture
def shop(program: Program, tmp_path: Path) -> Program:
    """The program on a directory with three events in the group ``shop/api``."""
    (tmp_path / "api.log").write_text("\n".join(LINES) + "\n")
    done = program("ingest", "api.log", "-g", "shop/api")
    assert done.code == 0, done.err
    return program
