"""Look after a data directory in the background of a program that runs for long.

Sealing and compaction need more memory than following files does. A program that promises to stay
small leaves them to a process of their own, which ends when it is done.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from logq.errors import LogQError, StorageError
from logq.settings import Settings

EVERY_SECONDS = 60.0


class Keeper:
    """A thread that maintains a data directory every minute, and whenever it is nudged."""

    def __init__(
        self,
        maintain: Callable[[], object],
        notify: Callable[[str], None],
        seconds: float = EVERY_SECONDS,
    ) -> None:
        self._maintain = maintain
        self._notify = notify
        self._seconds = seconds
        self._wake = threading.Event()
        self._done = False
        self._thread = threading.Thread(target=self._work, name="upkeep", daemon=True)

    def nudge(self) -> None:
        """Say that something is due; returns at once."""
        self._wake.set()

    def start(self) -> None:
        """Begin to wait for work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way and end."""
        self._done = True
        self._wake.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            self._wake.wait(self._seconds)
            if self._done:
                return
            self._wake.clear()
            try:
                self._maintain()
            except LogQError as error:
                self._notify(f"upkeep: {error.message}")


@contextmanager
def keeping(
    maintain: Callable[[], object],
    notify: Callable[[str], None],
    seconds: float = EVERY_SECONDS,
) -> Iterator[Keeper]:
    """Have a data directory maintained meanwhile; what fails is told and tried again."""
    keeper = Keeper(maintain, notify, seconds)
    keeper.start()
    try:
        yield keeper
    finally:
        keeper.stop()


def maintain_apart(directory: Path, settings: Settings) -> None:
    """Seal, compact and drop what is due, in a process of its own; raises StorageError."""
    ran = subprocess.run(
        [sys.executable, "-m", __name__, str(directory)],
        input=json.dumps(dataclasses.asdict(settings)),
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C is for the program; this one finishes its work
    )
    if ran.returncode != 0:
        lines = ran.stderr.strip().splitlines()
        raise StorageError(lines[-1] if lines else f"ended with {ran.returncode}")


def _main() -> int:
    from logq.storage.storage import Storage

    try:
        with Storage.open(Path(sys.argv[1]), settings=Settings(**json.load(sys.stdin))) as storage:
            storage.maintain()
    except LogQError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
