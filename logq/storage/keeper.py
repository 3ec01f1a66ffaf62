"""Look after a data directory in the background of a program that runs for long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from logq.errors import LogQError

EVERY_SECONDS = 60.0


@contextmanager
def keeping(
    maintain: Callable[[], object],
    notify: Callable[[str], None],
    seconds: float = EVERY_SECONDS,
) -> Iterator[None]:
    """Call ``maintain`` every minute in a thread of its own; what fails is told and tried again."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(seconds):
            try:
                maintain()
            except LogQError as error:
                notify(f"upkeep: {error.message}")

    thread = threading.Thread(target=work, name="upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
