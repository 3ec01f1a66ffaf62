"""Whole lines out of a stream of bytes, in blocks of bounded size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.sources import DamagedSource, Source

BLOCK = 4 << 20
"""Bytes read at a time."""
TAIL = 1024
"""How many bytes before an offset are hashed to know it again."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines of a source."""

    lines: pa.Array
    """Binary, without newlines."""
    end: int
    """Offset in the content just after these lines."""
    tail: bytes
    """The last bytes before ``end``."""
    cuts: Mapping[int, int] = field(default_factory=dict)
    """How many bytes were left out of which line."""


def digest(data: bytes) -> str:
    """A short hash of some bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def split(data: bytes) -> pa.Array:
    """The lines of ``data``, whose last newline has been taken off."""
    ends = pa.array([0, len(data)], pa.int32()).buffers()[1]
    whole = pa.Array.from_buffers(pa.binary(), 1, [None, ends, pa.py_buffer(data)])
    return pc.split_pattern(whole, b"\n").values


class Splitter:
    """Cuts bytes, fed in order, into lines; a line over ``limit`` is cut and the rest skipped."""

    def __init__(self, limit: int, start: int = 0, before: bytes = b"") -> None:
        self._limit = limit
        self._pending = b""
        self._skipped = 0
        self._offset = start  # just after everything that was fed
        self._tail = before[-TAIL:]  # the last bytes before the pending ones

    def feed(self, data: bytes) -> Block | None:
        """Take the next bytes; the lines that they complete come back."""
        self._offset += len(data)
        last = data.rfind(b"\n")
        if last < 0:
            self._hold(data)
            return None
        self._advance(data[: last + 1])
        if self._skipped:
            first = data.find(b"\n")
            cuts = {0: self._skipped + first}
            # The carriage return of a CRLF is no part of the line that was cut.
            if data[:first].endswith(b"\r"):
                cuts = {0: self._skipped + first - 1}
            lines = pa.array([self._pending], pa.binary())
            if last > first:
                lines = pa.concat_arrays([lines, split(data[first + 1 : last])])
        else:
            cuts = {}
            lines = split(self._pending + data[:last])
        self._pending, self._skipped = b"", 0
        rest = data[last + 1 :]
        end = self._offset - len(rest)
        tail = self._tail
        self._hold(rest)
        return Block(lines, end, tail, cuts)

    def finish(self) -> Block | None:
        """The last line, if no newline ends it."""
        if not self._pending:
            return None
        self._advance(b"")
        cuts = {0: self._skipped} if self._skipped else {}
        line, self._pending, self._skipped = self._pending, b"", 0
        return Block(pa.array([line], pa.binary()), self._offset, self._tail, cuts)

    def _hold(self, data: bytes) -> None:
        room = max(0, self._limit - len(self._pending))
        if self._skipped or len(data) > room:
            if not self._skipped:
                self._pending += data[:room]
                self._dropped_tail = b""
                data = data[room:]
            self._skipped += len(data)
            self._dropped_tail = (self._dropped_tail + data[-TAIL:])[-TAIL:]
        else:
            self._pending += data

    def _advance(self, data: bytes) -> None:
        held = self._pending[-TAIL:]
        if self._skipped:
            held += self._dropped_tail
        self._tail = (self._tail + held + data[-TAIL:])[-TAIL:]

    _dropped_tail = b""


def read_blocks(
    source: Source, limit: int, start: int = 0, before: bytes = b"", step: int = BLOCK
) -> Iterator[Block]:
    """The lines of a source that stands at offset ``start``, after the bytes ``before``.

    A source that turns out damaged gives all whole lines before the damage, then raises
    DamagedSource.
    """
    splitter = Splitter(limit, start, before)
    while True:
        try:
            data = source.read(step)
        except DamagedSource:
            last = splitter.finish()
            if last is not None:
                yield last
            raise
        if not data:
            break
        block = splitter.feed(data)
        if block is not None:
            yield block
    last = splitter.finish()
    if last is not None:
        yield last
