"""One data directory: opens it and wires the parts of the storage engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from logq.database import Database
from logq.model import LogGroup, Snapshot
from logq.settings import Settings
from logq.storage import doctor, opening, quarantine
from logq.storage.answers import Answers
from logq.storage.catalog import Catalog
from logq.storage.checkpoints import Checkpoints
from logq.storage.commits import Commits
from logq.storage.definitions import Definitions
from logq.storage.disk import Directory, disk_errors
from logq.storage.events import Events, Watch
from logq.storage.findings import Report
from logq.storage.groups import Groups
from logq.storage.schemas import Schemas
from logq.storage.sealing import Sealed, Sealing
from logq.storage.snapshot import Snapshots
from logq.storage.telling import Tell
from logq.storage.upkeep import Compacted, Progress, Retained, Upkeep


def epoch_ms() -> int:
    """The time now in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Storage:
    """The events of one data directory; safe under several threads and processes at once."""

    def __init__(
        self, directory: Directory, catalog: Catalog, clock: Callable[[], int], settings: Settings
    ) -> None:
        self.directory = directory
        self.clock = clock
        self.settings = settings
        self._catalog = catalog
        schemas = Schemas()
        self.groups = Groups(
            catalog, directory, clock, settings.any_retention, settings.garbage_seconds * 1000
        )
        self.checkpoints = Checkpoints(catalog)
        self.definitions = Definitions(catalog, clock)
        self.answers = Answers(catalog, directory, clock, settings)
        self._snapshots = Snapshots(catalog, directory, schemas)
        self._sealing = Sealing(catalog, directory, schemas, clock, settings)
        self.events = Events(
            catalog, directory, clock, settings, self._sealing.seal, Commits(catalog)
        )
        self._upkeep = Upkeep(catalog, directory, schemas, clock, settings)

    @staticmethod
    def open(
        path: Path, clock: Callable[[], int] = epoch_ms, settings: Settings | None = None
    ) -> Storage:
        """Open a data directory, or make one; raises CatalogMissing or StorageError."""
        directory, catalog = opening.open_directory(path)
        return Storage(directory, catalog, clock, settings or Settings())

    def when_journal_is_full(self, act: Callable[[str], object]) -> None:
        """What to do with a log group's journal that is full, in place of sealing it here."""
        self.events = replace(self.events, seal=act)

    def when_events_come(self, watch: Watch) -> None:
        """What else happens in the transaction that accepts events."""
        self.events = replace(self.events, watch=watch)

    def when_something_changes(self, tell: Tell) -> None:
        """What else happens in the transaction that changes a log group or a definition."""
        self.groups.tell = tell
        self.definitions.tell = tell

    @property
    def database(self) -> Database:
        """The catalog, for engines that keep tables of their own in it."""
        return self._catalog

    def close(self) -> None:
        """Give the data directory back."""
        self._catalog.close()

    def __enter__(self) -> Storage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check_writable(self) -> None:
        """Raise StorageError unless a transaction can begin and end now."""
        with self._catalog.write():
            pass

    def snapshot(self, groups: Sequence[str]) -> Snapshot:
        """Everything visible now in the named log groups; raises UnknownLogGroup."""
        return self._snapshots.take(groups, self.clock())

    def log_groups(self) -> tuple[LogGroup, ...]:
        """Every log group, in name order."""
        return self.groups.list()

    def seal(self, group: str | None = None) -> Sealed:
        """Turn the journal into segments, of one log group or of all."""
        return self._sealing.seal(group or "*")

    def compact(self, group: str | None = None, progress: Progress | None = None) -> Compacted:
        """Merge small segments into large ones, of one log group or of all."""
        return self._upkeep.compact(group or "*", progress)

    def retention(self) -> Retained:
        """Drop expired segments and unlink files that are due."""
        return self._upkeep.retention()

    def maintain(self) -> tuple[Sealed, Compacted, Retained]:
        """Seal, compact and drop what is due; quick when nothing is, so call it every minute."""
        self.answers.clean()
        return (
            self._sealing.seal_due(),
            self._upkeep.compact(everything=False),
            self._upkeep.retention(),
        )

    def doctor(self, repair: bool = False, progress: doctor.Progress | None = None) -> Report:
        """Check every file and row; ``doctor.examine`` also takes a directory that cannot open."""
        with disk_errors("reading the data directory"):
            return doctor.check(self._catalog, self.directory, repair, progress)

    def is_intact(self, segment_id: str) -> bool:
        """Whether the file of a segment is there as it was written, or is wanted no more."""
        return quarantine.is_intact(self._catalog, self.directory, segment_id)

    def quarantine(self, segment_id: str, reason: str) -> bool:
        """Take a segment that cannot be read out of every answer; False if it is gone anyway.

        A query that fails on a segment asks this: False means that the segment was merged or
        deleted meanwhile and a new snapshot will do.
        """
        return quarantine.put(self._catalog, self.directory, segment_id, reason)
