"""From chunks to durable events: parse, append with the checkpoint, keep on trying.

A file's chunks go to storage in order. While storage refuses, what was taken stays here and the
sink is full; the files themselves are the buffer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from logq.errors import CheckpointConflict, LogQError, UnknownLogGroup
from logq.failpoints import reach
from logq.ingest.checkpoint import Ledger, Mark, Progress
from logq.ingest.counters import Counters
from logq.ingest.followed import Followed
from logq.ingest.watcher import Chunk
from logq.model import LABELS, TIMESTAMP, Accepted, Checkpoint

if TYPE_CHECKING:
    import pyarrow as pa

_FIRST_RETRY, _LAST_RETRY = 250, 30_000  # milliseconds
_ROOM = 4  # batches


class EventStore(Protocol):
    """The part of storage that accepts events."""

    def append(
        self, group: str, batch: pa.Table, checkpoints: Sequence[Checkpoint] = ()
    ) -> Accepted: ...


class LineParser(Protocol):
    """Makes batches of the lines of one file."""

    def parse(
        self,
        lines: Sequence[bytes],
        *,
        stream: str,
        arrival: int,
        reference: int | None = None,
        cuts: Mapping[int, int] | None = None,
    ) -> Any:
        """An object with ``batch`` and ``counters``, as ``logq.ingest.parser.Parsed``."""
        ...


class Parsers(Protocol):
    """Finds the parser of a file."""

    def parser(self, followed: Followed) -> LineParser: ...

    def plain_parser(self, followed: Followed) -> LineParser:
        """One that understands nothing and therefore cannot fail."""
        ...


@dataclass(slots=True)
class Parcel:
    """Chunks of one file that are stored together."""

    lines: list[bytes]
    cuts: dict[int, int]
    marks: dict[str, str]
    """Labels that say what is special about the only event in it."""
    progress: Progress
    size: int
    taken: int
    """Epoch milliseconds."""
    chunks: int = 1
    batch: Any = None


class Sink:
    """Holds parcels until they are durable."""

    def __init__(
        self,
        events: EventStore,
        ledger: Ledger,
        parsers: Parsers,
        ensure_group: Callable[[str], None],
        counters: Counters,
        notify: Callable[[str], None],
        *,
        batch_bytes: int = 1 << 20,
        batch_age: int = 200,
    ) -> None:
        self.error = ""
        """Why storage refuses at present; empty if it does not."""
        self._events = events
        self._ledger = ledger
        self._parsers = parsers
        self._ensure_group = ensure_group
        self._counters = counters
        self._notify = notify
        self._batch_bytes = batch_bytes
        self._batch_age = batch_age
        self._queues: dict[Followed, list[Parcel]] = {}
        self._bytes = 0
        self._retry_at = 0
        self._retry = _FIRST_RETRY

    @property
    def empty(self) -> bool:
        """Whether everything that was added is durable."""
        return not self._queues

    @property
    def full(self) -> bool:
        """Whether files should not be read for the time being."""
        return self._bytes >= (self._batch_bytes if self.error else _ROOM * self._batch_bytes)

    def add(self, followed: Followed, chunks: Sequence[Chunk], now: int) -> None:
        """Take the next chunks of a file."""
        for chunk in chunks:
            queue = self._queues.setdefault(followed, [])
            parcel = _parcel(chunk, now)
            if queue and _joins(queue[-1], parcel, self._batch_bytes):
                _join(queue[-1], parcel)
            else:
                queue.append(parcel)
            followed.pending += 1
            self._bytes += parcel.size

    def wait(self, now: int) -> int | None:
        """Milliseconds until ``flush`` has something to do; None if nothing is held."""
        if not self._queues:
            return None
        if self.error:
            return max(0, self._retry_at - now)
        oldest = min(queue[0].taken for queue in self._queues.values())
        return max(0, oldest + self._batch_age - now)

    def flush(self, now: int, *, force: bool = False) -> bool:
        """Store what is due; True if anything became durable."""
        if self.error and 0 <= self._retry_at - now <= _LAST_RETRY and not force:
            return False
        stored = False
        groups: dict[str, list[Followed]] = {}
        for followed in self._queues:
            groups.setdefault(followed.progress.group, []).append(followed)
        for group, files in groups.items():
            if force or self._due(files, now):
                for followed in files:
                    stored = self._store_all(group, followed, now) or stored
                    if self.error:
                        return stored
        return stored

    def _due(self, files: Sequence[Followed], now: int) -> bool:
        parcels = [parcel for followed in files for parcel in self._queues[followed]]
        age = now - min(parcel.taken for parcel in parcels)
        size = sum(parcel.size for parcel in parcels)
        return size >= self._batch_bytes or not 0 <= age < self._batch_age

    def _store_all(self, group: str, followed: Followed, now: int) -> bool:
        queue = self._queues[followed]
        stored = False
        while queue and not followed.stopped:
            try:
                self._store(group, followed, queue[0], now)
            except CheckpointConflict:
                self._notify(followed.stop())
            except Exception as error:
                self._refused(error, now)
                return stored
            else:
                stored = True
                parcel = queue.pop(0)
                self._bytes -= parcel.size
                followed.pending -= parcel.chunks
                self._recovered()
        self._bytes -= sum(parcel.size for parcel in queue)
        if followed.stopped:
            followed.pending = 0
        del self._queues[followed]
        return stored

    def _store(self, group: str, followed: Followed, parcel: Parcel, now: int) -> None:
        if parcel.batch is None:
            parcel.batch = self._parse(followed, parcel, now)
        checkpoint = self._ledger.change(_reached(parcel, followed, now))
        try:
            accepted = self._append(group, parcel.batch, checkpoint)
        except CheckpointConflict:
            if not self._ledger.holds(checkpoint):
                raise
            accepted = Accepted(parcel.batch.num_rows, parcel.size, 0)
        followed.progress = self._ledger.stored(checkpoint)
        followed.error = ""
        followed.lines += len(parcel.lines)
        followed.events += accepted.events
        self._counters.batches += 1
        self._counters.events += accepted.events
        self._counters.lines += len(parcel.lines)
        self._counters.bytes += parcel.size
        self._counters.unfinished_lines += "unfinished" in parcel.marks
        if accepted.expired:
            self._counters.dropped["expired events"] += accepted.expired

    def _append(self, group: str, batch: pa.Table, checkpoint: Checkpoint) -> Accepted:
        reach("agent.before-append")
        try:
            accepted = self._events.append(group, batch, [checkpoint])
        except UnknownLogGroup:
            self._ensure_group(group)
            accepted = self._events.append(group, batch, [checkpoint])
        reach("agent.after-append")
        return accepted

    def _parse(self, followed: Followed, parcel: Parcel, now: int) -> pa.Table:
        modified = followed.state[1] // 1_000_000
        arguments: dict[str, Any] = {
            "stream": parcel.progress.stream,
            "arrival": now,
            "reference": min(modified, now) if modified else None,
            "cuts": parcel.cuts or None,
        }
        try:
            parsed = self._parsers.parser(followed).parse(parcel.lines, **arguments)
        except Exception as error:
            self._counters.parse_failures += 1
            followed.error = f"stored as plain text: {type(error).__name__}: {error}"
            parsed = self._parsers.plain_parser(followed).parse(parcel.lines, **arguments)
        found = parsed.counters
        self._counters.cut_lines += found.truncated
        self._counters.invalid_utf8 += found.invalid_utf8
        if found.truncated_bytes:
            self._counters.dropped["cut"] += found.truncated_bytes
        if found.rejected:
            self._counters.dropped["rejected lines"] += len(found.rejected)
            followed.error = f"rejected: {found.rejected[0].reason}"
        return _marked(parsed.batch, parcel.marks) if parcel.marks else parsed.batch

    def _refused(self, error: Exception, now: int) -> None:
        words = f"{type(error).__name__}: {error}"
        if isinstance(error, LogQError):
            words = error.message
        if not self.error:
            self._retry = _FIRST_RETRY
            self._notify(f"events cannot be stored: {words}; the files are kept and tried again")
        self.error = words
        self._retry_at = now + self._retry
        self._retry = min(2 * self._retry, _LAST_RETRY)

    def _recovered(self) -> None:
        if self.error:
            self.error = ""
            self._notify("events can be stored again")


def _parcel(chunk: Chunk, now: int) -> Parcel:
    piece = chunk.piece
    lines = piece.data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    marks = {}
    if piece.unfinished:
        marks["unfinished"] = "true"
    if piece.continued:
        marks["continued"] = "true"
    cuts = {0: piece.cut} if piece.cut else {}
    return Parcel(lines, cuts, marks, chunk.progress, len(piece.data), now)


def _joins(first: Parcel, second: Parcel, limit: int) -> bool:
    if first.batch is not None or first.marks or second.marks or first.cuts or second.cuts:
        return False
    return first.size + second.size <= limit


def _join(first: Parcel, second: Parcel) -> None:
    count = len(first.lines)
    first.lines += second.lines
    first.cuts.update({row + count: cut for row, cut in second.cuts.items()})
    mark = Mark(first.progress.offset, first.progress.tail)
    first.progress = replace(second.progress, earlier=(*first.progress.earlier, mark))
    first.size += second.size
    first.chunks += 1


def _reached(parcel: Parcel, followed: Followed, now: int) -> Progress:
    """The progress to store with a parsed parcel."""
    rows = parcel.batch.num_rows
    last = parcel.batch.column(TIMESTAMP)[rows - 1].value if rows else None
    return replace(
        parcel.progress,
        path=followed.path,
        time=now,
        event_time=followed.progress.event_time if last is None else last,
    )


def _marked(batch: pa.Table, marks: Mapping[str, str]) -> pa.Table:
    """The batch with more labels on its events."""
    import pyarrow as pa

    labels = dict(marks)
    if LABELS in batch.column_names:
        if batch.num_rows:
            labels = {**json.loads(batch.column(LABELS)[0].as_py()), **marks}
        batch = batch.drop_columns([LABELS])
    text = pa.scalar(json.dumps(labels, ensure_ascii=False), pa.string())
    return batch.append_column(LABELS, pa.repeat(text, batch.num_rows))
