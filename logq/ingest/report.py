"""What ``logq ingest`` says while it works and when it is done."""

from __future__ import annotations

from dataclasses import dataclass, field

from logq.errors import LogQError
from logq.ingest.events import Rejected
from logq.ingest.parser import Counters

MAX_REJECTED = 20
"""Rejected lines named one by one."""
_SUMMED = (
    "lines",
    "events",
    "bytes",
    "blank",
    "rejected",
    "truncated",
    "invalid_utf8",
    "expired",
    "skipped",
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load has come."""

    path: str
    done: int
    """Bytes of all files read so far, as they are on disk."""
    total: int | None
    """Bytes of all files; None while standard input is read."""
    lines: int
    events: int


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file."""

    path: str
    stream: str
    lines: int = 0
    events: int = 0
    bytes: int = 0
    """Of messages."""
    blank: int = 0
    rejected: int = 0
    truncated: int = 0
    invalid_utf8: int = 0
    expired: int = 0
    """Older than the group's retention, not stored."""
    skipped: int = 0
    """Bytes that had been ingested before."""
    known_as: str | None = None
    """The name under which they had been, if it differs."""
    faults: tuple[Rejected, ...] = ()
    """The first rejected lines and why."""
    error: LogQError | None = None

    @property
    def already_ingested(self) -> bool:
        """Whether there was nothing new in the file."""
        return self.skipped > 0 and self.lines == 0 and self.error is None

    def plus(self, counters: Counters, expired: int) -> FileReport:
        """This report after another batch was stored."""
        return FileReport(
            self.path,
            self.stream,
            self.lines + counters.lines,
            self.events + counters.events - expired,
            self.bytes + counters.bytes,
            self.blank + counters.blank,
            self.rejected + len(counters.rejected),
            self.truncated + counters.truncated,
            self.invalid_utf8 + counters.invalid_utf8,
            self.expired + expired,
            self.skipped,
            self.known_as,
            (*self.faults, *counters.rejected)[:MAX_REJECTED],
            self.error,
        )


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of all files."""

    files: tuple[FileReport, ...] = ()
    interrupted: bool = False
    total: FileReport = field(default=FileReport("", ""))
    """The sums over all files."""

    @staticmethod
    def of(files: tuple[FileReport, ...], interrupted: bool) -> LoadReport:
        """The report of a run."""
        sums = {name: sum(getattr(f, name) for f in files) for name in _SUMMED}
        return LoadReport(files, interrupted, FileReport("", "", **sums))

    @property
    def failed(self) -> tuple[FileReport, ...]:
        """The files that could not be read, or not to their end."""
        return tuple(f for f in self.files if f.error is not None)
