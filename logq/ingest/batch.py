"""Putting a batch of events together, in the shape that ``logq.model`` describes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.naming import Columns, free_column
from logq.ingest.parts import ARROW_TYPES, Leaf, json_text, unify
from logq.ingest.shred import Shredded
from logq.model import (
    BATCH_METADATA,
    JSON_DOCUMENT,
    LABELS,
    LOG_STREAM,
    MESSAGE,
    RAW,
    SYSTEM_COLUMNS,
    TIME_SOURCE,
    TIMESTAMP,
    TRUNCATED,
    BatchInfo,
    Doc,
    Field,
    Kind,
    pointer,
)

_KINDS = {kind: name for name, kind in ARROW_TYPES.items() if name is not Kind.JSON}


@dataclass(frozen=True, slots=True)
class Rows:
    """The system columns of a batch; None for one that no event needs."""

    timestamps: pa.Array
    messages: pa.Array
    streams: pa.Array
    raw: pa.Array | None = None
    time_source: pa.Array | None = None
    truncated: pa.Array | None = None
    labels: Mapping[str, str] | pa.Array | None = None
    """The same for all, or the JSON text of each."""


def assemble(
    rows: Rows,
    projected: Mapping[str, pa.Array],
    shredded: Shredded | None,
    inner: pa.Array | None,
) -> pa.Table:
    """The batch of ``rows``; ``inner`` are the texts that were shredded if not the messages."""
    arrays: dict[str, pa.Array] = {
        TIMESTAMP: rows.timestamps,
        MESSAGE: rows.messages,
        LOG_STREAM: rows.streams,
    }
    documents = _documents(shredded, inner)
    optional = {
        JSON_DOCUMENT: documents,
        RAW: rows.raw,
        TIME_SOURCE: rows.time_source,
        TRUNCATED: rows.truncated,
    }
    arrays.update({name: array for name, array in optional.items() if array is not None})
    if isinstance(rows.labels, pa.Array):
        arrays[LABELS] = rows.labels
    elif rows.labels:
        text = json.dumps(dict(rows.labels), ensure_ascii=False)
        arrays[LABELS] = pa.repeat(pa.scalar(text, pa.string()), len(rows.messages))
    doc = shredded.doc if shredded is not None else Doc.NONE
    if documents is not None:
        doc = Doc.COLUMN
    columns = _together(projected, shredded, inner if inner is not None else rows.messages)
    for field, values in columns.values():
        if field.column is not None and values is not None:
            arrays[field.column] = values
    info = BatchInfo(doc, {path: field for path, (field, _) in columns.items()})
    return pa.table(arrays).replace_schema_metadata({BATCH_METADATA: info.to_json().encode()})


def _documents(shredded: Shredded | None, inner: pa.Array | None) -> pa.Array | None:
    """The column ``@json``: where the message is not its own document, the document."""
    if shredded is None or shredded.doc is Doc.NONE:
        return None
    if inner is None:
        return shredded.documents
    if shredded.documents is None:
        return inner
    own = pc.equal(shredded.documents, "").fill_null(False)
    return pc.if_else(own, inner, shredded.documents)


def _together(
    projected: Mapping[str, pa.Array], shredded: Shredded | None, texts: pa.Array
) -> Columns:
    found = dict(shredded.columns) if shredded is not None else {}
    columns: Columns = {}
    taken = {name.lower() for name in SYSTEM_COLUMNS}
    taken.update(field.column.lower() for field, _ in found.values() if field.column is not None)
    for path, values in projected.items():
        leaf = Leaf(_KINDS[values.type], len(values) - values.null_count, values)
        if not leaf.count:
            continue
        if path in found:
            field, inside = found.pop(path)
            taken.discard((field.column or "").lower())
            leaf = _over(leaf, field, inside, shredded, texts)
        assert leaf.values is not None
        columns[path] = (
            Field(path, leaf.kind, free_column(path, taken), leaf.count),
            leaf.values,
        )
    return {**columns, **found}


def _over(
    mine: Leaf, field: Field, inside: pa.Array | None, shredded: Shredded | None, texts: pa.Array
) -> Leaf:
    """The values of a format, and where it has none those of the documents."""
    if inside is None:
        written = _from_documents(field, shredded, texts, mine.values)
        theirs = Leaf(Kind.JSON, field.count, written)
    else:
        theirs = Leaf(field.kind, field.count, inside)
    first, second = unify([mine, theirs])
    if first.values is None or second.values is None:
        first, second = _as_json(mine), _as_json(theirs)
    both = pc.coalesce(first.values, second.values)
    return Leaf(first.kind, len(both) - both.null_count, both)


def _as_json(leaf: Leaf) -> Leaf:
    return Leaf(Kind.JSON, leaf.count, json_text(leaf))


def _from_documents(
    field: Field, shredded: Shredded | None, texts: pa.Array, mine: pa.Array | None
) -> pa.Array:
    """JSON text of a field that has no column, for the rows where ``mine`` is null."""
    documents = _documents(shredded, texts)
    values: list[str | None] = [None] * len(texts)
    missing = pc.is_null(mine).to_pylist()
    for row, text in enumerate(documents.to_pylist() if documents is not None else []):
        if not missing[row] or text is None:
            continue
        # Documents nested too deep for the standard library keep what the format says.
        with suppress(RecursionError):
            values[row] = _first(json.loads(text), field.pointers or (pointer(field.path),))
    return pa.array(values, pa.string())


def _first(document: Any, places: Sequence[str]) -> str | None:
    for place in places:
        value = _at(document, place)
        if value is not None:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return None


def _at(value: Any, place: str) -> Any:
    for step in place.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value
