"""Shredding: whatever way a document takes, every value of it is found again."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.ingest import shred as shred_module
from logq.ingest.documents import MAX_LEAVES, find_fragment
from logq.ingest.fast import LONG, shred_fast
from logq.ingest.naming import MAX_COLUMNS, Columns, name_fields
from logq.ingest.shred import Shredded, Shredder
from logq.ingest.slow import shred_slowly
from logq.model import SYSTEM_COLUMNS, Doc, Kind, pointer

READERS = (Kind.LIST, Kind.DOC, Kind.JSON)


def texts(*lines: str) -> pa.Array:
    return pa.array(lines, pa.string())


def shred(*lines: str, prefix: bool = True) -> Shredded:
    return Shredder(prefix=prefix).shred(texts(*lines))


def slowly(lines: pa.Array) -> Shredded:
    part = shred_slowly(lines)
    columns = name_fields(part.leaves, SYSTEM_COLUMNS)
    if part.documents is None:
        return Shredded(columns, Doc.MESSAGE, None)
    return Shredded(columns, Doc.COLUMN, part.documents)


def documents(found: Shredded, lines: pa.Array) -> list[str | None]:
    messages = lines.to_pylist()
    if found.doc is Doc.MESSAGE:
        return messages
    if found.doc is Doc.NONE or found.documents is None:
        return [None] * len(messages)
    return [m if d == "" else d for m, d in zip(messages, found.documents.to_pylist(), strict=True)]


def extract(docs: list[str | None], place: str) -> list[Any]:
    """What DuckDB reads at a JSON pointer, as Python values."""
    table = pa.table({"doc": pa.array(docs, pa.string())})
    connection = duckdb.connect()
    connection.register("t", table)
    rows = connection.execute("select json_extract(doc, $1)::varchar from t", [place]).fetchall()
    return [None if text is None else json.loads(text) for (text,) in rows]


def read(found: Shredded, lines: pa.Array, path: str) -> list[Any]:
    """The values of a field as the model says that they are to be read."""
    docs = documents(found, lines)
    if path in found.columns:
        field, values = found.columns[path]
        if values is not None:
            texts_or_values = values.to_pylist()
            if field.kind is Kind.JSON:
                return [None if v is None else json.loads(v) for v in texts_or_values]
            return texts_or_values
        return first_of(docs, field.pointers or (pointer(path),))
    segments = path.split(".")
    places: list[str] = []
    for end in range(len(segments) - 1, 0, -1):
        above = ".".join(segments[:end])
        field, _ = found.columns.get(above, (None, None))
        if field is not None and field.kind in READERS:
            rest = pointer(".".join(segments[end:]))
            places += [place + rest for place in field.pointers or (pointer(above),)]
    return first_of(docs, places)


def first_of(docs: list[str | None], places: Sequence[str]) -> list[Any]:
    result: list[Any] = [None] * len(docs)
    for place in places:
        here = extract(docs, place)
        result = [b if a is None else a for a, b in zip(result, here, strict=True)]
    return result


def flatten(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a document by the definition; keys with dots inside lists are left out."""
    leaves: list[tuple[tuple[str, ...], Any, bool]] = []

    def walk(keys: tuple[str, ...], value: Any, listed: bool) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if not (listed and "." in key):
                    walk((*keys, key), inner, listed)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                walk((*keys, str(index)), inner, True)
        elif value is not None:
            leaves.append((keys, value, listed))

    walk((), document, False)
    fields: dict[str, Any] = {}
    depth: dict[str, int] = {}
    for keys, value, _ in leaves[:MAX_LEAVES]:
        path = ".".join(keys)
        path = "@" + path if path.startswith("@") else path
        if path not in fields or len(keys) > depth[path]:
            fields[path], depth[path] = value, len(keys)
    return fields


def meaning(line: str) -> dict[str, Any]:
    # A number that no double can hold is kept as its text; the rest of the object is unharmed.
    line = line.replace('1e400', '"1e400"')
    try:
        if not isinstance(orjson.loads(line), dict):
            return {}
    except orjson.JSONDecodeError:
        return {}
    return flatten(json.loads(line))


def same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float) and isinstance(right, float):
        return left == right or math.isclose(left, right, rel_tol=1e-15)
    return bool(left == right)


def check(found: Shredded, lines: pa.Array) -> None:
    expected = [meaning(line) for line in lines.to_pylist()]
    paths = dict.fromkeys(path for fields in expected for path in fields)
    for path in paths:
        values = read(found, lines, path)
        for line, fields, value in zip(lines.to_pylist(), expected, values, strict=True):
            wanted = fields.get(path)
            if wanted is not None or not isinstance(value, dict | list):
                assert same(value, wanted), (path, line, value, wanted, found.columns.get(path))
    for path, (field, values) in found.columns.items():
        if values is not None:
            assert len(values) == len(lines)
            assert field.count == len(values) - values.null_count > 0
            for row, value in enumerate(values.to_pylist()):
                assert (value is None) == (expected[row].get(path) is None), (path, row)


KEYS = st.sampled_from(["a", "b", "A", "a.b", "0", "", "@x", "@", "a/b", "a~b", "é", "k k", 'q"'])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "x", "2026-01-01", "2026-01-01T00:00:00Z", "1", "true", "é\\u0041"]),
    st.text(max_size=5).filter(lambda t: "\0" not in t),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.tuples(KEYS, inner), max_size=3).map(lambda pairs: Pairs(pairs)),
    ),
    max_leaves=6,
)


class Pairs:
    """An object that may name a key twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def write(value: Any, blank: str = "") -> str:
    if isinstance(value, Pairs):
        inside = f",{blank}".join(
            f"{json.dumps(k)}:{blank}{write(v, blank)}" for k, v in value.pairs
        )
        return "{" + inside + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(v, blank) for v in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=blank == "")
    return json.dumps(value)


OBJECTS = st.builds(
    write,
    st.lists(st.tuples(KEYS, VALUES), max_size=4).map(lambda pairs: Pairs(pairs)),
    st.sampled_from(["", " "]),
)
UNLIKE = st.sampled_from(
    [
        "plain",
        "",
        "{",
        "}",
        "{}",
        "[1]",
        "[{]}",
        '{"a":1}{"a":2}',
        '{"a":NaN}',
        '{"b":[Infinity]}',
        '{"a":-Inf}',
        '{"a":1,}',
        '{"a":"\x01"}',
        '{"a":01}',
        '{"a":1e400}',
        '{"a":"\\ud800"}',
        ' {"a":1}',
        '{"a":{"b":1}',
        '{"a":"x}',
        '{", "b":"y"}',
        '\ufeff{"a":1}',
        "{'a':1}",
        '{"a":1} \t',
        '{"a":1}\x00',
        "{a}",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(OBJECTS, OBJECTS, OBJECTS, UNLIKE), min_size=1, max_size=6))
def test_every_value_is_found_again_on_either_path(lines: list[str]) -> None:
    column = texts(*lines)
    check(Shredder(prefix=False).shred(column), column)
    check(slowly(column), column)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(OBJECTS, min_size=1, max_size=4), min_size=2, max_size=5))
def test_what_is_remembered_from_earlier_blocks_changes_no_value(blocks: list[list[str]]) -> None:
    shredder = Shredder()
    for lines in blocks:
        column = texts(*lines)
        check(shredder.shred(column), column)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(OBJECTS, UNLIKE), min_size=4, max_size=12))
def test_pieces_are_joined_in_order(lines: list[str]) -> None:
    column = texts(*lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shred_module, "PIECE_ROWS", 3)
        check(Shredder(prefix=False).shred(column), column)
