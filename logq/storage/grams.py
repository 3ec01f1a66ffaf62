"""The text index of a segment: which sequences of four bytes occur in each row group.

Per row group a bitmap of 2^20 bits, one per hash of four bytes of ``@message``, cut into 32 pages
that are compressed and checked one by one: a question reads only the pages it asks about. An
index that is missing or damaged answers "maybe", so it is never needed for a right answer.

File: ``LQG1``, number of row groups, then per page offset, size and CRC-32, a CRC-32 of all this,
and the pages (zstd). Numbers are little-endian, 32 bits.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

GRAM = 4
_BITS = 20
_PAGE = 4096
_PAGES = (1 << _BITS) // 8 // _PAGE
_MULTIPLIER = 2_654_435_761
_MAGIC = b"LQG1"
_ENTRY = struct.Struct("<III")
_NUMBER = struct.Struct("<I")


def may_contain(path: str, row_group: int, literal: bytes) -> bool:
    """False only if no message of a row group contains ``literal``; case matters."""
    try:
        directory = _directory(path)
        with Path(path).open("rb") as file:
            return all(
                _bit(path, file, directory, row_group, _hash(literal[at : at + GRAM]))
                for at in range(len(literal) - GRAM + 1)
            )
    except (OSError, ValueError, IndexError, struct.error):
        return True


def _hash(gram: bytes) -> int:
    return (int.from_bytes(gram, "little") * _MULTIPLIER & 0xFFFFFFFF) >> (32 - _BITS)


def _bit(
    path: str, file: Any, directory: tuple[tuple[int, int, int], ...], row_group: int, number: int
) -> bool:
    if row_group < 0:
        raise IndexError(row_group)
    place, bit = divmod(number, 8)
    page, byte = divmod(place, _PAGE)
    offset, size, crc = directory[row_group * _PAGES + page]
    file.seek(offset)
    return bool(_page(path, offset, file.read(size), crc)[byte] >> bit & 1)


@lru_cache(maxsize=2048)
def _page(path: str, offset: int, data: bytes, crc: int) -> bytes:
    import cramjam

    if zlib.crc32(data) != crc:
        raise ValueError("a page of the text index is damaged")
    page = bytes(cramjam.zstd.decompress(data))
    if len(page) != _PAGE:
        raise ValueError("a page of the text index is damaged")
    return page


@lru_cache(maxsize=256)
def _directory(path: str) -> tuple[tuple[int, int, int], ...]:
    with Path(path).open("rb") as file:
        head = file.read(8)
        if head[:4] != _MAGIC:
            raise ValueError("not a text index")
        size = _NUMBER.unpack(head[4:])[0] * _PAGES * _ENTRY.size
        if size > Path(path).stat().st_size:
            raise ValueError("the text index is cut off")
        table = file.read(size)
        if _NUMBER.unpack(file.read(4))[0] != zlib.crc32(head + table):
            raise ValueError("the directory of the text index is damaged")
    return tuple(_ENTRY.iter_unpack(table))


class GramsBuilder:
    """Collect the bitmaps of a segment's row groups and write them as a file's bytes."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int]] = []
        self._pages: list[bytes] = []

    def add(self, messages: pa.ChunkedArray) -> None:
        """Index the messages of the next row group."""
        import cramjam

        bits = _bitmap(messages)
        for start in range(0, len(bits), _PAGE):
            page = bytes(cramjam.zstd.compress(bits[start : start + _PAGE], 3))
            self._pages.append(page)
            self._entries.append((len(page), zlib.crc32(page)))

    def to_bytes(self) -> bytes:
        """The whole index file."""
        head = _MAGIC + _NUMBER.pack(len(self._pages) // _PAGES)
        offset = len(head) + len(self._entries) * _ENTRY.size + _NUMBER.size
        table = b""
        for size, crc in self._entries:
            table += _ENTRY.pack(offset, size, crc)
            offset += size
        return b"".join([head, table, _NUMBER.pack(zlib.crc32(head + table)), *self._pages])


def _bitmap(messages: pa.ChunkedArray) -> bytes:
    """2^20 bits, least significant first. Sequences across two messages set bits too: harmless."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pa.repeat(False, 1 << _BITS)
    multiplier = pa.scalar(_MULTIPLIER, pa.uint32())
    dropped = pa.scalar(32 - _BITS, pa.uint32())
    for chunk in messages.chunks:
        data = _text_of(chunk)
        for shift in range(GRAM):
            count = (len(data) - shift) // GRAM
            if count > 0:
                text = pa.py_buffer(data[shift : shift + count * GRAM])
                words = pa.Array.from_buffers(pa.uint32(), count, [None, text])
                hashes = pc.shift_right(pc.multiply(words, multiplier), dropped)
                # Where a hash occurs, valid or not, is the bitmap: five times as quick as a set.
                places = pc.inverse_permutation(
                    hashes.view(pa.int32()), max_index=(1 << _BITS) - 1, output_type=pa.int32()
                )
                found = pc.or_(found, places.is_valid())
    return bytes(found.buffers()[1].to_pybytes()[: _PAGES * _PAGE])


def _text_of(chunk: Any) -> memoryview:
    """The bytes of all messages of a string array, one after the other."""
    _, offsets, data = chunk.buffers()
    if data is None or len(chunk) == 0:
        return memoryview(b"")
    places = memoryview(offsets).cast("i")
    return memoryview(data)[places[chunk.offset] : places[chunk.offset + len(chunk)]]
