"""One file as the agent follows it: its name, its watcher, and what has become of it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from logq.ingest.agent_config import Source
from logq.ingest.checkpoint import FileId, Progress
from logq.ingest.content import Content, is_packed, open_content
from logq.ingest.hold import Boundary
from logq.ingest.watcher import Patience, Watcher

State = tuple[int, int]
"""Size and modification time (ns): if they stay, a closed file need not be opened."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file that is there now."""

    paths: tuple[str, ...]
    """All names under which it was found, best first."""
    id: FileId
    state: State
    source: Source
    kin_of: Progress | None = None
    """Not asked for by the configuration, but it may hold the rest of this file."""


def look(path: str) -> tuple[FileId, State] | None:
    """Identity and state of a regular file; None if there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - for every file every second
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return (status.st_dev, status.st_ino), (status.st_size, status.st_mtime_ns)


@dataclass(eq=False, slots=True)
class Followed:
    """One generation of one file."""

    progress: Progress
    """What is durable."""
    source: Source
    path: str
    state: State = (0, 0)
    """As it was seen last from outside."""
    since: int = 0
    """When anything changed last, epoch milliseconds."""
    judged: bool = True
    """Whether it is known whose bytes these are; False for newcomers."""
    doubted: int | None = None
    """When it was found for the first time that it may be a copy, epoch milliseconds."""
    linked: bool = True
    """Whether the configuration's paths still lead to it."""
    kin_of: Progress | None = None
    watcher: Watcher | None = None
    pending: int = 0
    """Chunks that are not durable yet."""
    polled: State | None = None
    """State at the last poll that found nothing more."""
    idle: bool = False
    """Whether the last poll found nothing more."""
    stopped: bool = False
    """Another process reads this file."""
    error: str = ""
    lines: int = 0
    events: int = 0

    @property
    def id(self) -> FileId:
        return self.progress.id

    @property
    def packed(self) -> bool:
        return is_packed(self.path)

    @property
    def place(self) -> int:
        """How far it has been read, durable or not."""
        return self.watcher.place if self.watcher is not None else self.progress.offset

    @property
    def size(self) -> int:
        """Bytes in it, as far as that is known."""
        if self.packed:
            return max(self.progress.size, self.place)
        seen = self.watcher.size if self.watcher is not None else 0
        return max(self.state[0], seen, self.progress.offset)

    @property
    def drained(self) -> bool:
        """Whether all that is there is durable."""
        return self.pending == 0 and self.judged and self.progress.offset >= self.size

    def open(self) -> Content | None:
        """The content behind the name; None if the name has come to mean another file."""
        content = open_content(self.path)
        status = content.stat()
        if (status.st_dev, status.st_ino) == self.id:
            return content
        content.close()
        return None

    def watch(self, content: Content, boundary: Boundary | None, patience: Patience) -> Watcher:
        """Start reading on."""
        self.watcher = Watcher(
            content, self.progress, self.source.max_event_bytes, boundary, patience
        )
        return self.watcher

    def stop(self) -> str:
        """Leave the file to the other process that reads it; returns words about that."""
        self.close()
        self.stopped = self.judged = True
        self.error = f"{self.path} is read by another process; it is left to that one"
        return self.error

    def close(self) -> None:
        """Let go of the file; it can be watched again."""
        if self.watcher is not None:
            self.watcher.content.close()
            self.watcher = None
