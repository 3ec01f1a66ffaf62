"""Following one generation of one file: poll it, get what can be stored.

A watcher has no thread and no clock; ``now`` is epoch milliseconds. It never trusts that a file
only grows: every read takes the bytes before the place along, and compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from logq.ingest.checkpoint import Progress, Rest
from logq.ingest.content import Content
from logq.ingest.fingerprint import PRINT_BYTES, Fingerprint, head
from logq.ingest.hold import Boundary, Hold, Piece

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for more, in milliseconds."""

    lines: int = 1000
    """For more lines of a multi-line event."""
    unfinished: int = 5000
    """For the end of a line."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file, and how far the file is read once the piece is durable."""

    piece: Piece
    progress: Progress


class Watcher:
    """One file from its checkpoint on."""

    def __init__(
        self,
        content: Content,
        progress: Progress,
        limit: int,
        boundary: Boundary | None = None,
        patience: Patience = Patience(),
    ) -> None:
        self.content = content
        self.rewritten = False
        """Whether the file no longer is what was read; nothing more comes from this watcher."""
        self._patience = patience
        self._progress = progress
        self._head = content.read(0, progress.head.length)
        self._tail = content.read(progress.offset - progress.tail.length, progress.tail.length)
        self._place = progress.offset
        self._grown: int | None = None
        if not is_same(self._head, self._tail, progress):
            self.rewritten = True
        self._hold = Hold(progress.offset, self._tail, progress.rest, limit, boundary)

    @property
    def place(self) -> int:
        """Offset up to which the file has been read, durable or not."""
        return self._place

    @property
    def size(self) -> int:
        """Bytes in the file when it was last looked at."""
        return self._progress.size

    @property
    def holds_bytes(self) -> bool:
        """Whether bytes were read that have not gone out."""
        return not self._hold.empty

    def reached(self) -> Progress:
        """How far the file has been read, durable or not."""
        return replace(
            self._progress,
            offset=self._place,
            head=Fingerprint.of(self._head),
            tail=Fingerprint.of(self._tail),
        )

    def poll(self, now: int) -> list[Chunk]:
        """Read the next block; what is complete, or was waited for long enough, comes back."""
        if self.rewritten:
            return []
        before = len(self._tail)
        window = self.content.read(self._place - before, before + BLOCK_BYTES)
        data = window[before:]
        if window[:before] != self._tail or not self.content.still_begins(self._head):
            self.rewritten = True
            return []
        self._progress = replace(
            self._progress, size=max(self.content.size(), self._place + len(data))
        )
        if not data:
            return self._wait(now)
        if self._place < PRINT_BYTES and len(self._head) == self._place:
            self._head = head(self._head + data)
        self._place += len(data)
        self._tail = window[-PRINT_BYTES:]
        self._grown = now
        return self._chunks(self._hold.feed(data))

    def finish(self) -> list[Chunk]:
        """Everything that is held, since nothing more will come."""
        return self._chunks(self._hold.flush(final=True))

    def _wait(self, now: int) -> list[Chunk]:
        if self._hold.empty:
            return []
        if self._grown is None:
            self._grown = now
        waited = self._waited(now)
        if self._hold.has_unfinished_line:
            pieces = self._hold.flush() if waited >= self._patience.unfinished else []
        else:
            pieces = self._hold.flush_lines() if waited >= self._patience.lines else []
        return self._chunks(pieces)

    def _waited(self, now: int) -> int:
        """Milliseconds since the file grew; endless if the clock was set back."""
        since = now - (self._grown if self._grown is not None else now)
        return since if since >= 0 else self._patience.unfinished

    def _chunks(self, pieces: Sequence[Piece]) -> list[Chunk]:
        chunks = []
        for piece in pieces:
            self._progress = replace(
                self._progress,
                offset=piece.end,
                head=Fingerprint.of(self._head[: piece.end]),
                tail=Fingerprint.of(piece.tail),
                rest=piece.rest,
                earlier=(),
            )
            chunks.append(Chunk(piece, self._progress))
        return chunks


def is_same(first: bytes, last: bytes, progress: Progress) -> bool:
    """Whether bytes at the beginning and before the offset are those that were read."""
    return Fingerprint.of(first) == progress.head and Fingerprint.of(last) == progress.tail


def begin_at_end(content: Content, progress: Progress) -> Progress:
    """The start of the last line, for a file whose past is not wanted."""
    size = content.size()
    start = max(0, size - BLOCK_BYTES)
    offset = start + content.read(start, size - start).rfind(b"\n") + 1
    if offset == start and start:
        return replace(at(content, progress, size), size=size, rest=Rest.CONTINUED)
    return replace(at(content, progress, offset), size=size)


def at(content: Content, progress: Progress, offset: int) -> Progress:
    """``progress`` as if the file had been read up to ``offset``."""
    length = min(PRINT_BYTES, offset)
    return replace(
        progress,
        offset=offset,
        head=Fingerprint.of(content.read(0, length)),
        tail=Fingerprint.of(content.read(offset - length, length)),
    )
