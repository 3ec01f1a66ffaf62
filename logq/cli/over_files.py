"""Files as a log group that is gone after the question: ``logq query --file``."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from logq.cli.session import Session, data_directory
from logq.config import find_config

if TYPE_CHECKING:
    from logq.app import LogQ
    from logq.ingest.report import LoadReport

GROUP = "files"
"""What the log group is called in answers."""
_PREFIX = "logq-files-"


@contextmanager
def over_files(
    run: Session, files: Sequence[str], format: str, zone: tzinfo
) -> Iterator[tuple[LogQ, LoadReport]]:
    """The files, read as ``logq ingest`` reads them, in a directory that is deleted at the end."""
    from logq.app import LogQ
    from logq.cli.loading import Bar

    config = find_config(data_directory(run.data), run.config)
    with _directory() as directory, LogQ(directory, config, clock=run.now) as logq:
        with Bar(run) as bar:
            report = logq.load(files, GROUP, bar.tell, format=format, zone=zone)
        yield logq, report


@contextmanager
def _directory() -> Iterator[Path]:
    """A directory of this process, deleted however it ends; after SIGKILL the next one does it."""
    _sweep()
    with _ended_by_signals():
        made = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        try:
            yield made / "data"
        finally:
            shutil.rmtree(made, ignore_errors=True)


def _sweep() -> None:
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not _is_alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program like Ctrl-C, with everything tidied up."""
    before: dict[int, Any] = {}
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        with suppress(ValueError):  # outside of the main thread there are no signals
            before.setdefault(number, signal.signal(number, _end))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)
