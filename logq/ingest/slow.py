"""Shredding any JSON, one parsed object after the other: for what the fast path refuses."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa

from logq.ingest.documents import (
    MAX_LEAVES,
    count_leaves,
    has_duplicate_keys,
    parse_object,
    rewrite,
    tame,
)
from logq.ingest.parts import EXACT, Keys, Leaf, Part, close, integers, most_frequent
from logq.model import Kind

_SHORT = 2 * MAX_LEAVES  # no text of this length has more than MAX_LEAVES leaves
_NULL = type(None)


def shred_slowly(texts: pa.Array, *, fragments: bool = False) -> Part:
    """Fields of any texts; null and texts that are not JSON objects have no document.

    ``fragments`` says that the texts are not the messages themselves: every document is written
    out.
    """
    raw: list[bytes | None] = texts.cast(pa.binary()).to_pylist()
    documents: list[str | None] = [None] * len(raw)
    objects: list[dict[str, Any]] = []
    rows: list[int] = []
    for row, text in enumerate(raw):
        if text is None:
            continue
        value = parse_object(text)
        document = text.decode() if fragments else ""
        if value is None:
            tamed = tame(text)
            if tamed is None:
                continue
            document, value = tamed, orjson.loads(tamed)
        if (len(text) > _SHORT and count_leaves(value) > MAX_LEAVES) or has_duplicate_keys(
            text.strip(), value
        ):
            written = _rewritten(text)
            if written is None:
                continue
            document, value = written, orjson.loads(written)
        documents[row] = document
        objects.append(value)
        rows.append(row)
    leaves = _columns(objects, rows, len(raw))
    clean = not fragments and all(document == "" for document in documents)
    return Part(len(raw), leaves, None if clean else pa.array(documents, pa.string()))


def _rewritten(text: bytes) -> str | None:
    try:
        return rewrite(text)
    except RecursionError:
        return None


def _columns(objects: list[dict[str, Any]], rows: list[int], total: int) -> dict[Keys, Leaf]:
    leaves: dict[Keys, Leaf] = {}
    found: dict[Keys, tuple[set[type], list[Any], list[int]]] = {}
    hollow: list[tuple[Keys, int]] = []
    work: list[tuple[Keys, list[dict[str, Any]], list[int]]] = [((), objects, rows)]
    while work:
        prefix, objects, rows = work.pop()
        for key, (at, values) in _by_key(objects, rows).items():
            keys = (*prefix, key)
            types = set(map(type, values))
            if dict in types:
                inside = [
                    (row, value)
                    for row, value in zip(at, values, strict=True)
                    if type(value) is dict
                ]
                work.append((keys, [value for _, value in inside], [row for row, _ in inside]))
                if types - {dict, _NULL}:
                    leaves[keys] = Leaf(Kind.DOC, sum(v is not None for v in values))
                else:
                    hollow.append((keys, len(inside)))
            elif types != {_NULL}:
                found[keys] = (types - {_NULL}, values, at)
    held = most_frequent({keys: len(values) for keys, (_, values, _) in found.items()})
    for keys, (types, values, at) in found.items():
        leaves[keys] = _leaf(types, values, at, total) if keys in held else _unheld(types, values)
    return close(leaves, hollow)


def _by_key(
    objects: list[dict[str, Any]], rows: list[int]
) -> dict[str, tuple[list[int], list[Any]]]:
    """Values and their rows by key; objects of the same shape are turned over together."""
    shapes: dict[tuple[str, ...], tuple[list[int], list[dict[str, Any]]]] = {}
    for row, value in zip(rows, objects, strict=True):
        shape = tuple(value)
        found = shapes.get(shape)
        if found is None:
            shapes[shape] = ([row], [value])
        else:
            found[0].append(row)
            found[1].append(value)
    columns: dict[str, tuple[list[int], list[Any]]] = {}
    for shape, (at, alike) in shapes.items():
        for key, values in zip(shape, zip(*map(dict.values, alike), strict=True), strict=True):
            column = columns.get(key)
            if column is None:
                columns[key] = (list(at), list(values))
            else:
                column[0].extend(at)
                column[1].extend(values)
    return columns


def _unheld(types: set[type], values: list[Any]) -> Leaf:
    kind = Kind.LIST if types == {list} else Kind.DOC
    return Leaf(kind, sum(value is not None for value in values))


def _leaf(types: set[type], values: list[Any], at: list[int], total: int) -> Leaf:
    if list in types:
        return _unheld(types, values)
    count = sum(value is not None for value in values)
    if len(at) != total or at != list(range(total)):
        spread: list[Any] = [None] * total
        for row, value in zip(at, values, strict=True):
            spread[row] = value
        values = spread
    if types == {str}:
        return Leaf(Kind.TEXT, count, pa.array(values, pa.string()))
    if types == {bool}:
        return Leaf(Kind.BOOL, count, pa.array(values, pa.bool_()))
    if types == {int}:
        try:
            return integers(pa.array(values, pa.int64()))
        except OverflowError:
            return Leaf(Kind.DOC, count)
    if any(type(v) in (int, float) and not -EXACT < v < EXACT for v in values):
        return Leaf(Kind.DOC, count)
    if types <= {int, float}:
        return Leaf(Kind.FLOAT, count, pa.array(values, pa.float64()))
    texts = [None if v is None else orjson.dumps(v).decode() for v in values]
    return Leaf(Kind.JSON, count, pa.array(texts, pa.string()))
