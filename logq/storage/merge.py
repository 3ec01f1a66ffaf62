"""Unify batches of different schemas into one, so that every value stays reachable.

Of one field, what the batches hold becomes:

* the same kind everywhere: that kind;
* ``INT`` with ``FLOAT``: ``FLOAT``, if no integer is beyond 2^53;
* any other mixture of columns: a ``JSON`` column with the JSON text of each value;
* ``LIST`` everywhere: ``LIST``; ``LIST`` or ``DOC`` with anything else: ``DOC``;
* a column whose path lies below a ``JSON``, ``LIST`` or ``DOC`` field of another batch: ``DOC``;
* a column where another batch has fields below its path, so an object: ``DOC``;
* the rarest columns beyond ``MAX_COLUMNS``: ``DOC``.

A document, where an event has one, holds all its discovered fields: ingest promises that. An event
without a document whose column becomes ``DOC`` gets one: a flat JSON object of all its fields
``{"http.status": 200}``, to which the last pointer of the field leads. So readers need to know
nothing but the model: the column, or the document by the field's pointers in their order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from logq.model import (
    BATCH_METADATA,
    JSON_DOCUMENT,
    SYSTEM_COLUMNS,
    BatchInfo,
    Doc,
    Field,
    Kind,
    fields_by_path,
    pointer,
)
from logq.storage.batch import COLUMN_TYPES, SYSTEM_TYPES

MAX_COLUMNS = 512
_EXACT = 1 << 53
_OPAQUE = frozenset({Kind.JSON, Kind.LIST, Kind.DOC})
_NUMBERS = frozenset({Kind.INT, Kind.FLOAT})


@dataclass(frozen=True, slots=True)
class Source:
    """One batch to be unified, without its rows."""

    info: BatchInfo
    columns: frozenset[str]
    """The system columns that are there."""
    exact: Callable[[str], bool]
    """Whether all integers of a column can be doubles."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the unified batch looks like, and which sources need documents for their events."""

    info: BatchInfo
    schema: pa.Schema
    needs_documents: tuple[bool, ...]
    alike: bool
    """Whether the sources have the unified columns already."""


def merge(tables: Sequence[tuple[pa.Table, BatchInfo]]) -> tuple[pa.Table, BatchInfo]:
    """Unify batches in memory, in the given order."""
    plan = unify([source_of(table, info) for table, info in tables])
    parts = [conform(t, info, plan, i) for i, (t, info) in enumerate(tables)]
    return pa.concat_tables(parts), plan.info


def source_of(table: pa.Table, info: BatchInfo) -> Source:
    """A batch in memory as a source."""

    def exact(column: str) -> bool:
        ends = pc.min_max(table.column(column)).as_py()
        return ends["min"] is None or (ends["min"] >= -_EXACT and ends["max"] <= _EXACT)

    return Source(info, frozenset(system_columns(table.column_names)), exact)


def system_columns(names: Sequence[str]) -> list[str]:
    """The system columns among the columns of a batch."""
    return [name for name in names if name in SYSTEM_COLUMNS]


def unify(sources: Sequence[Source], max_columns: int = MAX_COLUMNS) -> Plan:
    """Decide what the unified batch looks like."""
    first = sources[0].info
    same = all(
        s.info.doc == first.doc and s.columns == sources[0].columns and _alike(s.info, first)
        for s in sources[1:]
    )
    held: dict[str, list[tuple[Source, Field]]] = {}
    for source in sources:
        for path, field in source.info.fields.items():
            held.setdefault(path, []).append((source, field))
    kinds = {path: _kind(uses) for path, uses in held.items()}
    if not same:
        # A value in one batch, an object in another: only the documents tell both.
        objects = {up for path in kinds for up in _above(path)}
        kinds.update(dict.fromkeys(objects & kinds.keys(), Kind.DOC))
        opaque = {path for path, kind in kinds.items() if kind in _OPAQUE}
        for path in kinds:
            if kinds[path] is not Kind.DOC and any(up in opaque for up in _above(path)):
                kinds[path] = Kind.DOC
        counts = {p: sum(f.count for _, f in uses) for p, uses in held.items()}
        columns = [p for p, kind in kinds.items() if kind in COLUMN_TYPES]
        columns.sort(key=lambda p: -counts[p])
        kinds.update(dict.fromkeys(columns[max_columns:], Kind.DOC))
    needs = tuple(_needs_documents(s, kinds) for s in sources)
    info = BatchInfo(_doc(sources, needs), fields_by_path(_fields(held, kinds, any(needs))))
    present = set().union(*(s.columns for s in sources))
    if info.doc is Doc.COLUMN:
        present.add(JSON_DOCUMENT)
    schema = [(n, SYSTEM_TYPES[n]) for n in SYSTEM_COLUMNS if n in present]
    schema += [(f.column, COLUMN_TYPES[f.kind]) for f in info.fields.values() if f.column]
    metadata = {BATCH_METADATA: info.to_json().encode()}
    return Plan(info, pa.schema(schema, metadata=metadata), needs, same)


def _alike(one: BatchInfo, other: BatchInfo) -> bool:
    return one.fields.keys() == other.fields.keys() and all(
        (f.kind, f.column) == (other.fields[path].kind, other.fields[path].column)
        for path, f in one.fields.items()
    )


