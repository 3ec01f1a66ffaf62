"""Make batches of events as ingest would, and read events back as the model says they are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from logq.model import (
    BATCH_METADATA,
    BatchInfo,
    Doc,
    Field,
    Kind,
    Piece,
    Snapshot,
    fields_by_path,
    pointer,
)
from logq.storage import Storage

NOON = 1_790_000_000_000 // 86_400_000 * 86_400_000 + 43_200_000
"""Noon of some UTC day, epoch milliseconds."""
DAY = 86_400_000

Document = Mapping[str, Any]
_TYPES = {int: Kind.INT, float: Kind.FLOAT, bool: Kind.BOOL, str: Kind.TEXT}
_ARROW = {
    Kind.INT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.BOOL: pa.bool_(),
    Kind.TEXT: pa.string(),
    Kind.JSON: pa.string(),
}


def flatten(value: Any, path: str = "") -> dict[str, Any]:
    """The leaves of a document by dotted path; null is missing."""
    if isinstance(value, dict):
        items: Iterable[tuple[str, Any]] = value.items()
    elif isinstance(value, list):
        items = ((str(n), v) for n, v in enumerate(value))
    else:
        return {} if value is None else {path: value}
    leaves: dict[str, Any] = {}
    for key, below in items:
        leaves |= flatten(below, f"{path}.{key}" if path else key)
    return leaves


def _tops(value: Any, path: str = "") -> dict[str, Any]:
    """Like ``flatten``, but a list is one value."""
    if isinstance(value, dict):
        leaves: dict[str, Any] = {}
        for key, below in value.items():
            leaves |= _tops(below, f"{path}.{key}" if path else key)
        return leaves
    return {} if value is None else {path: value}


def _places(value: Any, path: str = "", place: str = "") -> dict[str, str]:
    """JSON pointers by path."""
    if not isinstance(value, dict):
        return {path: place}
    found: dict[str, str] = {}
    for key, below in value.items():
        step = "/" + key.replace("~", "~0").replace("/", "~1")
        found |= _places(below, f"{path}.{key}" if path else key, place + step)
    return found


def batch(
    documents: Sequence[Document],
    doc: Doc = Doc.MESSAGE,
    times: Sequence[int] | None = None,
    streams: Sequence[str] = ("s",),
) -> pa.Table:
    """A batch of one event per document, a millisecond apart unless ``times`` says otherwise.

    With ``Doc.NONE`` the values are only in columns; with ``Doc.COLUMN`` behind a text prefix.
    """
    count = len(documents)
    texts = [json.dumps(d) for d in documents]
    messages = {Doc.MESSAGE: texts, Doc.COLUMN: [f"> {t}" for t in texts]}.get(
        doc, [f"event {n}" for n in range(count)]
    )
    columns: dict[str, Any] = {
        "@timestamp": pa.array(times or range(NOON, NOON + count), pa.timestamp("ms")),
        "@message": pa.array(messages, pa.string()),
        "@logStream": pa.array([streams[n % len(streams)] for n in range(count)], pa.string()),
    }
    if doc is Doc.COLUMN:
        columns["@json"] = pa.array(texts, pa.string())
    leaves = [_tops(d) for d in documents]
    places: dict[str, tuple[str, ...]] = {}
    for one in documents:
        for path, place in _places(one).items():
            places[path] = tuple(dict.fromkeys((*places.get(path, ()), place)))
    fields = []
    for path in dict.fromkeys(p for one in leaves for p in one):
        values = [one.get(path) for one in leaves]
        kind = _kind([v for v in values if v is not None])
        column = path if kind in _ARROW else None
        count = sum(v is not None for v in values)
        fields.append(Field(path, kind, column, count, () if doc is Doc.NONE else places[path]))
        if kind is Kind.JSON:
            values = [None if v is None else json.dumps(v) for v in values]
        if column:
            columns[column] = pa.array(values, _ARROW[kind])
    info = BatchInfo(doc, fields_by_path(fields))
    return pa.table(columns).replace_schema_metadata({BATCH_METADATA: info.to_json().encode()})


def _kind(values: Sequence[Any]) -> Kind:
    types = {type(v) for v in values}
    if types == {list}:
        return Kind.LIST
    if list in types:
        return Kind.DOC
    return _TYPES[next(iter(types))] if len(types) == 1 else Kind.JSON


def table_of(piece: Piece) -> pa.Table:
    """All rows of a piece that are to be seen."""
    if piece.table is not None:
        return piece.table
    table = pq.read_table(piece.path, partitioning=None, page_checksum_verification=True)
    if not piece.hidden:
        return table
    return table.filter(~pc.field("@logStream").isin(sorted(piece.hidden)))


def events_of(snapshot: Snapshot) -> dict[int, dict[str, Any]]:
    """Every event by ``@seq``: its system columns and its discovered fields, flattened."""
    events: dict[int, dict[str, Any]] = {}
    for piece in snapshot.pieces:
        for row in table_of(piece).to_pylist():
            assert row["@seq"] not in events, "an event is there twice"
            system = {k: v for k, v in row.items() if k in piece.columns and k != "@json"}
            events[row["@seq"]] = {k: v for k, v in system.items() if v is not None} | {
                "fields": _fields(piece.info, row)
            }
    return events


def _fields(info: BatchInfo, row: Mapping[str, Any]) -> dict[str, Any]:
    document = _document(info, row)
    found: dict[str, Any] = {}
    for field in info.fields.values():
        value = row[field.column] if field.column else _look(document, field)
        if value is not None and field.kind is Kind.JSON:
            value = json.loads(value)
        if value is not None:
            found |= flatten(value, field.path)
    return found


def _document(info: BatchInfo, row: Mapping[str, Any]) -> Any:
    if info.doc is Doc.NONE:
        return None
    text = "" if info.doc is Doc.MESSAGE else row["@json"]
    return None if text is None else json.loads(text or row["@message"])


def _look(document: Any, field: Field) -> Any:
    for place in field.pointers or (pointer(field.path),):
        value = document
        for key in place.split("/")[1:]:
            key = key.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            else:
                value = None
                break
        if value is not None:
            return value
    return None


def messages(storage: Storage, *groups: str) -> list[str]:
    """The messages of log groups, sorted."""
    snapshot = storage.snapshot(groups or ("*",))
    return sorted(event["@message"] for event in events_of(snapshot).values())
