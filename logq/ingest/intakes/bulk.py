"""Lines of JSON."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from logq.errors import InvalidValue
from logq.ingest.events import Rejected
from logq.ingest.incoming import Incoming
from logq.ingest.intake import (
    MAX_ITEMS,
    NDJSON,
    Decoded,
    Delivery,
    Example,
    Intake,
    Sent,
    register,
    too_many,
)
from logq.ingest.objects import not_objects
from logq.ingest.reader import split
from logq.ingest.text import decode, without_mark, without_returns

NO_OBJECT = "not a JSON object"


@register
class Bulk(Intake):
    """NDJSON: one JSON object per line, each an event. A line that is none is reported and left
    out, the others are stored."""

    name = "bulk"
    title = "JSON lines"
    paths = ("/ingest/bulk",)
    senders = "scripts, Vector http, rsyslog omhttp, CloudWatch's bulk endpoint"
    group = "ingest"
    stream = "the sender's address"
    max_bytes = 64 << 20
    examples = (
        Example(
            "/ingest/bulk?logGroup=shop/checkout&logStream=web-1",
            '{"time":"2026-01-05T10:00:00Z","level":"info","msg":"paid"}\n{"msg":"sent"}\n',
            NDJSON,
            {"shop/checkout": 2},
        ),
    )

    def decode(self, sent: Sent) -> Decoded:
        lines = body_lines(sent.body)
        if not len(lines):
            raise InvalidValue("the body is empty", hint="send one JSON object a line")
        read = decode(lines)
        written = pc.indices_nonzero(
            pc.greater(pc.binary_length(pc.ascii_trim(read.texts, " \t\r")), 0)
        ).cast(pa.int64())
        texts = read.texts if len(written) == len(lines) else read.texts.take(written)
        bad = not_objects(texts)
        items = written
        if len(bad):
            good = pc.invert(pc.is_in(pa.array(range(len(texts)), pa.int64()), bad))
            texts, items = texts.filter(good), written.filter(good)
        rejected = tuple(Rejected(row + 1, NO_OBJECT) for row in written.take(bad).to_pylist())
        incoming = Incoming(
            texts,
            pa.nulls(len(texts), pa.timestamp("ms")),
            sent.stream_or(sent.sender),
            format="json",
            raw=None if read.raw is None else read.raw.take(items),
        )
        delivery = Delivery(sent.group_or("ingest"), incoming, items)
        deliveries = (delivery,) if len(items) else ()
        return Decoded(len(lines), deliveries, rejected, len(lines) - len(written))


def body_lines(body: bytes) -> pa.Array:
    """The lines of a body as binary, without newlines; raises LimitExceeded."""
    if not body:
        return pa.array([], pa.binary())
    if body.count(b"\n") > MAX_ITEMS:
        raise too_many()
    return without_returns(without_mark(split(body.removesuffix(b"\n"))))
