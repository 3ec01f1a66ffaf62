"""The content of a file that is read once: plain, gzip, zstd, or standard input.

Every source is read forward in steps of bounded size, whatever it was packed from.
"""

from __future__ import annotations

import io
import os
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from logq.errors import LogQError

STDIN = "-"
_STEP = 1 << 18  # packed bytes taken at a time
_GZIP = 16 + zlib.MAX_WBITS


class SourceError(LogQError):
    """A file that cannot be read."""


class DamagedSource(SourceError):
    """A packed file that ends early or does not unpack; what came before it was read."""


class Source(Protocol):
    """Content that can be read once, from its start."""

    def read(self, length: int) -> bytes:
        """At most ``length`` bytes; empty at the end. Raises OSError or DamagedSource."""
        ...

    def taken(self) -> int:
        """How many bytes of the file itself have been read, for progress."""
        ...

    def close(self) -> None: ...


class _Plain:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._taken = 0

    def read(self, length: int) -> bytes:
        data = self._file.read(length) or b""
        self._taken += len(data)
        return data

    def skip(self, length: int) -> None:
        if length:  # pipes cannot seek, and are never asked to skip anything
            self._file.seek(length, os.SEEK_CUR)
            self._taken += length

    def taken(self) -> int:
        return self._taken

    def close(self) -> None:
        self._file.close()


class _Stdin(_Plain):
    def close(self) -> None:
        """Standard input belongs to the process."""


class _Gzip:
    def __init__(self, file: IO[bytes], path: str) -> None:
        self._file, self._path = file, path
        self._unpacker = zlib.decompressobj(_GZIP)
        self._packed = b""
        self._began = False

    def read(self, length: int) -> bytes:
        parts: list[bytes] = []
        missing = length
        while missing:
            try:
                data = self._step(missing)
            except DamagedSource:
                if parts:
                    break  # comes again with the next call
                raise
            if data is None:
                break
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def _step(self, length: int) -> bytes | None:
        if not self._packed:
            self._packed = self._file.read(_STEP)
            if not self._packed:
                if self._began:
                    raise _damaged(self._path, "ends before its gzip data does")
                return None
        if not self._began:
            self._packed = self._packed.lstrip(b"\0")  # padding that tar and tapes leave
            if not self._packed:
                return b""
        try:
            data = self._unpacker.decompress(self._packed, length)
        except zlib.error as error:
            raise _damaged(self._path, f"is not gzip from some byte on ({error})") from None
        self._began = True
        self._packed = self._unpacker.unconsumed_tail
        if self._unpacker.eof:
            self._packed = self._unpacker.unused_data
            self._unpacker = zlib.decompressobj(_GZIP)
            self._began = False
        return data

    def taken(self) -> int:
        return self._file.tell() - len(self._packed)

    def close(self) -> None:
        self._file.close()


class _Zstd:
    def __init__(self, file: IO[bytes], path: str) -> None:
        import pyarrow as pa

        self._file, self._path = file, path
        self._stream: Any = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")

    def read(self, length: int) -> bytes:
        try:
            return bytes(self._stream.read(min(length, _STEP)))
        except OSError as error:
            raise _damaged(self._path, f"does not unpack ({error})") from None

    def taken(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        with suppress(OSError):
            self._stream.close()
        self._file.close()


class Prefixed:
    """A source of which the first bytes have been read already."""

    def __init__(self, data: bytes, rest: Source) -> None:
        self._data = memoryview(data)
        self._rest = rest

    def read(self, length: int) -> bytes:
        if not self._data:
            return self._rest.read(length)
        data, self._data = bytes(self._data[:length]), self._data[length:]
        return data

    def taken(self) -> int:
        return self._rest.taken()

    def close(self) -> None:
        self._rest.close()


def open_source(path: str) -> Source:
    """The content of a path; raises SourceError naming it."""
    if path == STDIN:
        return _standard_input(sys.stdin.buffer)
    if Path(path).is_dir():
        raise SourceError(f"{path} is a directory", hint=f"name its files: '{path}/*'")
    try:
        file = Path(path).open("rb", buffering=0)  # noqa: SIM115  # the source closes it
    except OSError as error:
        raise unreadable(path, error) from None
    packed = _PACKED.get(_magic(file))
    return packed(file, path) if packed is not None else _Plain(file)


def _standard_input(stdin: BinaryIO) -> Source:
    """What comes in; packed or not is seen without taking anything."""
    peek = getattr(stdin, "peek", None)
    packed = _PACKED.get(_kind_of(peek(4)[:4])) if peek is not None else None
    return (
        packed(io.BufferedReader(_Counted(stdin)), "standard input")
        if packed is not None
        else _Stdin(stdin)
    )


class _Counted(io.RawIOBase):
    """A stream that knows how much was read of it, and that is left open."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._taken += len(data)
        return len(data)

    def tell(self) -> int:
        return self._taken


def read_exactly(source: Source, length: int) -> bytes:
    """The next ``length`` bytes; fewer where the content ends or turns out damaged."""
    parts: list[bytes] = []
    missing = length
    with suppress(DamagedSource):
        while missing and (data := source.read(min(missing, _STEP))):
            parts.append(data)
            missing -= len(data)
    return b"".join(parts)


def advance(source: Source, offset: int, keep: int) -> bytes | None:
    """Go forward from the start to ``offset``; the last ``keep`` bytes before it.

    None if the content ends before.
    """
    keep = min(keep, offset)
    if isinstance(source, _Plain):
        source.skip(offset - keep)
    else:
        left = offset - keep
        while left and (data := read_exactly(source, min(left, _STEP))):
            left -= len(data)
        if left:
            return None
    data = read_exactly(source, keep)
    return data if len(data) == keep else None


def unreadable(path: str, error: OSError) -> SourceError:
    """What a user is told about a file that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return SourceError(f"there is no file {path}", hint="check the name; globs match nothing?")
    reason = (error.strerror or str(error)).lower()
    return SourceError(f"{path} cannot be read: {reason}")


def _damaged(path: str, what: str) -> DamagedSource:
    return DamagedSource(f"{path} {what}", hint="what could be read before that was kept")


def _magic(file: IO[bytes]) -> str:
    """How a file is packed, by its first bytes; its name does not matter."""
    if not file.seekable():
        return ""
    start = file.read(4)
    file.seek(0)
    return _kind_of(start)


def _kind_of(start: bytes) -> str:
    if start[:3] == b"\x1f\x8b\x08":
        return "gzip"
    return "zstd" if start == b"\x28\xb5\x2f\xfd" else ""


_PACKED: dict[str, Callable[[IO[bytes], str], Source]] = {"gzip": _Gzip, "zstd": _Zstd}
