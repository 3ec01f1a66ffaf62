"""Queries that were started to be fetched later, and their answers, kept for some days.

What is known of a query is a row of the catalog; its rows are a file of lines beside it. A row
without an end belongs to a process that is still at it, or died.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from logq.errors import NotFound
from logq.settings import Settings
from logq.storage.catalog import Catalog
from logq.storage.disk import Directory, disk_errors, sync_directory

_DAY = 86_400_000
_HOUR = 3_600_000
_COLUMNS = "id, created, ended, status, bytes, body"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that was started."""

    id: str
    created: int
    """Epoch milliseconds."""
    status: str
    """As CloudWatch calls it: Scheduled, Running, Complete, Failed, Cancelled or Timeout."""
    text: str
    groups: tuple[str, ...]
    caller: str
    ended: int | None = None
    error: str = ""
    """What went wrong, if it failed."""
    rows: int = 0
    bytes: int = 0
    """Of the file of rows."""
    statistics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answers:
    """The queries of a data directory."""

    catalog: Catalog
    directory: Directory
    clock: Callable[[], int]
    settings: Settings

    def save(self, asked: Asked) -> None:
        """Remember a query as it is now."""
        body = {
            "text": asked.text,
            "groups": asked.groups,
            "caller": asked.caller,
            "error": asked.error,
            "rows": asked.rows,
            "statistics": dict(asked.statistics),
        }
        values = (asked.id, asked.created, asked.ended, asked.status, asked.bytes)
        with self.catalog.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                (*values, json.dumps(body, ensure_ascii=False)),
            )

    def get(self, id: str) -> Asked | None:
        """A query by its id."""
        with self.catalog.read() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM answers WHERE id = ?", (id,)
            ).fetchone()
        return _asked(row) if row else None

    def list(self) -> tuple[Asked, ...]:
        """All queries, the newest first."""
        with self.catalog.read() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM answers ORDER BY created DESC, id DESC"
            ).fetchall()
        return tuple(map(_asked, rows))

    @contextmanager
    def writing(self, id: str) -> Iterator[BinaryIO]:
        """The file for the rows of a query; durable when the block has ended."""
        with disk_errors("keeping the answer of a query"):
            self.directory.answers.mkdir(mode=0o700, exist_ok=True)
            with self.rows_of(id).open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            sync_directory(self.directory.answers)

    def read(self, asked: Asked, first: int, most: int) -> Sequence[bytes]:
        """Some lines of a query's rows from a byte on; raises NotFound if they are gone."""
        lines: list[bytes] = []
        place = first
        try:
            with self.rows_of(asked.id).open("rb") as file:
                file.seek(first)
                while place < asked.bytes and len(lines) < most:
                    line = file.readline()
                    if not line.endswith(b"\n"):
                        break  # the rest of it is still being written
                    lines.append(line)
                    place += len(line)
        except FileNotFoundError:
            raise NotFound("the answer of the query is not there any more") from None
        return lines

    def rows_of(self, id: str) -> Path:
        """The file of a query's rows: a line for each."""
        return self.directory.answers / f"{id}.rows"

    def clean(self) -> int:
        """Forget what is too old, and the oldest of too much; answers how many queries went."""
        now = self.clock()
        since = now - self.settings.answer_days * _DAY
        with self.catalog.write() as connection:
            rows = connection.execute(
                "SELECT id, created, bytes FROM answers ORDER BY created DESC"
            ).fetchall()
            gone, held = [], 0
            for id, created, size in rows:
                held += size
                if created < since or held > self.settings.answers_bytes:
                    gone.append(id)
            connection.executemany("DELETE FROM answers WHERE id = ?", [(id,) for id in gone])
        with disk_errors("removing the answers of old queries"):
            for id in gone:
                self.rows_of(id).unlink(missing_ok=True)
            self._unlink_strays({id for id, _, _ in rows} - set(gone), now)
        return len(gone)

    def _unlink_strays(self, kept: set[str], now: int) -> None:
        """Remove files that no query knows, unless they are so young that one may soon."""
        for path in self.directory.answers.glob("*.rows"):
            if path.stem not in kept:
                with suppress(FileNotFoundError):  # another process was faster
                    if path.stat().st_mtime * 1000 < now - _HOUR:
                        path.unlink()


def _asked(row: tuple[Any, ...]) -> Asked:
    id, created, ended, status, size, text = row
    body = json.loads(text)
    return Asked(
        id,
        created,
        status,
        body["text"],
        tuple(body["groups"]),
        body["caller"],
        ended,
        body["error"],
        body["rows"],
        size,
        body["statistics"],
    )
