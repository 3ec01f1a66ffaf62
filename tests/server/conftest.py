"""A real server: the program itself in a process of its own, on a free port of loopback."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Running:
    """A server that answers at ``url``; its data directory is ``data``."""

    url: str
    data: Path
    environ: Mapping[str, str]
    process: subprocess.Popen[bytes]
    log: list[dict[str, Any]] = field(default_factory=list)
    """What it has said so far."""

    @property
    def address(self) -> tuple[str, int]:
        """For a socket."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)

    def stop(self, number: int = signal.SIGTERM, seconds: float = 60) -> int:
        """End it and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=seconds)


def environment(data: Path, **settings: object) -> dict[str, str]:
    """The environment of a program on this data directory and its own master key."""
    given = {f"LOGQ_{name.upper()}": str(value) for name, value in settings.items()}
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LOGQ_")}
    return {**plain, "LOGQ_KEY_FILE": str(data.with_name(data.name + ".key")), **given}


@contextmanager
def serving(data: Path, *arguments: str, **settings: object) -> Iterator[Running]:
    """A server on a data directory, with arguments of ``serve`` and settings."""
    environ = environment(data, **settings)
    command = [sys.executable, "-m", "logq", "-v", "--data", str(data), "serve"]
    process = subprocess.Popen(
        [*command, "--port", "0", *arguments], env=environ, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    running = Running("", data, environ, process)
    listening = threading.Event()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"message": line.decode(errors="replace")}
            running.log.append(entry)
            if "url" in entry:
                running.url = entry["url"]
                listening.set()
        listening.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        assert listening.wait(60)
        assert running.url, running.log
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        thread.join(60)
        process.stderr.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server on an empty data directory, shared by the tests of a module."""
    with serving(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


def own_port() -> int:
    """A free port that the kernel gives to nobody else while the server on it is away."""
    for port in random.Random(os.getpid()).sample(range(20_000, 32_000), 1000):
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def soon(condition: Any, seconds: float = 60) -> bool:
    """Whether something comes true in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
