"""Events that have arrived since one last looked: what ``tail -f`` queries.

Sequence numbers are taken before a large batch is written and it becomes visible afterwards, so a
lower number may appear after a higher one. Hence no event is judged by its number alone: it is new
if it was not visible before. What must be remembered for that is small, because a batch becomes
visible within ``VISIBLE_WITHIN_MS`` of its ingestion time or never.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from logq.model import INGESTION_TIME, SEQ, Piece, Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.query.engine import Store

VISIBLE_WITHIN_MS = 900_000
_FORGET_EVERY_MS = 60_000


class Arrivals:
    """Snapshots of new events only; each takes what has become visible since the last.

    With ``most``, a snapshot has at most so many of them, the latest, and the others are counted.
    """

    def __init__(self, store: Store, clock: Callable[[], int], most: int | None = None) -> None:
        self._store = store
        self._clock = clock
        self._most = most
        self.dropped = 0
        """Events that the last snapshot left out."""
        self.last = 0
        """The highest number of an event seen so far."""
        self._since = clock() - VISIBLE_WITHIN_MS
        self._seen: list[pa.Table] = []  # number and ingestion time of events since then
        self._known: frozenset[tuple[str, int]] = frozenset()

    def start(self, groups: Sequence[str]) -> Snapshot:
        """Everything visible now, all of which counts as seen from now on."""
        snapshot = self._store.snapshot(groups)
        for piece in snapshot.pieces:
            if piece.path is None or _changed_since(piece.path, self._since):
                self._see(_recent(_marks(piece), self._since))
        self._known = _known(snapshot)
        return snapshot

    def resume(self, groups: Sequence[str], last: int, since: int) -> Snapshot:
        """What is visible now of the events after number ``last``, as pieces in memory.

        They have become visible after ``since`` (epoch ms); everything counts as seen from now on.
        """
        import pyarrow.compute as pc

        snapshot = self.start(groups)
        marks = [
            (piece, found.filter(pc.greater(found.column(SEQ), last)))
            for piece in snapshot.pieces
            if piece.path is None or _changed_since(piece.path, since)
            for found in [_marks(piece)]
        ]
        return replace(snapshot, pieces=self._pieces(marks))

    def snapshot(self, groups: Sequence[str]) -> Snapshot:
        """What has become visible since the last call, as pieces in memory."""
        snapshot = self._store.snapshot(groups)
        fresh = [p for p in snapshot.pieces if (p.name, p.rows) not in self._known]
        marks = [(piece, self._new(piece)) for piece in fresh]
        self._known = _known(snapshot)
        self._forget()
        return replace(snapshot, pieces=self._pieces(marks))

    def is_intact(self, segment_id: str) -> bool:
        """Whether the file of a segment is there as it was written."""
        return self._store.is_intact(segment_id)

    def quarantine(self, segment_id: str, reason: str) -> bool:
        """Tell the storage of a segment that cannot be read."""
        return self._store.quarantine(segment_id, reason)

    def _new(self, piece: Piece) -> pa.Table:
        """The marks of the new events of a piece; they count as seen from now on."""
        import pyarrow as pa
        import pyarrow.compute as pc

        marks = _recent(_marks(piece), self._since)
        if self._seen and len(marks):
            numbers = marks.column(SEQ)
            ends = pc.min_max(numbers)
            seen = pa.concat_tables(self._seen).column(SEQ)
            # A small piece against all that was seen lately: look at its neighbours only.
            near = pc.and_(pc.greater_equal(seen, ends["min"]), pc.less_equal(seen, ends["max"]))
            marks = marks.filter(pc.invert(pc.is_in(numbers, value_set=seen.filter(near))))
        self._see(marks)
        return marks

    def _see(self, marks: pa.Table) -> None:
        import pyarrow.compute as pc

        if len(marks):
            self._seen.append(marks)
            self.last = max(self.last, pc.max(marks.column(SEQ)).as_py())

    def _pieces(self, found: Sequence[tuple[Piece, pa.Table]]) -> tuple[Piece, ...]:
        """The marked events of pieces as pieces in memory, and no more of them than may be."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = [(piece, marks) for piece, marks in found if len(marks)]
        count = sum(len(marks) for _, marks in found)
        self.dropped = max(0, count - self._most) if self._most is not None else 0
        if self.dropped:
            numbers = pa.concat_tables([marks for _, marks in found]).column(SEQ)
            least = numbers.take(pc.sort_indices(numbers))[self.dropped].as_py()
            kept = [
                (piece, marks.filter(pc.greater_equal(marks.column(SEQ), least)))
                for piece, marks in found
            ]
            found = [(piece, marks) for piece, marks in kept if len(marks)]
        return tuple(_in_memory(piece, marks) for piece, marks in found)

    def _forget(self) -> None:
        """Let go of events so old that none of their age can appear any more."""
        import pyarrow as pa

        since = self._clock() - VISIBLE_WITHIN_MS
        if self._seen and since - self._since > _FORGET_EVERY_MS:
            self._since = since
            self._seen = [_recent(pa.concat_tables(self._seen), since)]


def _in_memory(piece: Piece, marks: pa.Table) -> Piece:
    table = _read(piece, marks.column(SEQ))
    return replace(
        piece,
        name=f"new:{piece.name}",
        rows=table.num_rows,
        path=None,
        table=table,
        row_groups=(),
        grams=None,
    )


def _known(snapshot: Snapshot) -> frozenset[tuple[str, int]]:
    """What holds nothing new the next time: segments, and runs of the journal that are full."""
    return frozenset((piece.name, piece.rows) for piece in snapshot.pieces)


def _changed_since(path: str, since: int) -> bool:
    try:
        return Path(path).stat().st_mtime * 1000 >= since
    except OSError:
        return False


def _marks(piece: Piece) -> pa.Table:
    """Number and ingestion time (epoch ms) of the events of a piece."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [SEQ, INGESTION_TIME]
    table = piece.table.select(columns) if piece.path is None else None
    if table is None:
        table = pq.ParquetFile(piece.path).read(columns)
    return pa.table({name: table.column(name).cast(pa.int64()) for name in columns})


def _recent(marks: pa.Table, since: int) -> pa.Table:
    import pyarrow.compute as pc

    return marks.filter(pc.greater_equal(marks.column(INGESTION_TIME), since))


def _read(piece: Piece, numbers: pa.ChunkedArray) -> pa.Table:
    """The events of a piece that have one of these numbers; reads only their row groups."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    def chosen(table: pa.Table) -> pa.Table:
        return table.filter(pc.is_in(table.column(SEQ), value_set=numbers))

    if piece.path is None:
        return chosen(piece.table)
    file = pq.ParquetFile(piece.path)
    parts = []
    for group in range(file.num_row_groups):
        if chosen(file.read_row_group(group, [SEQ])).num_rows:
            parts.append(chosen(file.read_row_group(group)))
    return pa.concat_tables(parts)
