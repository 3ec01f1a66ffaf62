"""Accept events: durable and visible when ``append`` returns, or not stored at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from logq.errors import LogQError, StorageError
from logq.failpoints import reach
from logq.model import TIMESTAMP, Accepted, Checkpoint
from logq.settings import Settings
from logq.storage import checkpoints as marks
from logq.storage import groups, journal, sealing, segments
from logq.storage.catalog import Catalog
from logq.storage.commits import Commits
from logq.storage.disk import Directory

if TYPE_CHECKING:
    import pyarrow as pa


DAY = 86_400_000

Effect = Callable[[sqlite3.Connection], None]
"""What happens inside the transaction that accepts a batch, and only if it does."""


class Watch(Protocol):
    """Whoever wants to know of every batch that is accepted."""

    def __call__(self, group: str, batch: pa.Table) -> Effect | None:
        """Look at a batch before its transaction; what is returned runs inside it.

        It may run more than once, of which at most one run counts.
        """
        ...


def _nothing(group: str, batch: pa.Table) -> Effect | None:
    return None


def visible_from(retention_days: int | None, now: int) -> int | None:
    """The time before which events of a log group have expired."""
    return None if retention_days is None else now - retention_days * DAY


@dataclass(frozen=True, slots=True)
class Events:
    """The writing side of a data directory."""

    catalog: Catalog
    directory: Directory
    clock: Callable[[], int]
    settings: Settings
    seal: Callable[[str], object]
    """Turns the journal of a log group into segments."""
    commits: Commits
    """Puts small batches of several threads into one transaction."""
    watch: Watch = _nothing

    def append(
        self, group: str, batch: pa.Table, checkpoints: Sequence[Checkpoint] = ()
    ) -> Accepted:
        """Store a batch and move checkpoints, together and durably.

        Raises UnknownLogGroup, CheckpointConflict, DiskFull or StorageError; then nothing is
        stored. Events older than the group's retention are counted in ``Accepted.expired``.
        """
        from logq.storage.batch import canonical, message_bytes

        now = self.clock()
        with self.catalog.read() as connection:
            row = groups.find(connection, group)
        table = _live(canonical(batch), visible_from(row.retention_days, now))
        expired = batch.num_rows - table.num_rows
        size = message_bytes(table)
        if table.num_rows == 0:
            with self.catalog.write() as connection:
                groups.check(connection, row)
                marks.advance(connection, checkpoints)
            return Accepted(0, 0, 0, expired)
        small = size <= self.settings.journal_batch_bytes
        store = self._to_journal if small else self._to_segments
        effect = self.watch(group, table)

        def together(connection: sqlite3.Connection) -> None:
            groups.check(connection, row)
            marks.advance(connection, checkpoints)
            if effect is not None:
                effect(connection)

        first_seq = store(row, table, size, together, now)
        return Accepted(table.num_rows, size, first_seq, expired)

    def _to_journal(
        self,
        group: groups.Row,
        table: pa.Table,
        size: int,
        together: Effect,
        now: int,
    ) -> int:
        from logq.storage.batch import info_of, stamp, stream_parts, times

        parts = stream_parts(stamp(table, 0, now))
        encoded = journal.encode(table, info_of(table), size, times(table))
        reach("journal.before-transaction")

        def insert(connection: sqlite3.Connection) -> tuple[int, bool]:
            together(connection)
            first_seq = segments.take_seqs(connection, table.num_rows)
            note_streams(connection, group.id, parts, now)
            reach("journal.in-transaction")
            journal.insert(connection, group.id, encoded, first_seq, now, parts)
            full = bool(sealing.due(connection, self.settings, now, group.id))
            reach("journal.before-commit")
            return first_seq, full

        first_seq, full = self.commits.run(insert)
        reach("journal.after-commit")
        if full:
            with suppress(LogQError):  # the events are safe; the next batch tries again
                self.seal(group.name)
        return first_seq

    def _to_segments(
        self,
        group: groups.Row,
        table: pa.Table,
        size: int,
        together: Effect,
        now: int,
    ) -> int:
        from logq.storage import drafts
        from logq.storage.batch import stamp
        from logq.storage.segment import Origin

        with self.catalog.write() as connection:
            first_seq = segments.take_seqs(connection, table.num_rows)
        planned = drafts.cut(stamp(table, first_seq, now), group.id, now)
        paths = [draft.path(self.directory) for draft in planned]
        with self.catalog.write() as connection:
            segments.announce(connection, self.directory, paths, now)
        reach("segment.announced")
        origin = Origin(group.name, group.retention_days)
        written = drafts.write(self.directory, planned, origin)
        reach("segment.before-commit")
        committing = False
        try:
            with self.catalog.write() as connection:
                together(connection)
                for segment in written:
                    note_streams(connection, group.id, segment.streams, now)
                if not segments.publish(connection, self.directory, written):
                    raise StorageError(
                        "writing the events took so long that their files were given up",
                        hint="try again; nothing was stored",
                    )
                committing = True
        finally:
            if not committing:  # after a failed commit only the catalog knows: garbage later
                drafts.discard(self.directory, planned)
        reach("segment.after-commit")
        return first_seq


def note_streams(
    connection: sqlite3.Connection, group_id: int, names: Iterable[str], now: int
) -> None:
    """Make the log streams that are not there yet, inside a transaction."""
    connection.executemany(
        "INSERT OR IGNORE INTO log_streams VALUES (?, ?, ?)", [(group_id, n, now) for n in names]
    )


def _live(table: pa.Table, since: int | None) -> pa.Table:
    if since is None:
        return table
    import pyarrow as pa
    import pyarrow.compute as pc

    alive = pc.greater_equal(table.column(TIMESTAMP).cast(pa.int64()), since)
    return table if pc.all(alive).as_py() in (True, None) else table.filter(alive)
