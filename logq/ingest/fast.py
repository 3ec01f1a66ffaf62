"""Shredding clean JSON lines with Arrow's reader, which is fast and trusts its input too much.

Arrow's reader is only given texts that begin with ``{`` and end with ``}``, one a line, so that
one object a line is all that can come back. It raises where a key is doubled, a type changes or
the JSON is bad. What it would do wrong in silence is caught here: dates are kept as text, doubles
that may have been other integers are left to the document, NaN and infinity are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from logq.ingest.documents import MAX_LEAVES
from logq.ingest.parts import Keys, Leaf, Part, close, integers, numbers
from logq.model import Kind

MAX_DEPTH = 128
"""Objects and lists within each other that are shredded fast; the code below recurses."""
MAX_OPENED = 1000
"""Brackets in a long text that Arrow's reader is trusted with: it recurses, and some 5,000 levels
exhaust a stack of 8 MiB."""
LONG = 4096
"""Texts of up to this many bytes cannot exhaust the reader's stack."""

Schema = Mapping[str, pa.DataType]


class Refused(Exception):
    """These texts cannot be read the fast way; ``row`` is to blame if it is not None."""

    def __init__(self, why: str, row: int | None = None) -> None:
        super().__init__(why)
        self.row = row


class Unforeseen(Refused):
    """There are fields that the schema does not know."""


def suspicious(texts: pa.Array) -> pa.Array:
    """Numbers of the rows that must not be given to ``shred_fast``."""
    shaped = pc.and_(pc.starts_with(texts, "{"), pc.ends_with(texts, "}"))
    bad = pc.invert(shaped.fill_null(False))
    if (pc.max(pc.binary_length(texts)).as_py() or 0) > LONG:
        bad = pc.or_(bad, _wide_or_deep(texts))
    return pc.indices_nonzero(bad)


def shred_fast(texts: pa.Array, schema: Schema, *, complete: bool) -> tuple[Part, Schema]:
    """The fields of clean texts and the schema they have; raises Refused.

    With ``complete`` a field that is not in ``schema`` raises Unforeseen; otherwise it is found,
    at a cost in memory of rows times fields.
    """
    table = _read(texts, schema, complete)
    found = {field.name: _plain(field.type) for field in table.schema}
    if any(field.type != found[field.name] for field in table.schema):
        table = _read(texts, found, complete=True)
    if table.num_rows != len(texts):
        raise Refused("several objects in one line")
    leaves: dict[Keys, Leaf] = {}
    objects: list[tuple[Keys, int]] = []
    most = 0
    for keys, values in _walk(table):
        count = len(values) - values.null_count
        if not count:
            continue
        kind = values.type
        if pa.types.is_struct(kind):
            objects.append((keys, count))
            continue
        most += _widest(values) if pa.types.is_list(kind) else 1
        leaves[keys] = _leaf(values, count)
    if most > MAX_LEAVES:
        raise Refused("perhaps more fields in one text than are discovered")
    return Part(len(texts), close(leaves, objects)), found


def text_fields(schema: Schema) -> Schema:
    """The part of a schema that keeps texts from being taken for dates."""
    kept = {name: _text_type(kind) for name, kind in schema.items()}
    return {name: kind for name, kind in kept.items() if kind is not None}


def merge_schema(old: Schema, new: Schema) -> Schema:
    """A schema for texts of both kinds; a field of two types is not in it."""
    merged = dict(old)
    for name, kind in new.items():
        both = _merge_type(merged[name], kind) if name in merged else kind
        if both is None:
            del merged[name]
        else:
            merged[name] = both
    return merged


def width(schema: Schema) -> int:
    """How many leaves a schema has."""
    count, work = 0, list(schema.values())
    while work:
        kind = work.pop()
        if pa.types.is_struct(kind):
            work.extend(field.type for field in kind)
        else:
            count += 1
    return count


def _read(texts: pa.Array, schema: Schema, complete: bool) -> pa.Table:
    lines = pc.binary_join(pa.LargeListArray.from_arrays(pa.array([0, len(texts)]), texts), "\n")
    data = lines.buffers()[2]
    options = pj.ReadOptions(use_threads=False, block_size=len(data) + 64)
    parse = pj.ParseOptions(
        explicit_schema=pa.schema(list(schema.items())) if schema else None,
        unexpected_field_behavior="error" if complete else "infer",
    )
    try:
        return pj.read_json(pa.BufferReader(data), options, parse)
    except UnicodeDecodeError as error:
        raise Refused("a name is not UTF-8") from error
    except pa.ArrowInvalid as error:
        message = str(error)
        if "unexpected field" in message:
            raise Unforeseen(message) from error
        match = re.search(r" in row (\d+)\s*$", message)
        row = int(match[1]) if match else len(texts)
        raise Refused(message, row if row < len(texts) else None) from error


