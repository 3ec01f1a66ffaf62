"""What a running agent says of itself, in a small file in the data directory."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from logq.ingest.counters import Counters
from logq.ingest.followed import Followed

DIRECTORY = "agent"
MAX_FILES = 1000
"""Files named in a status; those that lag most come first."""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """One followed file; times in epoch milliseconds, sizes in bytes."""

    path: str
    group: str
    stream: str
    offset: int
    """Durable up to here."""
    size: int
    lag_bytes: int
    lag_seconds: float
    """Age of the oldest bytes that are not durable, at most since the agent saw the file."""
    last_event: int | None
    lines: int
    events: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """One agent process; times in epoch milliseconds."""

    pid: int
    started: int
    updated: int
    finished: bool
    """Whether it stopped in good order."""
    counters: Mapping[str, int]
    dropped: Mapping[str, int]
    """By reason; bytes, unless the reason names what is counted."""
    files: tuple[FileStatus, ...]
    files_total: int
    error: str = ""
    """Why storage refuses events at present."""
    polling: bool = False
    """Whether the system reports no file events."""
    alive: bool = field(default=False, compare=False)
    """Whether the process is there now."""

    @property
    def lag_bytes(self) -> int:
        """Bytes that are not durable, in the files named here."""
        return sum(file.lag_bytes for file in self.files)


def read_status(data_dir: Path) -> tuple[AgentStatus, ...]:
    """Every agent that has run on a data directory, the one heard of last first.

    A status that says neither ``alive`` nor ``finished`` is that of an agent that died.
    """
    found = []
    for path in (data_dir / DIRECTORY).glob("*.json"):
        try:
            found.append(_from_json(path.read_bytes()))
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return tuple(sorted(found, key=lambda status: -status.updated))


def file_status(followed: Followed, now: int) -> FileStatus:
    """The status of one file."""
    progress = followed.progress
    lag = max(0, followed.size - progress.offset) if not followed.stopped else 0
    since = max(progress.time, min(followed.since, now)) if lag else now
    return FileStatus(
        followed.path,
        progress.group,
        progress.stream,
        progress.offset,
        followed.size,
        lag,
        max(0, now - since) / 1000,
        progress.event_time,
        followed.lines,
        followed.events,
        followed.error,
    )


def status_of(
    followed: Iterable[Followed],
    counters: Counters,
    *,
    started: int,
    now: int,
    error: str = "",
    polling: bool = False,
    finished: bool = False,
) -> AgentStatus:
    """The status of this process."""
    files = sorted(
        (file_status(f, now) for f in followed), key=lambda f: (-f.lag_bytes, not f.error, f.path)
    )
    numbers = {f.name: getattr(counters, f.name) for f in fields(Counters)}
    dropped = dict(numbers.pop("dropped"))
    return AgentStatus(
        os.getpid(),
        started,
        now,
        finished,
        numbers,
        dropped,
        tuple(files[:MAX_FILES]),
        len(files),
        error,
        polling,
    )


class StatusFile:
    """Writes the status of this process, each time as a whole."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / DIRECTORY / f"{os.getpid()}.json"

    def write(self, status: AgentStatus) -> None:
        """Replace the file; what the disk refuses is left out, since events come first."""
        temporary = self._path.with_suffix(".tmp")
        try:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            temporary.write_text(json.dumps(asdict(status)), encoding="utf-8")
            temporary.replace(self._path)
        except OSError:
            return

    def clear_others(self) -> None:
        """Remove the status files of processes that are no more."""
        for path in self._path.parent.glob("*.json"):
            if path != self._path and path.stem.isdigit() and not _is_alive(int(path.stem)):
                path.unlink(missing_ok=True)


def _from_json(text: bytes) -> AgentStatus:
    data: dict[str, Any] = json.loads(text)
    known = {f.name for f in fields(AgentStatus)}
    values = {name: value for name, value in data.items() if name in known}
    values["files"] = tuple(FileStatus(**file) for file in data["files"])
    values["alive"] = not data["finished"] and _is_alive(data["pid"])
    return AgentStatus(**values)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
