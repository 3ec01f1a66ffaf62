"""The journal as queries read it: decoded once, and remembered.

The journal of a log group is cut into runs of entries, from its oldest entry on. A full run never
changes until it is sealed, so its decoded batch serves every later snapshot of this process; only
the last run, which still grows, is decoded again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logq.errors import StorageError
from logq.model import LOG_STREAM, SYSTEM_COLUMNS, Piece
from logq.storage import groups, journal

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.model import BatchInfo

RUN_ENTRIES, RUN_BYTES = 32, 4 << 20
"""A run ends with the entry that fills it."""
KEPT_BYTES = 128 << 20
"""How much is remembered."""

Key = tuple[str, int, tuple[tuple[int, str], ...]]
InfoOf = Callable[[journal.Entry], "BatchInfo"]


@dataclass(frozen=True, slots=True)
class Run:
    """Some entries in a row: a piece that is known already, or the data to make it of."""

    group: groups.Row
    entries: tuple[journal.Entry, ...]
    data: tuple[tuple[bytes, BatchInfo], ...] = ()
    piece: Piece | None = None

    @property
    def key(self) -> Key:
        """What makes it the same run; streams of it may be deleted later."""
        entries = tuple((entry.id, entry.hidden) for entry in self.entries)
        return self.group.name, self.group.id, entries


@dataclass(slots=True)
class Recent:
    """Decoded runs of journals, those used last; safe under several threads."""

    _known: OrderedDict[Key, Piece] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(
        self,
        connection: sqlite3.Connection,
        group: groups.Row,
        entries: Sequence[journal.Entry],
        info: InfoOf,
    ) -> Iterator[Run]:
        """The runs of a journal; reads the data of those that are not known."""
        for part in _runs(entries):
            run = Run(group, part)
            piece = self._get(run.key)
            if piece is not None:
                yield Run(group, part, piece=piece)
            else:
                data = tuple((journal.data_of(connection, e), info(e)) for e in part)
                yield Run(group, part, data)

    def piece(self, run: Run, warnings: list[str]) -> Piece | None:
        """A run as a piece; what is damaged is left out and told. None: nothing is left."""
        if run.piece is not None:
            return run.piece
        faults: list[str] = []
        piece = _piece(run, faults)
        warnings += faults
        if piece is not None and not faults:
            self._keep(run.key, piece)
        return piece

    def _get(self, key: Key) -> Piece | None:
        with self._lock:
            piece = self._known.get(key)
            if piece is not None:
                self._known.move_to_end(key)
            return piece

    def _keep(self, key: Key, piece: Piece) -> None:
        with self._lock:
            if key in self._known:
                return
            self._known[key] = piece
            self._bytes += piece.table.nbytes
            while self._bytes > KEPT_BYTES:
                _, gone = self._known.popitem(last=False)
                self._bytes -= gone.table.nbytes


def _runs(entries: Sequence[journal.Entry]) -> Iterator[tuple[journal.Entry, ...]]:
    run: list[journal.Entry] = []
    size = 0
    for entry in entries:
        run.append(entry)
        size += entry.bytes
        if len(run) == RUN_ENTRIES or size >= RUN_BYTES:
            yield tuple(run)
            run, size = [], 0
    if run:
        yield tuple(run)


def _piece(run: Run, warnings: list[str]) -> Piece | None:
    """Entries as one piece in time order."""
    import pyarrow.compute as pc

    from logq.storage.batch import in_time_order, times

    batches: list[tuple[journal.Entry, pa.Table, BatchInfo]] = []
    for entry, (data, info) in zip(run.entries, run.data, strict=True):
        try:
            batches.append((entry, journal.decode(entry, data), info))
        except StorageError as error:
            warnings.append(f"{error.message} (log group {run.group.name})")
    if not batches:
        return None
    table, info = journal.together(batches)
    read = [entry for entry, _, _ in batches]
    table = in_time_order(table.combine_chunks())
    first, last = times(table)
    return Piece(
        run.group.name,
        f"journal:{read[0].id}-{read[-1].id}",
        table.num_rows,
        sum(entry.bytes for entry in read),
        first,
        last,
        info,
        frozenset(n for n in table.column_names if n in SYSTEM_COLUMNS),
        frozenset(pc.unique(table.column(LOG_STREAM)).to_pylist()),
        table=table,
    )