def _kind(uses: Sequence[tuple[Source, Field]]) -> Kind:
    kinds = {field.kind for _, field in uses}
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds & {Kind.LIST, Kind.DOC}:
        return Kind.DOC
    exact = all(s.exact(f.column) for s, f in uses if f.kind is Kind.INT and f.column)
    return Kind.FLOAT if kinds == _NUMBERS and exact else Kind.JSON


def _above(path: str) -> list[str]:
    keys = path.split(".")
    return [".".join(keys[:n]) for n in range(1, len(keys))]


def _needs_documents(source: Source, kinds: Mapping[str, Kind]) -> bool:
    if source.info.doc is Doc.MESSAGE:
        return False
    return any(
        f.column is not None and kinds[p] not in COLUMN_TYPES for p, f in source.info.fields.items()
    )


def _doc(sources: Sequence[Source], needs: Sequence[bool]) -> Doc:
    docs = {Doc.COLUMN if need else s.info.doc for s, need in zip(sources, needs, strict=True)}
    return next(iter(docs)) if len(docs) == 1 else Doc.COLUMN


def _fields(
    held: Mapping[str, Sequence[tuple[Source, Field]]], kinds: Mapping[str, Kind], made: bool
) -> list[Field]:
    taken = {name.lower() for name in SYSTEM_COLUMNS}
    fields = []
    for path, uses in held.items():
        column = _column(path, [f for _, f in uses], taken) if kinds[path] in COLUMN_TYPES else None
        pointers = list(dict.fromkeys(q for _, f in uses for q in f.pointers or (pointer(path),)))
        flat = "/" + path.removeprefix("@" * path.startswith("@@")).replace("~", "~0").replace(
            "/", "~1"
        )
        if made and kinds[path] is Kind.DOC and flat not in pointers:
            pointers.append(flat)
        if pointers == [pointer(path)]:
            pointers = []
        count = sum(f.count for _, f in uses)
        fields.append(Field(path, kinds[path], column, count, tuple(pointers)))
    return fields


def _column(path: str, fields: Sequence[Field], taken: set[str]) -> str:
    names = [f.column for f in fields if f.column is not None] + [path]
    names += [f"{path}~{n}" for n in range(2, len(taken) + 2)]
    name = next(n for n in names if n.lower() not in taken)
    taken.add(name.lower())
    return name


def conform(table: pa.Table, info: BatchInfo, plan: Plan, number: int) -> pa.Table:
    """Give a table of source ``number`` the unified columns; the rows stay as they are."""
    if plan.alike and table.schema.equals(plan.schema):
        return table.replace_schema_metadata(plan.schema.metadata)
    rows = table.num_rows
    columns: dict[str, Any] = {
        n: table.column(n) for n in SYSTEM_COLUMNS if n in table.column_names
    }
    if plan.info.doc is Doc.COLUMN:
        columns[JSON_DOCUMENT] = _documents(table, info, plan.needs_documents[number])
    for path, field in plan.info.fields.items():
        old = info.fields.get(path)
        if field.column is not None and old is not None and old.column is not None:
            columns[field.column] = _convert(table.column(old.column), old.kind, field.kind)
    arrays = [columns[f.name] if f.name in columns else pa.nulls(rows, f.type) for f in plan.schema]
    return pa.table(arrays, schema=plan.schema)


def _convert(column: Any, old: Kind, new: Kind) -> Any:
    if old is new:
        return column
    if new is Kind.FLOAT:
        return column.cast(pa.float64(), safe=False)
    return json_text(column, old)


def json_text(column: Any, kind: Kind) -> Any:
    """The JSON text of every value of a column."""
    if kind is Kind.JSON:
        return column
    if kind is Kind.FLOAT:
        finite = pc.is_finite(column)
        text = column.cast(pa.string())
        if pc.all(finite).as_py() in (True, None):
            return text
        return pc.if_else(finite, text, _quoted(text))
    if kind is not Kind.TEXT:
        return column.cast(pa.string())
    special = pc.any(pc.match_substring_regex(column, r"[\x00-\x1f]")).as_py()
    if special:
        texts = [
            None if v is None else json.dumps(v, ensure_ascii=False) for v in column.to_pylist()
        ]
        return pa.chunked_array([pa.array(texts, pa.string())])
    escaped = pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), '"', '\\"')
    return _quoted(escaped)


def _quoted(text: Any) -> Any:
    return pc.binary_join_element_wise('"', text, '"', "")


def _documents(table: pa.Table, info: BatchInfo, make: bool) -> Any:
    rows = table.num_rows
    if info.doc is Doc.MESSAGE:
        return pa.repeat(pa.scalar("", pa.string()), rows)
    old = table.column(JSON_DOCUMENT) if info.doc is Doc.COLUMN else pa.nulls(rows, pa.string())
    if not make:
        return old
    held = [
        (p.removeprefix("@" * p.startswith("@@")), f) for p, f in info.fields.items() if f.column
    ]
    texts = [json_text(table.column(f.column), f.kind).to_pylist() for _, f in held]
    names = [json.dumps(name, ensure_ascii=False) + ":" for name, _ in held]
    made = []
    for number, document in enumerate(old.to_pylist()):
        if document is None:
            values = (
                name + text[number]
                for name, text in zip(names, texts, strict=True)
                if text[number] is not None
            )
            document = "{" + ",".join(values) + "}"
            document = None if document == "{}" else document
        made.append(document)
    return pa.array(made, pa.string())
