"""Log groups and their streams."""

from __future__ import annotations

import difflib
import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logq.errors import AlreadyExists, InvalidValue, Protected, UnknownLogGroup
from logq.failpoints import reach
from logq.model import Change, LogGroup, LogStream, Operation
from logq.storage import garbage, streams
from logq.storage.catalog import Catalog
from logq.storage.disk import Directory
from logq.storage.telling import Tell, tell_nobody

if TYPE_CHECKING:
    from types import EllipsisType

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The values that CloudWatch takes."""

_NAME = re.compile(r"[A-Za-z0-9_/.#-]{1,512}")
_STREAM = re.compile(r"[^:*]{1,512}")

_TOTALS = """
SELECT g.id, g.name, g.created, g.retention_days, g.format, g.tags,
       coalesce(s.bytes, 0) + coalesce(j.bytes, 0)
           + 26 * (coalesce(s.rows, 0) + coalesce(j.rows, 0)),
       coalesce(s.disk, 0) + coalesce(j.disk, 0),
       coalesce(s.rows, 0) + coalesce(j.rows, 0),
       min(coalesce(s.first, j.first), coalesce(j.first, s.first)),
       max(coalesce(s.last, j.last), coalesce(j.last, s.last)),
       g.log_class, g.kms_key, g.protected, g.embedded_metrics
FROM log_groups g
LEFT JOIN (SELECT group_id, sum(bytes - hidden_bytes) bytes, sum(disk_bytes) disk,
                  sum(rows - hidden_rows) rows, min(first) first, max(last) last
           FROM segments WHERE damage IS NULL GROUP BY group_id) s ON s.group_id = g.id
LEFT JOIN (SELECT group_id, sum(bytes - hidden_bytes) bytes, sum(length(data)) disk,
                  sum(rows - hidden_rows) rows, min(first) first, max(last) last
           FROM journal GROUP BY group_id) j ON j.group_id = g.id
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What other parts of storage need of a log group."""

    id: int
    name: str
    retention_days: int | None


def find(connection: sqlite3.Connection, name: str) -> Row:
    """A log group by its exact name; raises UnknownLogGroup."""
    row = connection.execute(
        "SELECT id, name, retention_days FROM log_groups WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        raise unknown(connection, name)
    return Row(*row)


def check(connection: sqlite3.Connection, group: Row) -> None:
    """Raise UnknownLogGroup if the group has been deleted since it was found."""
    if find(connection, group.name).id != group.id:
        raise unknown(connection, group.name)


def matching(connection: sqlite3.Connection, pattern: str = "*") -> list[Row]:
    """The log groups that a name or a pattern with ``*`` means, in name order."""
    if "*" not in pattern:
        return [find(connection, pattern)]
    matches = glob(pattern)
    rows = connection.execute("SELECT id, name, retention_days FROM log_groups ORDER BY name")
    return [Row(*row) for row in rows if matches(row[1])]


def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a name fits a pattern in which ``*`` stands for any text."""
    expression = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
    return lambda name: expression.fullmatch(name) is not None


def unknown(connection: sqlite3.Connection, name: str) -> UnknownLogGroup:
    """The error for a name that no log group has."""
    names = [row[0] for row in connection.execute("SELECT name FROM log_groups ORDER BY name")]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif names:
        hint = "'logq groups' lists the log groups"
    else:
        hint = "there are no log groups yet; 'logq ingest FILE' makes one"
    return UnknownLogGroup(f"there is no log group {name!r}", hint=hint)


