"""What shredding finds in some rows, and how findings about different rows are joined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from logq.model import Kind

EXACT = 2**53
"""Doubles of this magnitude and above may stand for another integer than the text did."""

Keys = tuple[str, ...]
"""Where a value is in a document: the object keys from the root on, as they are written."""

ARROW_TYPES: Mapping[Kind, pa.DataType] = {
    Kind.INT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.BOOL: pa.bool_(),
    Kind.TEXT: pa.string(),
    Kind.JSON: pa.string(),
}
MAX_LEAVES_HELD = 512
"""Leaves of a part whose values are held; those of the rarest others stay in the documents."""
_NEEDS_ESCAPE = r'[\x00-\x1f"\\]'


@dataclass(frozen=True, slots=True)
class Leaf:
    """The values at one place of the documents of a part."""

    kind: Kind
    count: int
    values: pa.Array | None = None
    """One value a row, null where missing; None when the kind has no column."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was found in a run of rows."""

    rows: int
    leaves: Mapping[Keys, Leaf] = field(default_factory=dict)
    documents: pa.Array | None = None
    """Per row: '' is the text itself, null is no document; None: every text is its document."""


def without_documents(rows: int) -> Part:
    """The part of rows that are not JSON."""
    return Part(rows, {}, pa.nulls(rows, pa.string()))


def close(leaves: Mapping[Keys, Leaf], objects: Iterable[tuple[Keys, int]]) -> dict[Keys, Leaf]:
    """The leaves, and one for every object (with its count) that has none below it."""
    closed = dict(leaves)
    inner = {keys[:end] for keys in leaves for end in range(1, len(keys))}
    for keys, count in sorted(objects, key=lambda found: -len(found[0])):
        if count and keys not in inner:
            closed[keys] = Leaf(Kind.DOC, count)
            inner.update(keys[:end] for end in range(1, len(keys)))
    return closed


def numbers(values: pa.Array) -> Leaf:
    """A leaf of doubles, or one that must be read from the document to stay exact."""
    count = len(values) - values.null_count
    extremes = pc.min_max(values)
    low, high = extremes["min"].as_py(), extremes["max"].as_py()
    if count and (low <= -EXACT or high >= EXACT):
        return Leaf(Kind.DOC, count)
    return Leaf(Kind.FLOAT, count, values)


def integers(values: pa.Array) -> Leaf:
    """A leaf of integers; as JSON text where a double, met elsewhere, could not hold them.

    So integer columns of any batch may be put together with doubles.
    """
    leaf = Leaf(Kind.INT, len(values) - values.null_count, values)
    return _convert(leaf, Kind.JSON) if _too_large(leaf) else leaf


def join(parts: Sequence[Part]) -> Part:
    """One part that holds the rows of all, in order."""
    if len(parts) == 1:
        return parts[0]
    rows = [part.rows for part in parts]
    counts: dict[Keys, int] = {}
    for part in parts:
        for keys, leaf in part.leaves.items():
            counts[keys] = counts.get(keys, 0) + leaf.count
    held = most_frequent(counts)
    leaves = {
        keys: _join_leaf([p.leaves.get(keys) for p in parts], rows)
        if keys in held
        else Leaf(Kind.DOC, count)
        for keys, count in counts.items()
    }
    documents = None
    if any(part.documents is not None for part in parts):
        documents = pa.concat_arrays(
            [part.documents if part.documents is not None else _same(part.rows) for part in parts]
        )
    return Part(sum(rows), leaves, documents)


def most_frequent(counts: Mapping[Keys, int]) -> set[Keys]:
    """The places whose values a part holds."""
    if len(counts) <= MAX_LEAVES_HELD:
        return set(counts)
    ranked = sorted(counts, key=lambda keys: -counts[keys])
    return set(ranked[:MAX_LEAVES_HELD])


def arrange(part: Part, order: pa.Array) -> Part:
    """The rows of a part in another order (row numbers of ``part``)."""
    leaves = {
        keys: Leaf(leaf.kind, leaf.count, None if leaf.values is None else leaf.values.take(order))
        for keys, leaf in part.leaves.items()
    }
    documents = None if part.documents is None else part.documents.take(order)
    return Part(part.rows, leaves, documents)


def unify(leaves: Sequence[Leaf]) -> list[Leaf]:
    """The same leaves with one kind for all: the most exact one that can hold every value."""
    kind = _common(leaf.kind for leaf in leaves)
    if kind is Kind.FLOAT and any(_too_large(leaf) for leaf in leaves):
        kind = Kind.DOC
    return [_convert(leaf, kind) for leaf in leaves]


def json_text(leaf: Leaf) -> pa.Array:
    """The values of a scalar leaf as JSON text."""
    assert leaf.values is not None
    if leaf.kind is Kind.JSON:
        return leaf.values
    if leaf.kind is not Kind.TEXT:
        return leaf.values.cast(pa.string())
    quoted = pc.binary_join_element_wise('"', leaf.values, '"', "")
    special = pc.match_substring_regex(leaf.values, _NEEDS_ESCAPE)
    if not pc.any(special).as_py():
        return quoted
    escape = re.compile(_NEEDS_ESCAPE)
    return pa.array(
        [
            orjson.dumps(text).decode() if text is not None and escape.search(text) else plain
            for text, plain in zip(leaf.values.to_pylist(), quoted.to_pylist(), strict=True)
        ],
        pa.string(),
    )


def _common(kinds: Iterable[Kind]) -> Kind:
    found = set(kinds)
    if len(found) == 1:
        return found.pop()
    if found == {Kind.INT, Kind.FLOAT}:
        return Kind.FLOAT
    return Kind.DOC if found & {Kind.DOC, Kind.LIST} else Kind.JSON


def _too_large(leaf: Leaf) -> bool:
    if leaf.kind is not Kind.INT or leaf.values is None or not leaf.count:
        return False
    extremes = pc.min_max(leaf.values)
    return bool(extremes["min"].as_py() <= -EXACT or extremes["max"].as_py() >= EXACT)


def _convert(leaf: Leaf, kind: Kind) -> Leaf:
    if leaf.kind is kind:
        return leaf
    if kind is Kind.FLOAT and leaf.values is not None:
        return Leaf(kind, leaf.count, leaf.values.cast(pa.float64()))
    if kind is Kind.JSON:
        return Leaf(kind, leaf.count, json_text(leaf))
    return Leaf(kind, leaf.count)


def _join_leaf(leaves: Sequence[Leaf | None], rows: Sequence[int]) -> Leaf:
    unified = iter(unify([leaf for leaf in leaves if leaf is not None]))
    aligned = [next(unified) if leaf is not None else None for leaf in leaves]
    present = [leaf for leaf in aligned if leaf is not None]
    kind, count = present[0].kind, sum(leaf.count for leaf in present)
    if kind not in ARROW_TYPES:
        return Leaf(kind, count)
    arrays = [
        leaf.values if leaf is not None else pa.nulls(n, ARROW_TYPES[kind])
        for leaf, n in zip(aligned, rows, strict=True)
    ]
    return Leaf(kind, count, pa.concat_arrays(arrays))


def _same(rows: int) -> pa.Array:
    return pa.repeat(pa.scalar("", pa.string()), rows)