def _walk(table: pa.Table) -> Iterator[tuple[Keys, pa.Array]]:
    work: list[tuple[Keys, pa.Array]] = [
        ((name,), column.chunk(0) if column.num_chunks == 1 else column.combine_chunks())
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    work.reverse()
    while work:
        keys, values = work.pop()
        if isinstance(values, pa.ChunkedArray):
            values = pa.concat_arrays(values.chunks)
        yield keys, values
        if pa.types.is_struct(values.type):
            if len(keys) > MAX_DEPTH:
                raise Refused("too deep")
            names = [field.name for field in values.type]
            children = [
                ((*keys, name), child) for name, child in zip(names, values.flatten(), strict=True)
            ]
            work.extend(reversed(children))


def _leaf(values: pa.Array, count: int) -> Leaf:
    kind = values.type
    if pa.types.is_string(kind):
        return Leaf(Kind.TEXT, count, values)
    if pa.types.is_integer(kind):
        return integers(values)
    if pa.types.is_boolean(kind):
        return Leaf(Kind.BOOL, count, values)
    if pa.types.is_floating(kind):
        _refuse_nan(values)
        return numbers(values)
    if pa.types.is_list(kind):
        return Leaf(Kind.LIST, count)
    raise Refused(f"a column of type {kind}")


def _refuse_nan(values: pa.Array) -> None:
    finite = pc.is_finite(values)
    if not pc.all(finite).as_py():
        row = pc.index(finite, pa.scalar(False)).as_py()
        raise Refused("NaN is not JSON", row)


def _widest(values: pa.Array) -> int:
    """At least as many as the leaves of the longest list; raises Refused on NaN."""
    lengths = pc.max(pc.list_value_length(values)).as_py() or 0
    below, work = 0, [(1, values.flatten())]
    while work:
        depth, items = work.pop()
        if depth > MAX_DEPTH:
            raise Refused("too deep")
        if pa.types.is_struct(items.type):
            work.extend((depth + 1, child) for child in items.flatten())
        elif pa.types.is_list(items.type):
            lengths *= pc.max(pc.list_value_length(items)).as_py() or 0
            work.append((depth + 1, items.flatten()))
        else:
            below += 1
            if pa.types.is_floating(items.type) and not pc.all(pc.is_finite(items)).as_py():
                raise Refused("NaN is not JSON")
    return int(lengths * max(1, below))


def _wide_or_deep(texts: pa.Array) -> pa.Array:
    long = pc.greater(pc.binary_length(texts), LONG)
    some = texts.filter(long)
    opened = pc.add(pc.count_substring(some, "{"), pc.count_substring(some, "["))
    bad = pc.or_(
        pc.greater(opened, MAX_OPENED), pc.greater(pc.count_substring(some, ","), MAX_LEAVES)
    )
    return pc.replace_with_mask(long.fill_null(False), long.fill_null(False), bad)


def _plain(kind: pa.DataType, depth: int = 0) -> pa.DataType:
    """The type with texts where Arrow found dates; raises Refused."""
    if depth > MAX_DEPTH:
        raise Refused("too deep")
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _plain(field.type, depth + 1)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type, depth + 1))
    return kind


def _text_type(kind: pa.DataType) -> pa.DataType | None:
    if pa.types.is_string(kind):
        return kind
    if pa.types.is_struct(kind):
        kept = [(field.name, _text_type(field.type)) for field in kind]
        inner = [(name, inside) for name, inside in kept if inside is not None]
        return pa.struct(inner) if inner else None
    if pa.types.is_list(kind):
        item = _text_type(kind.value_type)
        return None if item is None else pa.list_(item)
    return None


def _merge_type(old: pa.DataType, new: pa.DataType) -> pa.DataType | None:
    if old == new or pa.types.is_null(new):
        return old
    if pa.types.is_null(old):
        return new
    if pa.types.is_struct(old) and pa.types.is_struct(new):
        inner = merge_schema({f.name: f.type for f in old}, {f.name: f.type for f in new})
        return pa.struct(list(inner.items()))
    if pa.types.is_list(old) and pa.types.is_list(new):
        item = _merge_type(old.value_type, new.value_type)
        return None if item is None else pa.list_(item)
    if {old, new} == {pa.int64(), pa.float64()}:
        return pa.float64()
    return None
