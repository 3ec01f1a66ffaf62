"""From the bytes of lines to the text of messages, losing nothing silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from logq.errors import InvalidValue

BOM = b"\xef\xbb\xbf"
_ONE_BY_ONE = 64  # rows below which looking at each is cheaper than halving on


@dataclass(frozen=True, slots=True)
class Mask:
    """What must not be stored: every match of ``pattern`` (RE2) becomes ``replacement``."""

    pattern: str
    replacement: str = "***"
    r"""May hold ``\1`` for the first group."""

    def __post_init__(self) -> None:
        try:
            self.apply(pa.array([""], pa.string()))
        except pa.ArrowInvalid as error:
            raise InvalidValue(
                f"mask {self.pattern!r} is not a regular expression: {error}",
                hint="masks use RE2 syntax: no look-around, no back-references in the pattern",
            ) from None

    def apply(self, texts: pa.Array) -> pa.Array:
        """The texts with every match replaced."""
        return pc.replace_substring_regex(texts, self.pattern, self.replacement)


@dataclass(frozen=True, slots=True)
class Texts:
    """Messages as text."""

    texts: pa.Array
    raw: pa.Array | None = None
    """The bytes of those that were not valid UTF-8; None: all were."""

    @property
    def invalid(self) -> int:
        """How many were not valid UTF-8."""
        return 0 if self.raw is None else len(self.raw) - self.raw.null_count


def as_binary(lines: pa.Array | Sequence[bytes]) -> pa.Array:
    """Lines as one binary array."""
    if isinstance(lines, pa.ChunkedArray):
        lines = lines.combine_chunks()
    if not isinstance(lines, pa.Array):
        return pa.array(lines, pa.binary())
    return lines if lines.type == pa.binary() else lines.cast(pa.binary())


def without_returns(lines: pa.Array) -> pa.Array:
    """The lines without the carriage return of a CRLF line end."""
    ends = pc.ends_with(lines, b"\r")
    if not pc.any(ends).as_py():
        return lines
    return pc.if_else(ends, pc.binary_slice(lines, 0, -1), lines)


def without_mark(lines: pa.Array) -> pa.Array:
    """The lines of a source's beginning without its byte order mark."""
    if not len(lines) or not lines[0].as_py().startswith(BOM):
        return lines
    first = pa.array([lines[0].as_py()[len(BOM) :]], pa.binary())
    return pa.concat_arrays([first, lines.slice(1)])


def cut(lines: pa.Array, limit: int, before: Mapping[int, int]) -> tuple[pa.Array, pa.Array | None]:
    """Lines of at most ``limit`` bytes and, per line, how many bytes were cut (null for none).

    ``before`` are the bytes that somebody else has already cut, by row. A character that the
    limit splits is left out as a whole.
    """
    lengths = pc.binary_length(lines)
    longest = pc.max(lengths).as_py() or 0
    if longest <= limit and not before:
        return lines, None
    missing: list[int | None] = [None] * len(lines)
    kept = lines.to_pylist()
    over = (
        set(pc.indices_nonzero(pc.greater(lengths, limit)).to_pylist()) if longest > limit else ()
    )
    for row in {*over, *before}:
        short = _whole_characters(kept[row][:limit])
        missing[row] = before.get(row, 0) + len(kept[row]) - len(short)
        kept[row] = short
    return pa.array(kept, pa.binary()), pa.array(missing, pa.int64())


def decode(lines: pa.Array) -> Texts:
    """Text, where bytes that are not UTF-8 become U+FFFD and the bytes are kept aside."""
    try:
        return Texts(lines.cast(pa.string()))
    except pa.ArrowInvalid:
        pass
    bad = _invalid_rows(lines, 0)
    texts = lines.to_pylist()
    raw: list[bytes | None] = [None] * len(texts)
    for row in bad:
        raw[row] = texts[row]
        texts[row] = texts[row].decode("utf-8", "replace").encode()
    return Texts(pa.array(texts, pa.binary()).cast(pa.string()), pa.array(raw, pa.binary()))


def _whole_characters(text: bytes) -> bytes:
    """Text that was cut anywhere, without a character that the cut left incomplete."""
    for back in range(1, min(4, len(text)) + 1):
        first = text[-back]
        if first & 0xC0 != 0x80:
            needed = 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            return text[:-back] if back < needed else text
    return text


def _invalid_rows(lines: pa.Array, start: int) -> list[int]:
    rows: list[int] = []
    work = [(start, lines)]
    while work:
        start, part = work.pop()
        if len(part) > _ONE_BY_ONE:
            try:
                part.cast(pa.string())
            except pa.ArrowInvalid:
                half = len(part) // 2
                work += [(start + half, part.slice(half)), (start, part.slice(0, half))]
            continue
        for row, line in enumerate(part.to_pylist()):
            try:
                line.decode()
            except UnicodeDecodeError:
                rows.append(start + row)
    return rows
