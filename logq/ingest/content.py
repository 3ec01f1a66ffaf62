"""The bytes of a followed file by their place, whether it is plain or packed with gzip."""

from __future__ import annotations

import os
import zlib
from typing import Protocol

PACKED = ".gz"
_STEP = 1 << 18  # compressed bytes unpacked at a time
_GZIP = 16 + zlib.MAX_WBITS


class Content(Protocol):
    """Bytes that can be read at any place."""

    def read(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset``; fewer only where the content ends."""
        ...

    def still_begins(self, head: bytes) -> bool:
        """Whether the first bytes are still those that were read."""
        ...

    def size(self) -> int:
        """How many bytes there are, as far as that is known."""
        ...

    def stat(self) -> os.stat_result:
        """What the file system says of the file behind."""
        ...

    def close(self) -> None: ...


class PlainFile:
    """A file that is what it holds; raises OSError if it cannot be opened."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)

    def read(self, offset: int, length: int) -> bytes:
        data = os.pread(self._file, length, offset)
        while data and len(data) < length:
            more = os.pread(self._file, length - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    def still_begins(self, head: bytes) -> bool:
        return os.pread(self._file, len(head), 0) == head

    def size(self) -> int:
        return self.stat().st_size

    def stat(self) -> os.stat_result:
        return os.fstat(self._file)

    def close(self) -> None:
        os.close(self._file)


class PackedFile:
    """A gzip file, read as what was packed into it.

    Reading forward is cheap; reading backward by more than ``KEPT`` unpacks from the start.
    """

    KEPT = 1 << 16

    def __init__(self, path: str) -> None:
        self._file = PlainFile(path)
        self.damaged = False
        """Whether unpacking met bytes that are not gzip."""
        self._known = 0
        self._rewind()

    def _rewind(self) -> None:
        self._unpacker = zlib.decompressobj(_GZIP)
        self._place = 0
        self._window = b""
        self._window_start = 0
        self.complete = False
        """Whether the end of the packed data has been reached, and it was whole."""

    def read(self, offset: int, length: int) -> bytes:
        if offset < self._window_start:
            self._rewind()
        while self._window_start + len(self._window) < offset + length and self._unpack():
            end = self._window_start + len(self._window)
            self._known = max(self._known, end)
            drop = min(offset, end) - self.KEPT - self._window_start
            if drop > 0:
                self._window = self._window[drop:]
                self._window_start += drop
        begin = offset - self._window_start
        return self._window[begin : begin + length]

    def _unpack(self) -> bool:
        """Unpack some more into the window; False if there is nothing more at present."""
        packed = self._unpacker.unconsumed_tail
        if not packed:
            packed = self._file.read(self._place, _STEP)
            self._place += len(packed)
        if not packed or self.damaged:
            return False
        if self._unpacker.eof:
            self._unpacker = zlib.decompressobj(_GZIP)
        try:
            self._window += self._unpacker.decompress(packed, 4 * _STEP)
        except zlib.error:
            self.damaged = True
            return False
        if self._unpacker.eof:
            self._place -= len(self._unpacker.unused_data)
            self.complete = self._place == self._file.size()
        return True

    def still_begins(self, head: bytes) -> bool:
        return True  # packed files are replaced, not rewritten

    def size(self) -> int:
        return self._known

    def stat(self) -> os.stat_result:
        return self._file.stat()

    def close(self) -> None:
        self._file.close()


def open_content(path: str) -> Content:
    """The content of a file; raises OSError."""
    return PackedFile(path) if is_packed(path) else PlainFile(path)


def is_packed(path: str) -> bool:
    """Whether a file of this name holds gzip data."""
    return path.endswith(PACKED)
