"""``logq ingest``: files read once into a log group, each event exactly once over all runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any, Protocol

import pyarrow as pa

from logq.errors import CheckpointConflict
from logq.ingest.formats.cloudtrail import explode
from logq.ingest.joining import Chunk, Joining
from logq.ingest.memory import give_back_freed_memory
from logq.ingest.parser import AUTO, Parser
from logq.ingest.reader import TAIL, Block, digest, read_blocks
from logq.ingest.report import FileReport, LoadReport, Progress
from logq.ingest.resume import HEAD, Checkpoints, Mark, Marks, Place, furthest
from logq.ingest.sources import (
    DamagedSource,
    Prefixed,
    Source,
    SourceError,
    advance,
    open_source,
    read_exactly,
    unreadable,
)
from logq.ingest.targets import STREAM, expand, is_regular, modified, size_of, stream_name
from logq.model import Accepted, Checkpoint
from logq.settings import Settings

CHUNK = 48 << 20
"""Bytes of lines in one batch."""
MAX_RECORDS = 128 << 20
"""Bytes of the largest CloudTrail file that is taken apart into its records."""
_RECORDS = re.compile(rb'\s*\{\s*"Records"\s*:\s*\[')


class Events(Protocol):
    """Where events are stored."""

    def append(
        self, group: str, batch: pa.Table, checkpoints: Sequence[Checkpoint] = ()
    ) -> Accepted:
        """Store a batch and move checkpoints, together and durably."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """How files are read."""

    stream: str = STREAM
    format: str = AUTO
    zone: tzinfo = UTC
    labels: Mapping[str, str] | None = None
    max_event_bytes: int = 1 << 20
    json_prefix: bool = True
    multiline: str | None = AUTO
    """Which lines make one event: a preset, a pattern of first lines, None, or by the format."""
    again: bool = False
    """Read everything, whatever was ingested before."""


def options_under(settings: Settings, **given: Any) -> Options:
    """Options with what the settings say of events."""
    return Options(
        max_event_bytes=settings.max_event_bytes,
        json_prefix=settings.json_prefix != "none",
        **given,
    )


class Loader:
    """Loads files; ``clock`` gives epoch milliseconds, ``chunk`` bounds a batch in bytes."""

    def __init__(
        self,
        events: Events,
        checkpoints: Checkpoints,
        clock: Callable[[], int],
        *,
        chunk: int = CHUNK,
    ) -> None:
        self._events = events
        self._checkpoints = checkpoints
        self._clock = clock
        self._chunk = chunk

    def load(
        self,
        paths: Sequence[str],
        group: str,
        options: Options | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> LoadReport:
        """Read files (names, globs, ``-`` for standard input) into ``group``.

        A file that cannot be read is reported and does not keep others from being read. Ctrl-C
        ends the run; what was stored until then stays and is reported. Raises LogQError where no
        file could be read any more: unknown group, full disk, unknown format or template.
        """
        give_back_freed_memory()
        options = options or Options()
        stream_name(options.stream, "x")
        Parser(options.format)
        marks = Marks(self._checkpoints, group)
        names = expand(paths)
        meter = _Meter(names, progress)
        reports: list[FileReport] = []
        interrupted = False
        for path in names:
            task = _Task(path, group, options, FileReport(path, stream_name(options.stream, path)))
            try:
                self._read(task, marks, meter)
            except (SourceError, CheckpointConflict) as error:
                task.report = replace(task.report, error=error)
            except OSError as error:
                task.report = replace(task.report, error=unreadable(path, error))
            except KeyboardInterrupt:
                interrupted = True
            reports.append(task.report)
            meter.finish(path)
            if interrupted:
                break
        return LoadReport.of(tuple(reports), interrupted)

    def _read(self, task: _Task, marks: Marks, meter: _Meter) -> None:
        path, options = task.path, task.options
        if is_regular(path):
            task.place, task.head = _find_place(path, marks, again=options.again)
        mark = task.place.mark if task.place is not None else None
        start = mark.offset if mark is not None else 0
        if mark is not None:
            known_as = mark.path if mark.path != path else None
            task.report = replace(task.report, skipped=start, known_as=known_as)
        parser = Parser(
            options.format,
            zone=options.zone,
            labels=options.labels,
            max_event_bytes=options.max_event_bytes,
            json_prefix=options.json_prefix,
            last=mark.last if mark is not None else None,
            line=mark.lines if mark is not None else 0,
        )
        with closing(open_source(path)) as source:
            before = advance(source, start, TAIL) or b""
            task.begin(start, before)
            waiting: list[Block] = []
            size = 0
            damaged: DamagedSource | None = None
            try:
                for block in _blocks(source, task, options.max_event_bytes, start, before):
                    waiting.append(block)
                    size += block.lines.nbytes
                    if size >= self._chunk:
                        self._store(task, parser, waiting, last=False)
                        waiting, size = [], 0
                    meter.tell(path, source.taken(), task.report)
            except DamagedSource as error:
                damaged = error
            if waiting or len(task.joining.held):
                self._store(task, parser, waiting, last=True)
                meter.tell(path, source.taken(), task.report)
        if damaged is not None:
            raise damaged

    def _store(self, task: _Task, parser: Parser, blocks: Sequence[Block], *, last: bool) -> None:
        arrival = self._clock()
        cuts = _cuts(blocks, len(task.joining.held))
        lines = [block.lines for block in blocks] or [task.joining.held.slice(0, 0)]
        # Where a line was cut, lines are events: what is missing may have parted them.
        chunk = task.joining.take(pa.concat_arrays(lines), last=last, whole=bool(cuts))
        parsed = parser.parse(
            chunk.events,
            stream=task.report.stream,
            arrival=arrival,
            reference=task.modified or arrival,
            cuts=cuts,
        )
        checkpoints: list[Checkpoint] = []
        task.pass_over(chunk, blocks)
        place = task.place
        if place is not None:
            mark = Mark(
                task.group,
                len(task.head),
                digest(task.head),
                task.end,
                len(task.tail),
                digest(task.tail),
                task.path,
                parser.line,
                parser.last,
            )
            moved, place = place.moved(mark)
            checkpoints.append(moved)
        accepted = self._events.append(task.group, parsed.batch, checkpoints)
        task.place = place
        counters = replace(parsed.counters, lines=len(chunk.lines))
        task.report = task.report.plus(counters, accepted.expired)


class _Task:
    """One file being loaded."""

    def __init__(self, path: str, group: str, options: Options, report: FileReport) -> None:
        self.path = path
        self.group = group
        self.options = options
        self.report = report
        self.place: Place | None = None
        """Where its checkpoint is; None: it is not remembered."""
        self.head = b""
        self.modified = modified(path)
        self.joining = Joining(options.format, options.multiline)
        self.end = 0
        """Offset just after the last event that is stored or about to be."""
        self.tail = b""
        """The last bytes before it."""

    def begin(self, offset: int, before: bytes) -> None:
        """Start behind what an earlier run read."""
        self._taken, self._before = offset, before

    def pass_over(self, chunk: Chunk, blocks: Sequence[Block]) -> None:
        """Move behind the lines of a chunk."""
        if blocks:
            self._taken, self._taken_tail = blocks[-1].end, blocks[-1].tail
        self.end, self.tail = self._taken - chunk.held, self._taken_tail
        if chunk.held:
            some = chunk.lines.slice(max(0, len(chunk.lines) - TAIL)).to_pylist()
            before = b"".join(line + b"\n" for line in some)
            self.tail = (self._before + before)[-TAIL:]
        self._before = self.tail

    _taken = 0
    _taken_tail = b""
    _before = b""


class _Meter:
    """Tells progress over all files."""

    def __init__(self, paths: Sequence[str], progress: Callable[[Progress], None]) -> None:
        self._sizes = {path: size_of(path) for path in paths}
        self._total = sum(self._sizes.values()) if all(map(is_regular, paths)) else None
        self._progress = progress
        self._before = 0
        self._lines = 0
        self._events = 0
        self._report: FileReport | None = None

    def tell(self, path: str, taken: int, report: FileReport) -> None:
        self._report = report
        self._progress(
            Progress(
                path,
                self._before + taken,
                self._total,
                self._lines + report.lines,
                self._events + report.events,
            )
        )

    def finish(self, path: str) -> None:
        self._before += self._sizes.get(path, 0)
        if self._report is not None:
            self._lines += self._report.lines
            self._events += self._report.events
            self._report = None


def _find_place(path: str, marks: Marks, *, again: bool) -> tuple[Place, bytes]:
    with closing(open_source(path)) as source:
        head = read_exactly(source, HEAD)
    if again:
        return marks.new(head), head

    def tail_at(offset: int, length: int) -> bytes | None:
        with closing(open_source(path)) as again_source:
            return advance(again_source, offset, length)

    known = furthest(marks.candidates(head, path), tail_at)
    return (marks.new(head) if known is None else marks.claim(known)), head


def _blocks(source: Source, task: _Task, limit: int, start: int, before: bytes) -> Iterator[Block]:
    if start == 0 and _RECORDS.match(task.head):
        data = read_exactly(source, MAX_RECORDS + 1)
        if len(data) <= MAX_RECORDS:
            lines = pa.array(list(explode(data)), pa.binary())
            yield Block(lines, len(data), data[-TAIL:])
            return
        source = Prefixed(data, source)
    yield from read_blocks(source, limit, start, before)


def _cuts(blocks: Sequence[Block], held: int) -> dict[int, int]:
    cuts: dict[int, int] = {}
    row = held
    for block in blocks:
        cuts.update({row + at: count for at, count in block.cuts.items()})
        row += len(block.lines)
    return cuts
