"""Waking up when files change: watchdog where the system lets it, else only the clock.

Nothing depends on these events: they make the next look at the files come sooner.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

MAX_WATCHES = 64
"""Directories watched at a time; each costs an inotify instance."""
_READ_ONLY = frozenset({"opened", "closed_no_write"})
_NAMES = frozenset({"created", "moved", "deleted"})


class Wake(FileSystemEventHandler):
    """Something to wait on that files, signals and other threads can end."""

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify = notify
        self._event = threading.Event()
        self._names = threading.Event()
        self._observer: BaseObserver | None = None
        self._watches: dict[str, tuple[tuple[int, int], ObservedWatch]] = {}
        self._off = False

    @property
    def polling(self) -> bool:
        """Whether file events are not to be had."""
        return self._off

    def watch(self, directories: Iterable[tuple[str, bool]]) -> None:
        """Watch these directories (with all below: True) and no others; quick if nothing changed.

        A directory that is not there, or was removed and made again, is taken up at a later call.
        """
        if self._off:
            return
        wanted = dict(_outermost(directories))
        for directory in set(self._watches) - wanted.keys():
            self._forget(directory)
        for directory, deep in wanted.items():
            try:
                status = Path(directory).stat()
            except OSError:
                self._forget(directory)
                continue
            here = (status.st_dev, status.st_ino)
            if directory in self._watches and self._watches[directory][0] != here:
                self._forget(directory)
            if directory not in self._watches and len(self._watches) < MAX_WATCHES:
                self._add(directory, deep, here)

    def wait(self, milliseconds: float) -> bool:
        """Sleep until something happens or the time is over; True if names may have changed."""
        self._event.wait(milliseconds / 1000)
        self._event.clear()
        changed = self._names.is_set()
        self._names.clear()
        return changed

    def wake(self) -> None:
        """End the wait; for signal handlers and other threads."""
        self._event.set()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called by watchdog in its own thread."""
        if event.event_type in _READ_ONLY:
            return
        if event.event_type in _NAMES:
            self._names.set()
        self._event.set()

    def close(self) -> None:
        """Stop watching."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None
        self._watches.clear()

    def _add(self, directory: str, deep: bool, here: tuple[int, int]) -> None:
        try:
            if self._observer is None:
                self._observer = Observer()
                self._observer.start()
            watch = self._observer.schedule(self, directory, recursive=deep)
        except FileNotFoundError:
            return
        except (OSError, RuntimeError) as error:
            self._off = True
            self._notify(
                f"file events are not to be had ({error}); files are looked at every second instead"
            )
            self.close()
            return
        self._watches[directory] = (here, watch)

    def _forget(self, directory: str) -> None:
        found = self._watches.pop(directory, None)
        if found is not None and self._observer is not None:
            self._observer.unschedule(found[1])


def _outermost(directories: Iterable[tuple[str, bool]]) -> Iterable[tuple[str, bool]]:
    """Without those that another one covers."""
    deep = {directory for directory, below in directories if below}
    for directory, below in directories:
        parents = (directory[:i] for i, c in enumerate(directory) if c == "/" and i)
        if not any(parent in deep for parent in parents) and (below or directory not in deep):
            yield directory, below
