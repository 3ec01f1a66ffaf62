"""Bytes that were read and may not go out yet: unfinished lines, and events that may go on.

Nothing here knows files or clocks. What is held is never longer than the limit of one event plus
one open multi-line event, whatever the file holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from logq.ingest.checkpoint import Rest
from logq.ingest.fingerprint import tail

Boundary = Callable[[bytes], int]
"""Given whole lines, the place where their last event begins that may still go on; else the end."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that go out together, and where that leaves the file."""

    data: bytes
    """Whole events; at most one unfinished line, which stands alone. May be empty."""
    end: int
    """Offset in the file just after this piece."""
    tail: bytes
    """The file's last bytes before ``end``."""
    rest: Rest = Rest.LINE
    """What follows ``end``."""
    cut: int = 0
    """Bytes left out of the only line of this piece because it was over the limit."""
    unfinished: bool = False
    """The only line of this piece had no newline yet."""
    continued: bool = False
    """The first line of this piece is the remainder of one that went out unfinished."""


class Hold:
    """Takes a file's bytes in order and gives them back as pieces."""

    def __init__(
        self, offset: int, before: bytes, rest: Rest, limit: int, boundary: Boundary | None = None
    ) -> None:
        self._start = offset
        self._before = before
        self._rest = rest
        self._limit = limit
        self._boundary = boundary
        self._held = b""
        self._over = 0
        self._over_tail = b""
        self._open = 0
        """How many of the held bytes are whole lines of an event that may go on."""

    @property
    def empty(self) -> bool:
        """Whether everything that was fed has gone out."""
        return not self._held and not self._over

    @property
    def has_lines(self) -> bool:
        """Whether whole lines are held, waiting for the next event to begin."""
        return self._open > 0

    @property
    def has_unfinished_line(self) -> bool:
        """Whether a line without its newline is held."""
        return self._over > 0 or len(self._held) > self._open

    def feed(self, data: bytes) -> list[Piece]:
        """Take the next bytes of the file; what is complete comes back."""
        pieces: list[Piece] = []
        if self._rest is Rest.DISCARDED:
            data = self._discard(data)
        if self._over:
            data = self._overrun(data, pieces)
        if not data:
            return pieces
        if self._rest is Rest.CONTINUED and b"\n" in data:
            first = data.index(b"\n") + 1
            pieces.append(self._out(self._held + data[:first], continued=True))
            self._held, data = b"", data[first:]
        fresh = data.rfind(b"\n") + 1
        self._held += data
        if fresh:
            self._complete(len(self._held) - len(data) + fresh, pieces)
        if len(self._held) - self._open > self._limit:
            pieces += self.flush_lines()
            self._trim()
        return pieces

    def flush_lines(self) -> list[Piece]:
        """Give up waiting for more lines of the last event."""
        if not self._open:
            return []
        data, self._held = self._held[: self._open], self._held[self._open :]
        self._open = 0
        return [self._out(data)]

    def flush(self, *, final: bool = False) -> list[Piece]:
        """Give up waiting for the end of the last line as well.

        An incomplete UTF-8 sequence at its end stays, unless nothing can follow (``final``).
        """
        pieces = self.flush_lines()
        if self._over:
            pieces.append(self._cut_out(self._over, self._over_tail, Rest.DISCARDED))
        elif self._held:
            length = len(self._held) if final else complete_characters(self._held)
            data, self._held = self._held[:length], self._held[length:]
            if data:
                continued = self._rest is Rest.CONTINUED
                self._rest = Rest.CONTINUED
                pieces.append(self._out(data, unfinished=True, continued=continued))
        return pieces

    def _complete(self, length: int, pieces: list[Piece]) -> None:
        lines = self._held[:length]
        closed = self._boundary(lines) if self._boundary is not None else length
        if closed:
            pieces.append(self._out(lines[:closed]))
            self._held = self._held[closed:]
        self._open = length - closed

    def _out(self, data: bytes, *, unfinished: bool = False, continued: bool = False) -> Piece:
        self._start += len(data)
        self._before = tail(self._before, data)
        if not unfinished:
            self._rest = Rest.LINE
        return Piece(
            data,
            self._start,
            self._before,
            self._rest,
            unfinished=unfinished,
            continued=continued,
        )

    def _trim(self) -> None:
        """Keep only the beginning of an unfinished line over the limit."""
        length = complete_characters(self._held[: self._limit])
        self._over = len(self._held) - length
        self._over_tail = tail(self._before, self._held)
        self._held = self._held[:length]

    def _overrun(self, data: bytes, pieces: list[Piece]) -> bytes:
        """Count what belongs to the line over the limit; the bytes after it come back."""
        end = data.find(b"\n") + 1
        part = data[:end] if end else data
        self._over += len(part)
        self._over_tail = tail(self._over_tail, part)
        if not end:
            return b""
        ending = 2 if self._over > 1 and self._over_tail.endswith(b"\r\n") else 1
        pieces.append(self._cut_out(self._over - ending, self._over_tail, Rest.LINE))
        return data[end:]

    def _cut_out(self, cut: int, before: bytes, rest: Rest) -> Piece:
        data, continued = self._held, self._rest is Rest.CONTINUED
        self._start += len(data) + self._over
        self._before, self._rest = before, rest
        self._held, self._over, self._over_tail = b"", 0, b""
        unfinished = rest is Rest.DISCARDED
        return Piece(data, self._start, before, rest, cut, unfinished, continued)

    def _discard(self, data: bytes) -> bytes:
        end = data.find(b"\n") + 1
        part = data[:end] if end else data
        self._start += len(part)
        self._before = tail(self._before, part)
        if not end:
            return b""
        self._rest = Rest.LINE
        return data[end:]


def complete_characters(data: bytes) -> int:
    """The length of ``data`` without a UTF-8 sequence that its end cuts in two."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if back < needed else len(data)
    return len(data)
