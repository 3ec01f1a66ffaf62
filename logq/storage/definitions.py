"""What people define - filters, saved queries, keys, policies - as JSON in the catalog."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from logq.errors import AlreadyExists, Conflict
from logq.model import Change, Definition, Operation
from logq.storage import groups
from logq.storage.catalog import Catalog
from logq.storage.telling import Tell, tell_nobody

_COLUMNS = """
SELECT d.kind, d.name, g.name, d.body, d.created, d.updated, d.version
FROM definitions d LEFT JOIN log_groups g ON g.id = d.group_id
"""


class Definitions:
    """Named JSON objects by kind; those of a log group are deleted with it."""

    def __init__(self, catalog: Catalog, clock: Callable[[], int]) -> None:
        self._catalog = catalog
        self._clock = clock
        self.tell: Tell = tell_nobody

    def put(
        self,
        kind: str,
        name: str,
        body: Mapping[str, Any],
        *,
        group: str | None = None,
        expected: int | None = None,
    ) -> Definition:
        """Make or replace a definition, durably.

        ``expected`` is the version that must be there, 0 for none. Raises UnknownLogGroup,
        AlreadyExists (expected 0) or Conflict.
        """
        now = self._clock()
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        with self._catalog.write() as connection:
            group_id = _group_id(connection, group)
            row = connection.execute(
                "SELECT created, version FROM definitions"
                " WHERE kind = ? AND group_id = ? AND name = ?",
                (kind, group_id, name),
            ).fetchone()
            created, version = row or (now, 0)
            if expected is not None and expected != version:
                if expected == 0:
                    raise AlreadyExists(f"there is already a {_words(kind)} {name!r}")
                raise Conflict(
                    f"the {_words(kind)} {name!r} was changed meanwhile",
                    hint="read it again and repeat the change",
                )
            connection.execute(
                "INSERT OR REPLACE INTO definitions VALUES (?, ?, ?, ?, ?, ?, ?)",
                (kind, group_id, name, text, created, now, version + 1),
            )
            groups.note_change(connection)
            operation = Operation.UPDATE if version else Operation.CREATE
            self.tell(connection, Change(kind, name, group, operation))
        return Definition(kind, name, group, json.loads(text), created, now, version + 1)

    def get(self, kind: str, name: str, *, group: str | None = None) -> Definition | None:
        """A definition, or None; raises UnknownLogGroup."""
        with self._catalog.read() as connection:
            group_id = _group_id(connection, group)
            row = connection.execute(
                _COLUMNS + " WHERE d.kind = ? AND d.group_id = ? AND d.name = ?",
                (kind, group_id, name),
            ).fetchone()
        return _definition(row) if row else None

    def list(
        self, kind: str, *, group: str | None = None, prefix: str = ""
    ) -> tuple[Definition, ...]:
        """The definitions of a kind, of one log group or of all, in order of group and name."""
        with self._catalog.read() as connection:
            sql, values = _COLUMNS + " WHERE d.kind = ?", list[Any]((kind,))
            if group is not None:
                sql, values = sql + " AND d.group_id = ?", [kind, _group_id(connection, group)]
            rows = connection.execute(sql + " ORDER BY g.name, d.name", values).fetchall()
        return tuple(_definition(row) for row in rows if row[1].startswith(prefix))

    def mark(self, group: str | None = None) -> Hashable:
        """Something that differs after every change of a definition; quick to ask for.

        For keeping what was read: of all definitions, or of those of a log group, which differs
        as well when the group was made anew. Raises UnknownLogGroup.
        """
        with self._catalog.read() as connection:
            found = connection.execute(
                "SELECT value FROM counters WHERE name = 'definitions'"
            ).fetchone()
            return (found[0] if found else 0, _group_id(connection, group))

    def delete(self, kind: str, name: str, *, group: str | None = None) -> bool:
        """Delete a definition; whether it was there. Raises UnknownLogGroup."""
        with self._catalog.write() as connection:
            cursor = connection.execute(
                "DELETE FROM definitions WHERE kind = ? AND group_id = ? AND name = ?",
                (kind, _group_id(connection, group), name),
            )
            groups.note_change(connection)
            if cursor.rowcount > 0:
                self.tell(connection, Change(kind, name, group, Operation.DELETE))
            return cursor.rowcount > 0


def _group_id(connection: sqlite3.Connection, group: str | None) -> int:
    return 0 if group is None else groups.find(connection, group).id


def _definition(row: tuple[Any, ...]) -> Definition:
    kind, name, group, body, created, updated, version = row
    return Definition(kind, name, group, json.loads(body), created, updated, version)


def _words(kind: str) -> str:
    return kind.replace("_", " ")
