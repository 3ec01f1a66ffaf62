"""From the lines of one source to batches of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest import events
from logq.ingest.batch import Rows, assemble
from logq.ingest.detection import Detection
from logq.ingest.events import Rejected
from logq.ingest.format import HEAD, Context, Format, Projection, format_named
from logq.ingest.incoming import Incoming
from logq.ingest.shred import Shredded, Shredder
from logq.ingest.text import Mask, as_binary, cut, decode, without_mark, without_returns
from logq.ingest.timestamps import parse_timestamps
from logq.model import Kind

AUTO = "auto"
_MS = pa.timestamp("ms")


@dataclass(frozen=True, slots=True)
class Counters:
    """What became of some lines."""

    lines: int = 0
    events: int = 0
    bytes: int = 0
    """Of the messages, in UTF-8."""
    blank: int = 0
    """Empty lines; they are no events."""
    rejected: tuple[Rejected, ...] = ()
    truncated: int = 0
    truncated_bytes: int = 0
    invalid_utf8: int = 0


@dataclass(frozen=True, slots=True)
class Parsed:
    """A batch of events as ``logq.model`` describes it, and what was counted on the way."""

    batch: pa.Table
    counters: Counters


@dataclass(frozen=True, slots=True)
class _Block:
    """Events between the steps of parsing."""

    messages: pa.Array
    rows: pa.Array | None = None
    """The line of each event; None: every line is one."""
    raw: pa.Array | None = None
    cut: pa.Array | None = None
    timestamps: pa.Array | None = None
    streams: pa.Array | None = None
    labels: pa.Array | None = None
    apart: bool = False
    """Whether the events have nothing to do with each other, nor with those before."""
    read: bool = True
    """Whether the messages themselves may say more than their JSON."""


class Parser:
    """Parses the lines of one source, in order, block by block.

    What it carries from block to block is the detected format, the time of the last event and how
    its documents looked. ``masks`` are applied to messages before anything else sees them; the
    bytes of a message that was not UTF-8 are not kept beside a masked one.
    """

    def __init__(
        self,
        format: str = AUTO,
        *,
        zone: tzinfo = UTC,
        multiline: str | None = None,
        labels: Mapping[str, str] | None = None,
        masks: Sequence[Mask] = (),
        max_event_bytes: int = 1 << 20,
        json_prefix: bool = True,
        last: int | None = None,
        line: int = 0,
        shredder: Shredder | None = None,
    ) -> None:
        self._events = format == events.NAME
        self._pinned = None if format in (AUTO, events.NAME) else format_named(format)
        self._detection = Detection()
        self._zone = zone
        self._labels = dict(labels or {})
        self._masks = tuple(masks)
        self._limit = max_event_bytes
        self._shredder = shredder or Shredder(prefix=json_prefix)
        self.last = last
        """Time of the last event, epoch milliseconds."""
        self.line = line
        """Lines of the source that were parsed."""

    def parse(
        self,
        lines: pa.Array | Sequence[bytes],
        *,
        stream: str | pa.Array,
        arrival: int,
        reference: int | None = None,
        cuts: Mapping[int, int] | None = None,
    ) -> Parsed:
        """The events of whole ``lines`` without their newlines.

        ``arrival`` and ``reference`` (the time near which times without a year lie) are epoch
        milliseconds; ``cuts`` says how many bytes a reader left out of which line.
        """
        context = Context(arrival, self._zone, arrival if reference is None else reference)
        taken = as_binary(lines)
        first_line, self.line = self.line + 1, self.line + len(taken)
        if first_line == 1:
            taken = without_mark(taken)
        counters = Counters(lines=len(taken))
        if self._events:
            block, counters = self._stated(taken, first_line, context, counters)
        else:
            block, counters = self._read(taken, cuts or {}, counters)
        for mask in self._masks:
            block = replace(block, messages=mask.apply(block.messages), raw=None)
        batch = self._batch(block, stream, context)
        size = pc.sum(pc.binary_length(block.messages)).as_py() or 0
        return Parsed(batch, replace(counters, events=batch.num_rows, bytes=size))

    def accept(self, incoming: Incoming, arrival: int) -> Parsed:
        """The events that a sender states; where it gives no time, the message's or ``arrival``."""
        context = Context(arrival, self._zone, arrival)
        block, counters = self._whole(incoming)
        if self._pinned is None and incoming.format not in (None, AUTO):
            self._pinned = format_named(incoming.format)
        for mask in self._masks:
            block = replace(block, messages=mask.apply(block.messages), raw=None)
        batch = self._batch(block, incoming.streams, context)
        return Parsed(batch, replace(counters, events=batch.num_rows))

    def _whole(self, incoming: Incoming) -> tuple[_Block, Counters]:
        size = pc.sum(pc.binary_length(incoming.messages)).as_py() or 0
        counters = Counters(lines=len(incoming.messages), bytes=size)
        longest = pc.max(pc.binary_length(incoming.messages)).as_py() or 0
        block = _Block(
            incoming.messages,
            raw=incoming.raw,
            timestamps=incoming.timestamps,
            labels=incoming.labels,
            apart=True,
            read=incoming.format is not None,
        )
        if longest <= self._limit:
            return block, counters
        lines, missing = cut(incoming.messages.cast(pa.binary()), self._limit, {})
        assert missing is not None
        block = replace(block, messages=decode(lines).texts, cut=missing)
        many = len(missing) - missing.null_count
        left_out = pc.sum(missing).as_py() or 0
        return block, replace(counters, truncated=many, truncated_bytes=left_out)

    def _read(
        self, lines: pa.Array, cuts: Mapping[int, int], counters: Counters
    ) -> tuple[_Block, Counters]:
        lines = without_returns(lines)
        lines, missing = cut(lines, self._limit, cuts)
        written = pc.greater(pc.binary_length(lines), 0)
        blank = len(lines) - (pc.sum(written).as_py() or 0)
        rows = None
        if blank:
            rows = pc.indices_nonzero(written)
            lines = lines.filter(written)
            missing = None if missing is None else missing.filter(written)
        texts = decode(lines)
        counters = replace(
            counters,
            blank=blank,
            truncated=0 if missing is None else len(missing) - missing.null_count,
            truncated_bytes=0 if missing is None else pc.sum(missing).as_py() or 0,
            invalid_utf8=texts.invalid,
        )
        return _Block(texts.texts, rows, texts.raw, missing), counters

    def _stated(
        self, lines: pa.Array, first_line: int, context: Context, counters: Counters
    ) -> tuple[_Block, Counters]:
        found = events.read_events(lines, first_line, context)
        blank = counters.lines - len(found.messages) - len(found.rejected)
        counters = replace(counters, blank=blank, rejected=found.rejected)
        block = _Block(
            found.messages, timestamps=found.timestamps, streams=found.streams, read=False
        )
        return block, counters

    def _batch(self, block: _Block, stream: str | pa.Array, context: Context) -> pa.Table:
        messages = block.messages
        if block.timestamps is not None and self._pinned is None and not block.read:
            projection = Projection(block.timestamps, shred=True)
        else:
            projection = self._format(messages).project(messages, context)
            if block.timestamps is not None:
                stated = pc.coalesce(block.timestamps, projection.timestamps)
                projection = replace(projection, timestamps=stated)
        inner = projection.messages
        shredded = None
        if projection.shred:
            shredded = self._shredder.shred(messages if inner is None else inner)
        timestamps = projection.timestamps
        if shredded is not None and timestamps.null_count:
            timestamps = _from_fields(timestamps, shredded, projection.time_fields, context)
        if block.apart:
            timestamps, source = _on_arrival(timestamps, context.arrival)
        else:
            timestamps, source = self._complete(timestamps, context.arrival)
        streams = _streams(stream, len(messages), block.rows)
        if block.streams is not None:
            streams = pc.coalesce(block.streams, streams)
        rows = Rows(
            timestamps,
            messages,
            streams,
            block.raw,
            source,
            block.cut,
            self._labels or block.labels,
        )
        return assemble(rows, projection.columns, shredded, inner)

    def _format(self, messages: pa.Array) -> Format:
        if self._pinned is not None:
            return self._pinned
        return self._detection.decide(messages.slice(0, HEAD).to_pylist())

    def _complete(self, timestamps: pa.Array, arrival: int) -> tuple[pa.Array, pa.Array | None]:
        """Times for events that name none, and where those times come from."""
        last = self.last
        if len(timestamps) and timestamps.null_count == 0:
            self.last = timestamps[-1].cast(pa.int64()).as_py()
            return timestamps, None
        filled = pc.fill_null_forward(timestamps)
        base = arrival if last is None else last
        whole = pc.coalesce(filled, pa.scalar(base, pa.int64()).cast(_MS))
        previous = filled.is_valid() if last is None else pa.scalar(True)
        source = pc.if_else(
            timestamps.is_valid(), None, pc.if_else(previous, "previous", "arrival")
        ).cast(pa.string())
        known = timestamps.drop_null()
        if len(known):
            self.last = known[-1].cast(pa.int64()).as_py()
        return whole, source


def _on_arrival(timestamps: pa.Array, arrival: int) -> tuple[pa.Array, pa.Array | None]:
    """The same for events that stand apart."""
    if timestamps.null_count == 0:
        return timestamps, None
    source = pc.if_else(timestamps.is_valid(), None, "arrival").cast(pa.string())
    return pc.coalesce(timestamps, pa.scalar(arrival, pa.int64()).cast(_MS)), source


def _from_fields(
    timestamps: pa.Array, shredded: Shredded, paths: Sequence[str], context: Context
) -> pa.Array:
    """The times, completed from fields of the documents."""
    for path in paths:
        if not timestamps.null_count:
            break
        found, values = shredded.columns.get(path, (None, None))
        if found is None or values is None or found.kind is Kind.BOOL:
            continue
        if found.kind is Kind.JSON:
            values = pc.utf8_trim(values, '"')
        timestamps = pc.coalesce(timestamps, parse_timestamps(values, context))
    return timestamps


def _streams(stream: str | pa.Array, events: int, rows: pa.Array | None) -> pa.Array:
    if isinstance(stream, str):
        return pa.repeat(pa.scalar(stream, pa.string()), events)
    return stream if rows is None else stream.take(rows)
