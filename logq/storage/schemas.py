"""What batches say of themselves, kept so that a thousand segments cost no thousand parsings.

The schema of a batch (paths, kinds, columns) is one row that many batches share; how many events
have each field is a list of numbers of the batch itself, parsed when somebody asks.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from logq.model import BatchInfo, Doc, Field, Kind, fields_by_path

Shared = tuple[Doc, dict[str, tuple[int, Field]]]


class CountedFields(Mapping[str, Field]):
    """The fields of one batch: a shared schema and the batch's own counts."""

    __slots__ = ("_counts", "_shared", "_text")

    def __init__(self, shared: Mapping[str, tuple[int, Field]], text: str) -> None:
        self._shared = shared
        self._text = text
        self._counts: list[int] | None = None

    def __getitem__(self, path: str) -> Field:
        place, field = self._shared[path]
        if self._counts is None:
            self._counts = json.loads(self._text)
        count = self._counts[place]
        return Field(field.path, field.kind, field.column, count, field.pointers)

    def __contains__(self, path: object) -> bool:
        return path in self._shared

    def __iter__(self) -> Iterator[str]:
        return iter(self._shared)

    def __len__(self) -> int:
        return len(self._shared)


def encode(info: BatchInfo) -> tuple[str, str]:
    """The shared schema and the counts of a batch, as the catalog keeps them."""
    fields = [info.fields[path] for path in sorted(info.fields)]
    rows = [[f.path, f.kind, f.column, list(f.pointers)] for f in fields]
    schema = json.dumps({"doc": info.doc, "fields": rows}, ensure_ascii=False)
    return schema, json.dumps([f.count for f in fields])


def counted(info: BatchInfo, counts: Sequence[int]) -> BatchInfo:
    """``info`` as ``Schemas`` made it, with other counts in the schema's order."""
    pairs = zip(info.fields.values(), counts, strict=True)
    return replace(info, fields=fields_by_path(replace(f, count=n) for f, n in pairs))


def schema_id(connection: sqlite3.Connection, text: str) -> int:
    """The catalog's number of a schema, new or known."""
    connection.execute("INSERT OR IGNORE INTO schemas (text) VALUES (?)", (text,))
    row = connection.execute("SELECT id FROM schemas WHERE text = ?", (text,)).fetchone()
    return int(row[0])


class Schemas:
    """The shared schemas that this process has parsed so far."""

    def __init__(self) -> None:
        self._known: dict[int, Shared] = {}

    def info(self, connection: sqlite3.Connection, number: int, counts: str) -> BatchInfo:
        """What a batch with this schema and these counts says of itself."""
        shared = self._known.get(number)
        if shared is None:
            row = connection.execute("SELECT text FROM schemas WHERE id = ?", (number,)).fetchone()
            shared = self._known[number] = _decode(row[0])
        return BatchInfo(shared[0], CountedFields(shared[1], counts))


def _decode(text: str) -> Shared:
    data = json.loads(text)
    fields = {
        path: (place, Field(path, Kind(kind), column, 0, tuple(pointers)))
        for place, (path, kind, column, pointers) in enumerate(data["fields"])
    }
    return Doc(data["doc"]), fields
