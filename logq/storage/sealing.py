"""Turn the journal of a log group into segments."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from logq.failpoints import reach
from logq.model import BatchInfo
from logq.settings import Settings
from logq.storage import groups, journal, segments
from logq.storage.catalog import Catalog
from logq.storage.disk import Directory
from logq.storage.schemas import Schemas

_DUE = """
SELECT group_id FROM journal {where} GROUP BY group_id
HAVING sum(bytes) >= ? OR count(*) >= ? OR min(written) <= ?
"""


def due(
    connection: sqlite3.Connection, settings: Settings, now: int, group_id: int | None = None
) -> set[int]:
    """The log groups whose journal is large, old or in many parts; of all or only of one."""
    limits = (settings.seal_bytes, settings.seal_batches, now - settings.seal_seconds * 1000)
    where = "" if group_id is None else f"WHERE group_id = {group_id:d}"
    return {row[0] for row in connection.execute(_DUE.format(where=where), limits)}


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing did."""

    events: int = 0
    batches: int = 0
    segments: int = 0


@dataclass(frozen=True, slots=True)
class Sealing:
    """Seals journals; several processes may try at once, one of them wins."""

    catalog: Catalog
    directory: Directory
    schemas: Schemas
    clock: Callable[[], int]
    settings: Settings

    def seal(self, pattern: str = "*") -> Sealed:
        """Seal the whole journal of the log groups that ``pattern`` means."""
        with self.catalog.read() as connection:
            chosen = groups.matching(connection, pattern)
        return self._seal_all(chosen)

    def seal_due(self) -> Sealed:
        """Seal journals that are large, old or in many parts; quick when there are none."""
        with self.catalog.read() as connection:
            found = due(connection, self.settings, self.clock())
            chosen = [r for r in groups.matching(connection) if r.id in found] if found else []
        return self._seal_all(chosen)

    def _seal_all(self, chosen: list[groups.Row]) -> Sealed:
        events = batches = files = 0
        for group in chosen:
            while True:
                sealed, more = self._seal_some(group)
                events += sealed.events
                batches += sealed.batches
                files += sealed.segments
                if not more:
                    break
        return Sealed(events, batches, files)

    def _seal_some(self, group: groups.Row) -> tuple[Sealed, bool]:
        """Seal the oldest batches, up to twice ``seal_bytes``; answers whether there are more."""
        from logq.storage import drafts
        from logq.storage.segment import Origin

        with self.catalog.read() as connection:
            waiting = journal.entries(connection, group.id)
            stored, more = self._first(connection, waiting)
        if not stored:
            return Sealed(), False
        now = self.clock()
        table, _ = journal.together(
            [(e, journal.decode(e, data), info) for e, data, info in stored]
        )
        planned = drafts.cut(table.combine_chunks(), group.id, now)
        paths = [draft.path(self.directory) for draft in planned]
        with self.catalog.write() as connection:
            segments.announce(connection, self.directory, paths, now)
        reach("seal.announced")
        ids = tuple(e.id for e, _, _ in stored)
        origin = Origin(group.name, group.retention_days, journal=ids)
        written = drafts.write(self.directory, planned, origin)
        reach("seal.before-commit")
        won = False
        try:
            with self.catalog.write() as connection:
                won = (
                    journal.are_as(connection, [e for e, _, _ in stored])
                    and journal.delete(connection, ids)
                    and segments.publish(connection, self.directory, written)
                )
                if not won:
                    connection.execute("ROLLBACK")
        finally:
            if not won:
                drafts.discard(self.directory, planned)
        reach("seal.after-commit")
        if not won:
            return Sealed(), False
        return Sealed(table.num_rows, len(ids), len(written)), more

    def _first(
        self, connection: sqlite3.Connection, waiting: list[journal.Entry]
    ) -> tuple[list[tuple[journal.Entry, bytes, BatchInfo]], bool]:
        """The oldest batches and whether there are more; damaged ones wait for the doctor."""
        stored: list[tuple[journal.Entry, bytes, BatchInfo]] = []
        taken = 0
        for entry in waiting:
            taken += entry.bytes
            if stored and taken > 2 * self.settings.seal_bytes:
                return stored, True
            data = journal.data_of(connection, entry)
            if journal.is_whole(entry, data):
                info = self.schemas.info(connection, entry.schema_id, entry.counts)
                stored.append((entry, data, info))
        return stored, False
