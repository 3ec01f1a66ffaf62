"""A worker process as its parent sees it."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import logq
from logq.settings import Settings
from logq.work.channel import Channel

_KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a worker may see of the environment; secrets live there too."""


class WorkerProcess:
    """A child that runs jobs one after the other; ``channel`` leads to it."""

    def __init__(
        self, data: Path, settings: Settings, environ: Mapping[str, str] = os.environ
    ) -> None:
        ours, its = socket.socketpair()
        with its:
            try:
                self._child = subprocess.Popen(
                    [sys.executable, "-P", "-m", "logq.work.worker", str(data), str(its.fileno())],
                    pass_fds=(its.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env=environment(data, settings, environ),
                    start_new_session=True,  # Ctrl-C is for the server
                )
            except BaseException:
                ours.close()
                raise
        self.channel = Channel(ours)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._child.poll() is None

    def kill(self) -> None:
        """End it at once, whatever it does; its channel then says EOFError."""
        with suppress(ProcessLookupError):
            self._child.kill()

    def bury(self) -> int:
        """Wait for its end, forced if need be, and return its exit code (negative: a signal)."""
        self.channel.close()
        try:
            return self._child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._child.wait()


def environment(data: Path, settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a worker: the settings in force, and no secrets."""
    kept = {name: environ[name] for name in _KEPT if name in environ}
    home = str(Path(logq.__file__).parents[1])
    kept["PYTHONPATH"] = os.pathsep.join([home, *filter(None, [kept.get("PYTHONPATH")])])
    kept["HOME"] = str(data / "tmp")
    # Each arena of glibc reserves 64 MB of addresses; how many there are would be a matter of luck,
    # and the worker's limit counts addresses.
    kept["MALLOC_ARENA_MAX"] = "2"
    for name, value in dataclasses.asdict(settings).items():
        kept[f"LOGQ_{name.upper()}"] = str(value)
    return kept


def describe(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"ended with {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