class Groups:
    """Make, find, change and delete log groups."""

    def __init__(
        self,
        catalog: Catalog,
        directory: Directory,
        clock: Callable[[], int],
        any_retention: bool = False,
        grace_ms: int = 0,
    ) -> None:
        """``grace_ms``: how long files stay for queries that began before they were deleted."""
        self._catalog = catalog
        self._directory = directory
        self._clock = clock
        self._any_retention = any_retention
        self._grace_ms = grace_ms
        self.tell: Tell = tell_nobody

    def create(
        self,
        name: str,
        retention_days: int | None = None,
        format: str = "auto",
        tags: Mapping[str, str] | None = None,
        *,
        log_class: str = "STANDARD",
        kms_key: str | None = None,
        protected: bool = False,
    ) -> LogGroup:
        """Make a log group; raises AlreadyExists or InvalidValue."""
        if not _NAME.fullmatch(name):
            raise InvalidValue(
                f"{name!r} is not a log group name",
                hint="use 1 to 512 of the characters a-z A-Z 0-9 _ - / . #",
            )
        self._check_retention(retention_days)
        with self._catalog.write() as connection:
            try:
                connection.execute(
                    "INSERT INTO log_groups (name, created, retention_days, format, tags,"
                    " log_class, kms_key, protected) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (name, self._clock(), retention_days, format, json.dumps(dict(tags or {})))
                    + (log_class, kms_key, protected),
                )
            except sqlite3.IntegrityError:
                raise AlreadyExists(f"there is already a log group {name!r}") from None
            self._tell(connection, name, Operation.CREATE)
            return _group(connection, name)

    def get(self, name: str) -> LogGroup:
        """A log group by its exact name; raises UnknownLogGroup."""
        with self._catalog.read() as connection:
            return _group(connection, name)

    def format(self, name: str) -> str:
        """The format of a log group's events, quicker than ``get``; raises UnknownLogGroup."""
        with self._catalog.read() as connection:
            row = find(connection, name)
            found = connection.execute("SELECT format FROM log_groups WHERE id = ?", (row.id,))
            return str(found.fetchone()[0])

    def retention_of(self, name: str, stream: str) -> int | None:
        """For how many days a log stream keeps its events.

        Raises UnknownLogGroup and UnknownLogStream.
        """
        with self._catalog.read() as connection:
            row = find(connection, name)
            if not connection.execute(
                "SELECT 1 FROM log_streams WHERE group_id = ? AND name = ?", (row.id, stream)
            ).fetchone():
                raise streams.unknown(connection, row, stream)
            return row.retention_days

    def list(self, pattern: str = "*") -> tuple[LogGroup, ...]:
        """The log groups whose names fit a pattern with ``*``, in name order."""
        matches = glob(pattern)
        with self._catalog.read() as connection:
            rows = connection.execute(_TOTALS + " ORDER BY g.name").fetchall()
        return tuple(_from_row(row) for row in rows if matches(row[1]))

    def names(self) -> tuple[str, ...]:
        """The names of all log groups in order, without counting what is in them."""
        with self._catalog.read() as connection:
            rows = connection.execute("SELECT name FROM log_groups ORDER BY name").fetchall()
        return tuple(row[0] for row in rows)

    def set(
        self,
        name: str,
        *,
        retention_days: int | EllipsisType | None = ...,
        format: str | None = None,
        tags: Mapping[str, str] | None = None,
        protected: bool | None = None,
        embedded_metrics: bool | None = None,
    ) -> LogGroup:
        """Change what is given; ``retention_days=None`` keeps events for ever."""
        changes: dict[str, Any] = {}
        if retention_days is not ...:
            self._check_retention(retention_days)
            changes["retention_days"] = retention_days
        if format is not None:
            changes["format"] = format
        if tags is not None:
            changes["tags"] = json.dumps(dict(tags))
        if protected is not None:
            changes["protected"] = protected
        if embedded_metrics is not None:
            changes["embedded_metrics"] = embedded_metrics
        with self._catalog.write() as connection:
            group = find(connection, name)
            for column, value in changes.items():
                connection.execute(
                    f"UPDATE log_groups SET {column} = ? WHERE id = ?", (value, group.id)
                )
            if embedded_metrics is not None:
                note_change(connection)
            self._tell(connection, name, Operation.UPDATE)
            return _group(connection, name)

    def retag(
        self, name: str, change: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> LogGroup:
        """Change the tags from what they are at that moment; raises UnknownLogGroup."""
        with self._catalog.write() as connection:
            tags = change(_group(connection, name).tags)
            connection.execute(
                "UPDATE log_groups SET tags = ? WHERE name = ?", (json.dumps(dict(tags)), name)
            )
            self._tell(connection, name, Operation.UPDATE)
            return _group(connection, name)

    def delete(self, name: str) -> None:
        """Delete a log group with everything in it; raises UnknownLogGroup or Protected."""
        now = self._clock()
        with self._catalog.write() as connection:
            group = find(connection, name)
            _check_protection(connection, name)
            for segment_id, day in connection.execute(
                "SELECT id, day FROM segments WHERE group_id = ?", (group.id,)
            ).fetchall():
                garbage.add_segment(connection, self._directory, group.id, day, segment_id, now)
            for table in ("segments", "journal", "log_streams", "definitions"):
                connection.execute(f"DELETE FROM {table} WHERE group_id = ?", (group.id,))
            note_change(connection)
            connection.execute("DELETE FROM log_groups WHERE id = ?", (group.id,))
            self._tell(connection, name, Operation.DELETE)
            reach("delete.before-commit")
        reach("delete.after-commit")
        garbage.collect(self._catalog, self._directory, now)

    def create_stream(self, name: str, stream: str) -> None:
        """Make a log stream; raises UnknownLogGroup, AlreadyExists or InvalidValue."""
        if not _STREAM.fullmatch(stream):
            raise InvalidValue(
                f"{stream!r} is not a log stream name",
                hint="use 1 to 512 characters other than : and *",
            )
        with self._catalog.write() as connection:
            group = find(connection, name)
            try:
                connection.execute(
                    "INSERT INTO log_streams (group_id, name, created) VALUES (?, ?, ?)",
                    (group.id, stream, self._clock()),
                )
            except sqlite3.IntegrityError:
                raise AlreadyExists(
                    f"the log group {name} already has a log stream {stream!r}"
                ) from None

    def delete_stream(self, name: str, stream: str) -> None:
        """Delete a log stream and its events.

        Raises UnknownLogGroup, UnknownLogStream or Protected.
        """
        now = self._clock()
        with self._catalog.write() as connection:
            group = find(connection, name)
            _check_protection(connection, name)
            streams.delete(connection, self._directory, group, stream, now + self._grace_ms)
            reach("delete-stream.before-commit")
        reach("delete-stream.after-commit")

    def streams(self, name: str) -> tuple[LogStream, ...]:
        """The streams of a log group, in name order; counts are of the events kept now."""
        from logq.storage.batch import StreamPart, add_parts, parts_from_json

        parts: dict[str, StreamPart] = {}
        with self._catalog.read() as connection:
            group = find(connection, name)
            created = connection.execute(
                "SELECT name, created FROM log_streams WHERE group_id = ? ORDER BY name",
                (group.id,),
            ).fetchall()
            for (text,) in connection.execute(
                "SELECT streams FROM journal WHERE group_id = ?1 UNION ALL"
                " SELECT streams FROM segments WHERE group_id = ?1 AND damage IS NULL",
                (group.id,),
            ):
                add_parts(parts_from_json(text), parts)
        found = []
        for stream, since in created:
            part = parts.get(stream)
            found.append(
                LogStream(stream, since, part.first, part.last, part.ingested, part.events)
                if part
                else LogStream(stream, since, None, None, None, 0)
            )
        return tuple(found)

    def _tell(self, connection: sqlite3.Connection, name: str, operation: Operation) -> None:
        self.tell(connection, Change("log_group", name, None, operation))

    def _check_retention(self, days: int | EllipsisType | None) -> None:
        if days is None or days in RETENTION_DAYS:
            return
        if self._any_retention and isinstance(days, int) and days > 0:
            return
        raise InvalidValue(
            f"retention cannot be {days} days",
            hint=f"use one of {', '.join(map(str, RETENTION_DAYS))}, or none to keep events for "
            "ever; the setting any_retention allows every positive number",
        )


def note_change(connection: sqlite3.Connection) -> None:
    """Say that what is defined has changed, see ``Definitions.mark``.

    Not by one more: after a transaction was taken back the same number would come again.
    """
    connection.execute("INSERT OR REPLACE INTO counters VALUES ('definitions', random())")


def _check_protection(connection: sqlite3.Connection, name: str) -> None:
    if _group(connection, name).protected:
        raise Protected(
            f"the log group {name} is protected from deletion",
            hint="turn its deletion protection off first",
        )


def _group(connection: sqlite3.Connection, name: str) -> LogGroup:
    row = connection.execute(_TOTALS + " WHERE g.name = ?", (name,)).fetchone()
    if row is None:
        raise unknown(connection, name)
    return _from_row(row)


def _from_row(row: tuple[Any, ...]) -> LogGroup:
    values = list(row)
    values[5] = json.loads(values[5])  # tags
    values[-2:] = map(bool, values[-2:])  # protected, embedded_metrics
    return LogGroup(*values)
