"""A pattern over stored events, whose fields are columns already where that is sure to be enough.

Only where every message of a snapshot is a clean JSON object, and only for fields that all of its
pieces hold as one kind of value: there a column says what parsing the message again would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from logq.model import Doc, Field, Kind, Piece, pointer
from logq.query.build import Sql
from logq.query.patterns.conditions import alone
from logq.query.patterns.fields import ABSENT
from logq.query.patterns.nodes import FilterPattern, selectors
from logq.query.scope import json_pointer
from logq.query.source import Source
from logq.query.value import Type

_KINDS = {
    Type.INTEGER: Kind.INT,
    Type.NUMBER: Kind.FLOAT,
    Type.BOOLEAN: Kind.BOOL,
    Type.TEXT: Kind.TEXT,
    Type.DYNAMIC: Kind.JSON,
}

_OBJECT = Field("{}", Kind.DOC)
"""Where events have an object."""


def stored_condition(pattern: FilterPattern, source: Source, message: Sql, prefix: str) -> Sql:
    """Whether a stored event matches, over columns that it asks the source for; NULL is false."""
    pieces = source.snapshot.pieces
    clean = bool(selectors(pattern)) and all(p.info.doc is Doc.MESSAGE for p in pieces)
    return alone(pattern, message, prefix, StoredFields(source) if clean else None)


@dataclass(frozen=True, slots=True)
class StoredFields:
    """The fields of a snapshot of clean JSON objects."""

    source: Source

    def find(self, steps: Sequence[str | int | None]) -> Field | None:
        """As ``KnownFields.find``; the column is one of the query's."""
        keys = [step for step in steps if isinstance(step, str)]
        if len(keys) != len(steps) or keys[0].startswith("@"):
            return None
        found = [_held(piece, keys) for piece in self.source.snapshot.pieces]
        held = [field for field in found if field is not ABSENT and field is not _OBJECT]
        if not held:
            return ABSENT
        first = held[0]
        if first is None or _OBJECT in found:  # a query would give the object
            return None
        if any(field is None or field.kind is not first.kind for field in held):
            return None
        column = self.source.field(first.path)
        kind = None if column is None else _KINDS.get(column.type)
        if column is None or kind is None:
            return None
        return replace(first, kind=kind, column=column.ident)


def _held(piece: Piece, keys: Sequence[str]) -> Field | None:
    """The field of a piece at a path of keys; None where only the message can tell."""
    fields = piece.info.fields
    if any(".".join(keys[:length]) in fields for length in range(1, len(keys))):
        return None
    found = fields.get(".".join(keys))
    if found is None:
        below = ".".join(keys) + "."
        return _OBJECT if any(path.startswith(below) for path in fields) else ABSENT
    alone_there = (found.pointers or (pointer(found.path),)) == (json_pointer(keys),)
    return found if alone_there and found.column is not None else None
