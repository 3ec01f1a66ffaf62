"""The answer of a query: columns, rows to be read once, and what it took."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from logq.query.value import Type

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One column of an answer."""

    name: str
    type: Type
    bucket: int | None = None
    """Milliseconds between time buckets, for a key made by ``bin`` and the like."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the columns of an answer belong together, for drawing it."""

    keys: tuple[str, ...] = ()
    """The columns that ``stats`` grouped by."""
    additive: frozenset[str] = frozenset()
    """Columns whose values may be added up over rows: counts and sums."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What a query read and how long it took so far."""

    records_matched: int
    """Events that passed the filters before the first aggregation."""
    records_scanned: int
    bytes_scanned: int
    row_groups_pruned: int
    elapsed_ms: float


@dataclass(slots=True)
class Result:
    """An answer; ``rows`` or ``arrow`` may be read once, and warnings are complete afterwards."""

    columns: tuple[ResultColumn, ...]
    shape: Shape
    warnings: list[str]
    read_rows: Callable[[], Iterator[tuple[Any, ...]]]
    read_arrow: Callable[[], pa.RecordBatchReader]
    measure: Callable[[], Stats]
    groups: tuple[str, ...] = ()
    """The log groups that were read."""
    truncated: bool = False
    """Whether a limit that nobody asked for left rows out; known when all are read."""
    _open: bool = field(default=True)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows of int, float, bool, str, None (missing), epoch ms, or JSON text, by column type."""
        self._take()
        return self.read_rows()

    def arrow(self) -> pa.RecordBatchReader:
        """The rows as Arrow record batches; times are timestamps, maps and lists JSON text."""
        self._take()
        return self.read_arrow()

    @property
    def stats(self) -> Stats:
        """What the query read; counting the matched events may read them again."""
        return self.measure()

    def _take(self) -> None:
        if not self._open:
            raise RuntimeError("the rows of a result can be read only once")
        self._open = False
