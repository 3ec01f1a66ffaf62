"""Which of many texts are JSON objects, asked of all of them at once."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.spans import is_object

_BYTES = 1 << 20  # texts that are read as one
_ROWS = 4096


def not_objects(texts: pa.Array) -> pa.Array:
    """Numbers of the rows (of a string array without nulls) that are no JSON objects."""
    if not len(texts):
        return pa.array([], pa.int64())
    trimmed = pc.ascii_trim(texts, " \t\r")
    shaped = pc.and_(pc.starts_with(trimmed, "{"), pc.ends_with(trimmed, "}"))
    bad = pc.indices_nonzero(pc.invert(shaped)).cast(pa.int64())
    looked = pc.indices_nonzero(shaped).cast(pa.int64())
    shaped_texts = texts if not len(bad) else texts.filter(shaped)
    found = [bad]
    for start, piece in _pieces(shaped_texts):
        if not _all_objects(piece):
            rows = [start + at for at, text in enumerate(piece.to_pylist()) if not is_object(text)]
            found.append(looked.take(pa.array(rows, pa.int64())))
    return _sorted(found)


def _sorted(found: list[pa.Array]) -> pa.Array:
    rows = pa.concat_arrays(found)
    return rows.take(pc.sort_indices(rows))


def _all_objects(texts: pa.Array) -> bool:
    """Whether texts, each in braces, are one object each; written as one array they are read once.

    Texts made up to complete each other could pass; they are stored as text then, not as fields.
    """
    whole = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    joined = pc.binary_join(whole, ",")[0].as_buffer()
    try:
        values = orjson.loads(b"".join((b"[", memoryview(joined), b"]")))
    except (orjson.JSONDecodeError, RecursionError):
        return False
    return len(values) == len(texts) and set(map(type, values)) == {dict}


def _pieces(texts: pa.Array) -> Iterator[tuple[int, pa.Array]]:
    if not len(texts):
        return
    mean = max(1, (pc.sum(pc.binary_length(texts)).as_py() or 0) // len(texts))
    rows = max(1, min(_ROWS, _BYTES // mean))
    for start in range(0, len(texts), rows):
        yield start, texts.slice(start, rows)
