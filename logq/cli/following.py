"""Follow log groups: the newest events, then every new one as it arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.cli.session import Session
from logq.model import Snapshot
from logq.renderer import Answer, Column, Row, batches

if TYPE_CHECKING:
    from logq.app import LogQ
    from logq.query.engine import Store
    from logq.query.filter_pattern import FilterPattern
    from logq.query.result import Result

POLL_SECONDS = 0.2
EVERYTHING = 2**31
LATER = {"timestamp": "timestamp"}
"""Types that a column keeps whatever arrives later."""


class Newest:
    """The newest events of log groups and, when followed, every later one."""

    def __init__(
        self,
        run: Session,
        logq: LogQ,
        text: str,
        groups: Sequence[str],
        pattern: FilterPattern | None = None,
    ) -> None:
        from logq.query.arrivals import Arrivals
        from logq.storage.changes import Changes

        self._run = run
        self._warned: set[str] = set()
        self._text = text
        self._groups = groups
        self._pattern = pattern
        self._changes = Changes(logq.storage.directory.catalog)
        self._arrivals = Arrivals(logq.storage, logq.clock)
        self._now = logq.queries_over(
            _Moment(self._arrivals.start(groups), logq.storage), logq.defined
        )
        self._later = logq.queries_over(self._arrivals, logq.defined)

    def answer(
        self, count: int, follow: bool, sleep: Callable[[float], None] = time.sleep
    ) -> Answer:
        """Oldest first; with ``follow`` it does not end."""
        result = self._now.run(self._text, groups=self._groups, limit=count, pattern=self._pattern)
        self._warn(result)
        columns = result.columns
        rows = list(result.rows())[::-1]
        if not follow:
            return Answer(columns, batches(rows))
        # A field that is a number today may be text in an hour: JSON text takes both.
        later = [LaterColumn(c.name, LATER.get(c.type, "dynamic")) for c in columns]
        return Answer(later, self._batches(result.columns, rows, sleep))

    def _batches(
        self, columns: Sequence[Column], rows: list[Row], sleep: Callable[[float], None]
    ) -> Iterator[Sequence[Row]]:
        yield from batches(as_later(columns, rows))
        while True:
            if not self._changes.any():
                sleep(POLL_SECONDS)
                continue
            result = self._later.run(
                self._text, groups=self._groups, limit=EVERYTHING, pattern=self._pattern
            )
            rows = list(result.rows())[::-1]
            self._warn(result)
            if rows:
                yield from batches(as_later(result.columns, rows))

    def _warn(self, result: Result) -> None:
        for warning in result.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self._run.warn(warning)

    def close(self) -> None:
        """Give the catalog back."""
        self._changes.close()


def as_later(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[Row]:
    """Rows in which every value whose type may change later is JSON text."""
    import json

    same = [column.type in LATER or column.type == "dynamic" for column in columns]
    for row in rows:
        yield tuple(
            value if keep or value is None else json.dumps(value, ensure_ascii=False)
            for keep, value in zip(same, row, strict=True)
        )


@dataclass(frozen=True, slots=True)
class LaterColumn:
    """A column of an answer that has not ended."""

    name: str
    type: str


class _Moment:
    """A snapshot that has been taken already."""

    def __init__(self, snapshot: Snapshot, store: Store) -> None:
        self._snapshot = snapshot
        self._store = store

    def snapshot(self, groups: Sequence[str]) -> Snapshot:
        return self._snapshot

    def is_intact(self, segment_id: str) -> bool:
        return self._store.is_intact(segment_id)

    def quarantine(self, segment_id: str, reason: str) -> bool:
        return self._store.quarantine(segment_id, reason)
