"""Events as HTTP Event Collectors take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from logq.errors import InvalidValue
from logq.ingest.gathering import Gathering, epoch_ms, labels_text
from logq.ingest.incoming import Incoming
from logq.ingest.intake import Decoded, Delivery, Example, Intake, Sent, register
from logq.ingest.intakes.bulk import body_lines
from logq.ingest.intakes.json import body_text, unreadable
from logq.ingest.spans import NotJson, Value, elements, members, skip_space, value_at
from logq.ingest.text import decode

_BESIDE = ("host", "source", "sourcetype", "index")


@register
class Hec(Intake):
    """Objects with an ``event`` (a text or JSON) and perhaps ``time`` (epoch seconds), ``host``,
    ``source``, ``sourcetype``, ``index`` and ``fields``: one, an array, or one after the other.
    The event becomes the message, what stands beside it becomes labels. Objects without ``event``
    are passed over."""

    name = "hec"
    title = "HEC"
    paths = ("/services/collector/event", "/services/collector", "/services/collector/event/1.0")
    senders = "Splunk forwarders and logging drivers, Fluent Bit splunk, Vector splunk_hec_logs"
    group = "index, else hec"
    stream = "source, else host, else the sender's address"
    examples = (
        Example(
            "/services/collector/event",
            '{"time":1767607200.25,"host":"web-1","index":"shop","event":"paid"}'
            '{"event":{"msg":"sent"},"fields":{"env":"prod"}}',
            events={"shop": 1, "hec": 1},
        ),
    )

    def decode(self, sent: Sent) -> Decoded:
        text = body_text(sent.body)
        gathering = Gathering("auto", sent.max_bytes)
        try:
            for value in _objects(text):
                _add(gathering, sent, value)
        except NotJson as error:
            raise unreadable(error) from None
        return gathering.decoded()


@register
class HecRaw(Intake):
    """Text: every line is an event, read as ``ingest`` reads files."""

    name = "hec-raw"
    title = "HEC, raw"
    paths = ("/services/collector/raw", "/services/collector/raw/1.0")
    senders = "scripts"
    group = "index in the query, else hec"
    stream = "source or host in the query, else the sender's address"
    max_bytes = 64 << 20
    examples = (
        Example(
            "/services/collector/raw?index=shop&host=web-1",
            "2026-01-05T10:00:00Z INFO paid\n2026-01-05T10:00:01Z INFO sent\n",
            "text/plain",
            {"shop": 2},
        ),
    )

    def decode(self, sent: Sent) -> Decoded:
        lines = body_lines(sent.body)
        read = decode(lines)
        rows = pc.indices_nonzero(pc.greater(pc.binary_length(lines), 0)).cast(pa.int64())
        if not len(rows):
            raise InvalidValue("the body is empty", hint="send one event a line")
        incoming = Incoming(
            read.texts.take(rows),
            pa.nulls(len(rows), pa.timestamp("ms")),
            sent.stream_or(sent.source, sent.sender),
            format="auto",
            raw=None if read.raw is None else read.raw.take(rows),
        )
        delivery = Delivery(sent.group_or(sent.index, "hec"), incoming, rows)
        return Decoded(len(lines), (delivery,), (), len(lines) - len(rows))


def _objects(text: str) -> Iterator[Value]:
    at = skip_space(text, 0)
    while at < len(text):
        if text.startswith("[", at):
            values, at = elements(text, at)
            yield from values
        else:
            value, at = value_at(text, at)
            yield value
        at = skip_space(text, at)


def _add(gathering: Gathering, sent: Sent, value: Value) -> None:
    if not value.text.startswith("{"):
        gathering.reject("not a JSON object")
        return
    found = members(value.text)
    event = found.get("event")
    if event is None or event.value is None:
        gathering.skip()
        return
    try:
        time = _time(found.get("time"))
    except ValueError:
        gathering.reject("time is not a number of seconds since 1970")
        return
    words = {name: _word(found.get(name)) for name in _BESIDE}
    group = sent.group_or(words["index"], "hec")
    stream = sent.stream_or(words["source"], words["host"], sent.sender)
    text = event.string
    message = event.text if text is None else text
    gathering.add(group, stream, message, time, _labels(words, found.get("fields")))


def _time(value: Value | None) -> int | None:
    if value is None or value.value is None:
        return None
    if not isinstance(value.value, str):
        raise ValueError("not a number")
    return epoch_ms(value.value) if value.value else None


def _word(value: Value | None) -> str | None:
    if value is None or value.value is None:
        return None
    return value.text if value.string is None else value.string


def _labels(words: dict[str, str | None], fields: Value | None) -> str | None:
    labels: dict[str, Any] = dict(words)
    if fields is not None and fields.text.startswith("{"):
        for name, value in members(fields.text).items():
            labels[name] = _word(value)
    return labels_text(labels)
