"""The fields of JSON messages as typed columns.

Messages are cut into pieces of about a megabyte. A piece takes the fast path if it can; rows that
are in its way take the slow path alone; a piece with too many of them goes slowly as a whole. All
that a ``Shredder`` remembers from piece to piece is how to guess right the first time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.documents import find_fragment, parse_object
from logq.ingest.fast import (
    Refused,
    Schema,
    Unforeseen,
    merge_schema,
    shred_fast,
    suspicious,
    text_fields,
    width,
)
from logq.ingest.naming import name_fields
from logq.ingest.parts import Keys, Part, arrange, join, without_documents
from logq.ingest.slow import shred_slowly
from logq.model import SYSTEM_COLUMNS, Doc, Field

PIECE_ROWS = 4096
PIECE_BYTES = 1 << 20
MAX_SCHEMA = 1024  # leaves; documents that vary more than that are not worth remembering
_TRIES = 3  # rows taken out of a piece one by one before it goes slowly as a whole
_SAMPLE = 48  # rows looked at before the fast path may find new fields
_CELLS = 8 << 20  # rows times unforeseen fields that Arrow's reader may be made to hold


@dataclass(frozen=True, slots=True)
class Shredded:
    """The fields of some messages."""

    columns: Mapping[str, tuple[Field, pa.Array | None]]
    """By path; no array where the value is to be read from the document."""
    doc: Doc
    documents: pa.Array | None
    """For ``Doc.COLUMN``: as the column ``@json`` holds them."""
    without: pa.Array | None = None
    """Per message, whether it has no document; None: as ``doc`` says, all or none."""


class Shredder:
    """Shreds the messages of one source, block by block."""

    def __init__(self, *, prefix: bool = True, seed: int = 0) -> None:
        self._prefix = prefix
        self._schema: Schema = {}
        self._known: set[Keys] = set()
        self._complete = False
        self._skip = 0
        self._penalty = 1
        self._random = random.Random(seed)

    def shred(self, messages: pa.Array) -> Shredded:
        """The fields of ``messages`` (string array without nulls)."""
        if not len(messages):
            return Shredded({}, Doc.NONE, None)
        part = join([self._piece(piece) for piece in _pieces(messages)])
        columns = name_fields(part.leaves, SYSTEM_COLUMNS)
        if part.documents is None:
            return Shredded(columns, Doc.MESSAGE, None)
        without = part.documents.is_null()
        if pc.all(without).as_py():
            return Shredded(columns, Doc.NONE, None)
        return Shredded(columns, Doc.COLUMN, part.documents, without)

    def _piece(self, texts: pa.Array) -> Part:
        odd = suspicious(texts)
        if not len(odd):
            return self._shred(texts)
        if len(odd) == len(texts):
            return self._shred_odd(texts)
        rest = _others(len(texts), odd)
        parts = [self._shred(texts.take(rest)), self._shred_odd(texts.take(odd))]
        return _restore(join(parts), pa.concat_arrays([rest, odd]))

    def _shred_odd(self, texts: pa.Array) -> Part:
        """Texts that do not look like one clean object."""
        if not pc.any(pc.match_substring(texts, "{")).as_py():
            return without_documents(len(texts))
        plain: list[bool] = []
        fragments: list[str | None] = []
        for text in texts.to_pylist():
            whole = text if parse_object(text) is not None else None
            plain.append(whole is not None)
            fragments.append(
                find_fragment(text) if whole is None and self._prefix and "{" in text else None
            )
        kinds = [
            (pa.array([not p and f is None for p, f in zip(plain, fragments, strict=True)]), None),
            (pa.array(plain), texts),
            (pa.array([f is not None for f in fragments]), pa.array(fragments, pa.string())),
        ]
        parts, orders = [], []
        for mask, source in kinds:
            rows = pc.indices_nonzero(mask)
            if not len(rows):
                continue
            orders.append(rows)
            if source is None:
                parts.append(without_documents(len(rows)))
            elif source is texts:
                parts.append(shred_slowly(source.take(rows)))
            else:
                parts.append(self._shred_fragments(source.take(rows)))
        return _restore(join(parts), pa.concat_arrays(orders))

    def _shred_fragments(self, texts: pa.Array) -> Part:
        if len(suspicious(texts)):
            return shred_slowly(texts, fragments=True)
        part = self._shred(texts)
        documents = texts
        if part.documents is not None:
            same = pc.equal(part.documents, "").fill_null(False)
            documents = pc.if_else(same, texts, part.documents)
        return Part(part.rows, part.leaves, documents)

    def _shred(self, texts: pa.Array) -> Part:
        """Texts that look like clean objects."""
        if self._skip:
            self._skip -= 1
            return self._slowly(texts)
        left, order, aside = texts, pa.array(range(0), pa.uint64()), []
        taken: list[pa.Array] = []
        for _ in range(_TRIES + 1):
            try:
                part = self._fast(left)
            except Refused as refused:
                if refused.row is None or len(left) < 2:
                    break
                row = pa.array([refused.row], pa.uint64())
                aside.append(left.take(row))
                taken.append(order.take(row) if len(order) else row)
                rest = _others(len(left), row)
                left = left.take(rest)
                order = order.take(rest) if len(order) else rest
                continue
            self._penalty = 1
            if not aside:
                return part
            parts = [part, shred_slowly(pa.concat_arrays(aside))]
            return _restore(join(parts), pa.concat_arrays([order, *taken]))
        self._skip = self._penalty
        self._penalty = min(64, self._penalty * 2)
        self._schema, self._complete = {}, False
        return self._slowly(texts)

    def _fast(self, texts: pa.Array) -> Part:
        if self._complete:
            try:
                return shred_fast(texts, self._schema, complete=True)[0]
            except Unforeseen:
                self._complete = False
            except Refused as refused:
                if refused.row is not None:
                    raise
                self._complete = False
        if self._explodes(texts):
            raise Refused("too many different fields")
        part, found = shred_fast(texts, text_fields(self._schema), complete=False)
        merged = merge_schema(self._schema, found)
        self._complete = merged == self._schema or not self._schema
        self._schema = merged if width(merged) <= MAX_SCHEMA else {}
        self._know(part)
        return part

    def _slowly(self, texts: pa.Array) -> Part:
        part = shred_slowly(texts)
        self._know(part)
        return part

    def _know(self, part: Part) -> None:
        if len(self._known) > 4 * MAX_SCHEMA:
            self._known.clear()
        self._known.update(part.leaves)

    def _explodes(self, texts: pa.Array) -> bool:
        """Whether a sample foretells more new fields than Arrow's reader can hold in memory."""
        picked = sorted({self._random.randrange(len(texts)) for _ in range(_SAMPLE)})
        seen: dict[Keys, int] = {}
        for row in picked:
            for keys in shred_slowly(texts[row : row + 1]).leaves:
                if keys not in self._known:
                    seen[keys] = seen.get(keys, 0) + 1
        once = sum(1 for times in seen.values() if times == 1)
        if len(picked) == len(texts):
            return len(seen) * len(texts) > _CELLS
        return once * len(texts) ** 2 // len(picked) > _CELLS


def _pieces(texts: pa.Array) -> Iterator[pa.Array]:
    """Slices of bounded rows and bytes."""
    ends = pc.cumulative_sum(pc.binary_length(texts).cast(pa.int64()))
    start, before = 0, 0
    while start < len(texts):
        stop = min(start + PIECE_ROWS, len(texts))
        while stop - start > 1 and ends[stop - 1].as_py() - before > PIECE_BYTES:
            stop = start + (stop - start) // 2
        yield texts.slice(start, stop - start)
        before = ends[stop - 1].as_py()
        start = stop


def _others(rows: int, some: pa.Array) -> pa.Array:
    mask = pc.is_in(pa.array(range(rows), pa.uint64()), some.cast(pa.uint64()))
    return pc.indices_nonzero(pc.invert(mask))


def _restore(part: Part, rows: pa.Array) -> Part:
    """A part whose row i belongs at ``rows[i]``, put in order."""
    return arrange(part, pc.sort_indices(rows))
