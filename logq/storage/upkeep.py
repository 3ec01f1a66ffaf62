"""The work that keeps a data directory small and quick: compaction, retention, cleaning."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from logq.failpoints import reach
from logq.settings import Settings
from logq.storage import garbage, groups, quarantine, segments
from logq.storage.catalog import Catalog
from logq.storage.compaction import Candidate, Limits, choose
from logq.storage.disk import Directory
from logq.storage.events import visible_from
from logq.storage.schemas import Schemas

Progress = Callable[[int, int], None]
"""Called with how many events have been merged and how many there are to merge."""

_CANDIDATES = """
SELECT id, day, rows, bytes, disk_bytes, grams_sha256 IS NOT NULL, row_groups, sha256,
       hidden, hidden_rows, schema_id, counts
FROM segments WHERE group_id = ? AND damage IS NULL
"""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What compaction did."""

    events: int = 0
    segments_before: int = 0
    segments_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    damaged: tuple[str, ...] = ()
    """Segments that could not be read and are in quarantine now."""


@dataclass(frozen=True, slots=True)
class Retained:
    """What retention removed."""

    segments: int = 0
    events: int = 0
    files: int = 0
    freed_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Compaction and retention; several processes may try at once, one of them wins."""

    catalog: Catalog
    directory: Directory
    schemas: Schemas
    clock: Callable[[], int]
    settings: Settings

    def compact(
        self, pattern: str = "*", progress: Progress | None = None, everything: bool = True
    ) -> Compacted:
        """Merge small segments of the log groups that ``pattern`` means.

        ``everything=False`` merges only where that is worth the writing, as a running agent does.
        """
        report = last = self._pass(pattern, progress, everything)
        while everything and last.segments_after:
            last = self._pass(pattern, progress, everything)
            report = replace(
                report,
                segments_after=report.segments_after - last.segments_before + last.segments_after,
                bytes_after=report.bytes_after - last.bytes_before + last.bytes_after,
                damaged=report.damaged + last.damaged,
            )
        return report

    def _pass(self, pattern: str, progress: Progress | None, everything: bool) -> Compacted:
        """Merge each set of segments once; thousands of small ones take more than one pass."""
        limits = Limits(self.settings.compact_rows, self.settings.compact_bytes)
        with self.catalog.read() as connection:
            chosen = [
                (group, part)
                for group in groups.matching(connection, pattern)
                for part in choose(self._candidates(connection, group), limits, everything)
            ]
        total = sum(c.rows for _, part in chosen for c in part)
        report, done = Compacted(), 0
        for group, part in chosen:
            report = self._exchange(group, part, report)
            done += sum(c.rows for c in part)
            if progress is not None:
                progress(done, total)
        return report

    def _exchange(self, group: groups.Row, part: list[Candidate], report: Compacted) -> Compacted:
        from logq.storage.compactor import Input, Unreadable, exchange

        with self.catalog.read() as connection:
            infos = {
                row[0]: self.schemas.info(connection, row[-2], row[-1])
                for row in connection.execute(_CANDIDATES, (group.id,))
            }
        inputs = [
            Input(c, infos[c.id], self.directory.segment(group.id, c.day, c.id))
            for c in part
            if c.id in infos
        ]
        grace = self.settings.garbage_seconds * 1000
        made = None
        while made is None and inputs:
            try:
                made = exchange(self.catalog, self.directory, group, inputs, self.clock(), grace)
                if made is None:
                    return report  # another process merged them
            except Unreadable as error:
                quarantine.put(self.catalog, self.directory, error.segment_id, error.reason)
                report = replace(report, damaged=(*report.damaged, error.segment_id))
                inputs = [i for i in inputs if i.listed.id != error.segment_id]
        if made is None:
            return report
        return replace(
            report,
            events=report.events + made.rows,
            segments_before=report.segments_before + len(inputs),
            segments_after=report.segments_after + 1,
            bytes_before=report.bytes_before + sum(i.listed.disk_bytes for i in inputs),
            bytes_after=report.bytes_after + made.disk_bytes,
        )

    def _candidates(self, connection: sqlite3.Connection, group: groups.Row) -> list[Candidate]:
        return [
            Candidate(
                *(number, day, rows, size, disk, bool(done), segments.row_groups(parts), digest),
                hidden=tuple(json.loads(hidden)),
                hidden_rows=hidden_rows,
            )
            for number, day, rows, size, disk, done, parts, digest, hidden, hidden_rows, *_ in (
                connection.execute(_CANDIDATES, (group.id,))
            )
        ]

    def retention(self) -> Retained:
        """Drop what has wholly expired, unlink what is due, clean what crashed writers left."""
        now = self.clock()
        dropped = events = 0
        with self.catalog.write() as connection:
            for group in groups.matching(connection):
                since = visible_from(group.retention_days, now)
                if since is None:
                    continue
                rows = connection.execute(
                    "SELECT id, rows FROM segments"
                    " WHERE group_id = ? AND last < ? AND damage IS NULL",
                    (group.id, since),
                ).fetchall()
                due = now + self.settings.garbage_seconds * 1000
                segments.remove(connection, self.directory, [row[0] for row in rows], due)
                dropped += len(rows)
                events += sum(row[1] for row in rows)
                for (count,) in connection.execute(
                    "DELETE FROM journal WHERE group_id = ? AND last < ? RETURNING rows",
                    (group.id, since),
                ).fetchall():
                    events += count
            reach("retention.before-commit")
        reach("retention.after-commit")
        files, freed = garbage.collect(self.catalog, self.directory, now)
        garbage.clean_tmp(self.directory)
        return Retained(dropped, events, files, freed)
