"""What a query may see: the pieces of some log groups at one moment, from the catalog alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from logq.model import Piece, Snapshot
from logq.storage import groups, journal
from logq.storage.catalog import Catalog
from logq.storage.disk import Directory
from logq.storage.events import visible_from
from logq.storage.recent import Recent, Run
from logq.storage.schemas import Schemas
from logq.storage.segments import row_groups
from logq.units import format_time

if TYPE_CHECKING:
    from logq.model import BatchInfo

_SEGMENTS = """
SELECT id, day, rows, bytes, first, last, schema_id, columns, counts, row_groups, stream_names,
       grams_sha256, hidden, damage
FROM segments WHERE group_id = ? AND last >= ? ORDER BY first, id
"""
_EVER = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The reading side of a data directory."""

    catalog: Catalog
    directory: Directory
    schemas: Schemas
    recent: Recent = field(default_factory=Recent)
    _sets: dict[str, frozenset[str]] = field(default_factory=dict)
    """Sets of names by their JSON: a thousand segments share a few."""

    def take(self, names: Sequence[str], now: int) -> Snapshot:
        """Everything visible in the named log groups; ``*`` in a name stands for any text.

        Raises UnknownLogGroup for a plain name that no group has. A journal that is damaged or a
        quarantined segment is a warning. A piece that has wholly expired is left out.
        """
        pieces: list[Piece] = []
        warnings: list[str] = []
        runs: list[Run] = []
        since: dict[str, int] = {}
        with self.catalog.read() as connection:
            found = {row.id: row for name in names for row in groups.matching(connection, name)}
            chosen = sorted(found.values(), key=lambda row: row.name)
            for group in chosen:
                start = visible_from(group.retention_days, now)
                if start is not None:
                    since[group.name] = start
                oldest = _EVER if start is None else start
                for row in connection.execute(_SEGMENTS, (group.id, oldest)):
                    if row[-1] is not None:
                        warnings.append(_missing(group.name, row))
                    else:
                        pieces.append(self._piece(connection, group, row))
                entries = [e for e in journal.entries(connection, group.id) if e.last >= oldest]
                info = partial(self._info, connection)
                runs += self.recent.find(connection, group, entries, info)
        for run in runs:
            piece = self.recent.piece(run, warnings)
            if piece is not None:
                pieces.append(piece)
        return Snapshot(tuple(pieces), since, tuple(g.name for g in chosen), tuple(warnings))

    def _info(self, connection: sqlite3.Connection, entry: journal.Entry) -> BatchInfo:
        return self.schemas.info(connection, entry.schema_id, entry.counts)

    def _piece(
        self, connection: sqlite3.Connection, group: groups.Row, row: tuple[object, ...]
    ) -> Piece:
        (
            number,
            day,
            rows,
            size,
            first,
            last,
            schema,
            columns,
            counts,
            parts,
            streams,
            grams,
            hidden,
            _,
        ) = row
        assert isinstance(number, str) and isinstance(day, str)
        assert isinstance(rows, int) and isinstance(size, int)
        assert isinstance(first, int) and isinstance(last, int) and isinstance(schema, int)
        assert isinstance(columns, str) and isinstance(counts, str) and isinstance(streams, str)
        assert isinstance(parts, bytes) and isinstance(hidden, str)
        directory = self.directory
        return Piece(
            group.name,
            number,
            rows,
            size,
            first,
            last,
            self.schemas.info(connection, schema, counts),
            self._set(columns),
            self._set(streams),
            str(directory.segment(group.id, day, number)),
            None,
            row_groups(parts),
            str(directory.grams(group.id, day, number)) if grams else None,
            self._set(hidden),
        )

    def _set(self, text: str) -> frozenset[str]:
        known = self._sets.get(text)
        if known is None:
            known = self._sets[text] = frozenset(json.loads(text))
        return known


def _missing(group: str, row: tuple[object, ...]) -> str:
    number, _, rows, _, first, last = row[:6]
    assert isinstance(first, int) and isinstance(last, int)
    return (
        f"segment {number} of log group {group} is damaged ({row[-1]}): its {rows} events between "
        f"{format_time(first)} and {format_time(last)} UTC are missing from the answer"
    )
