"""Loki's push requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from logq.errors import InvalidValue, LimitExceeded
from logq.ingest.gathering import Gathering, labels_text
from logq.ingest.intake import JSON, PROTOBUF, Decoded, Example, Intake, Sent, register
from logq.ingest.loki_messages import push_request

_GROUPS = ("service_name", "service", "app", "job", "container")
_STREAMS = ("instance", "pod", "host", "hostname", "filename")
_LABEL = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_.:-]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)', re.S)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.S)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_MS = 1_000_000  # nanoseconds

Entry = tuple[int, str, Mapping[str, str]]
"""Time in nanoseconds, line, structured metadata."""


class _BadEntry(ValueError):
    """An entry that the protocol does not know."""


@register
class Loki(Intake):
    """Loki's push requests, protobuf in snappy or JSON. A line is the message, byte for byte, and
    is read as ``ingest`` reads files; the stream's labels and structured metadata become labels of
    the event (``@labels.app``)."""

    name = "loki"
    title = "Loki"
    paths = ("/loki/api/v1/push",)
    senders = "Promtail, Grafana Alloy, Fluent Bit loki, Vector loki, the Docker driver of Loki"
    group = "the label service_name, service, app, job or container, else loki"
    stream = "the label instance, pod, host, hostname or filename, else the sender's address"
    examples = (
        Example(
            "/loki/api/v1/push",
            '{"streams":[{"stream":{"app":"shop","pod":"a-1"},'
            '"values":[["1767607200250000000","level=info msg=paid",{"trace":"1f"}]]}]}',
            events={"shop": 1},
        ),
    )

    def decode(self, sent: Sent) -> Decoded:
        gathering = Gathering("auto", sent.max_bytes)
        if sent.media_type == JSON:
            streams = _json(sent.body)
        elif sent.media_type in (PROTOBUF, "application/octet-stream", ""):
            streams = _protobuf(sent)
        else:
            raise InvalidValue(
                f"Loki pushes do not come as {sent.media_type}",
                hint=f"Content-Type is {PROTOBUF} or {JSON}",
            )
        for labels, entries in streams:
            group = sent.group_or(*map(labels.get, _GROUPS), "loki")
            stream = sent.stream_or(*map(labels.get, _STREAMS), sent.sender)
            text = labels_text(labels)
            for entry in entries:
                if isinstance(entry, _BadEntry):
                    gathering.reject(str(entry))
                    continue
                nanos, line, metadata = entry
                said = labels_text({**labels, **metadata}) if metadata else text
                gathering.add(group, stream, line, nanos // _MS if nanos else None, said)
        return gathering.decoded()


def _json(body: bytes) -> Iterator[tuple[dict[str, str], Iterator[Entry | _BadEntry]]]:
    try:
        request = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise InvalidValue(
            f"the body is not JSON: {error}", hint="nothing of it was stored"
        ) from None
    streams = request.get("streams") if isinstance(request, dict) else None
    if not isinstance(streams, list):
        raise InvalidValue("the body has no list of streams", hint="nothing of it was stored")
    for stream in streams:
        labels = stream.get("stream") if isinstance(stream, dict) else None
        values = stream.get("values") if isinstance(stream, dict) else None
        if not isinstance(labels, dict) or not isinstance(values, list):
            raise InvalidValue("a stream lacks its labels or values", hint="nothing was stored")
        yield _texts(labels), map(_entry, values)


def _entry(value: Any) -> Entry | _BadEntry:
    if not isinstance(value, list) or len(value) not in (2, 3):
        return _BadEntry("not a list of time, line and perhaps metadata")
    time, line, *more = value
    if not isinstance(line, str):
        return _BadEntry("the line is not text")
    if not isinstance(time, str) or not time.isascii() or not time.isdecimal() or len(time) > 20:
        return _BadEntry("the time is not a text of nanoseconds since 1970")
    metadata = more[0] if more else {}
    if not isinstance(metadata, dict):
        return _BadEntry("the structured metadata are not an object")
    return int(time), line, _texts(metadata)


def _texts(labels: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in labels.items()
        if value is not None
    }


def _protobuf(sent: Sent) -> Iterator[tuple[dict[str, str], Iterator[Entry | _BadEntry]]]:
    from google.protobuf.message import DecodeError

    try:
        request = push_request(unsnap(sent.body, sent.max_bytes))
    except DecodeError:
        raise InvalidValue("the body is not a push request", hint="nothing was stored") from None
    for stream in request.streams:
        labels = read_labels(stream.labels.decode("utf-8", "replace"))
        yield labels, map(_message, stream.entries)


def _message(entry: Any) -> Entry:
    metadata = {
        pair.name.decode("utf-8", "replace"): pair.value.decode("utf-8", "replace")
        for pair in entry.structuredMetadata
    }
    nanos = entry.timestamp.seconds * 10**9 + entry.timestamp.nanos
    return nanos, entry.line.decode("utf-8", "replace"), metadata


def read_labels(text: str) -> dict[str, str]:
    """The labels that ``{app="shop", pod="a-1"}`` names; raises InvalidValue."""
    inner = text.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        raise InvalidValue(f"{text[:80]!r} are not labels", hint='they look like {app="shop"}')
    inner = inner[1:-1].strip()
    labels: dict[str, str] = {}
    at = 0
    while at < len(inner):
        match = _LABEL.match(inner, at)
        if match is None:
            raise InvalidValue(f"{text[:80]!r} are not labels", hint='they look like {app="shop"}')
        labels[match[1]] = _ESCAPE.sub(_unescaped, match[2])
        at = match.end()
    return labels


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xuU" and len(code) > 1:
        number = int(code[1:], 16)
    elif len(code) == 3:
        number = int(code, 8)
    else:
        return _ESCAPES.get(code, code)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def unsnap(packed: bytes, limit: int) -> bytes:
    """What a snappy block holds, its own statement of its size believed only below ``limit``.

    Raises LimitExceeded and InvalidValue.
    """
    import cramjam

    size = _declared(packed)
    if size > limit:
        raise LimitExceeded(
            f"the unpacked body has {size} bytes, more than {limit}",
            hint="send less at once",
        )
    try:
        return bytes(cramjam.snappy.decompress_raw(packed))
    except cramjam.DecompressionError:
        raise _unpackable() from None


def _declared(packed: bytes) -> int:
    """The size at the head of a snappy block, seven bits a byte, lowest first."""
    size = 0
    for place, byte in enumerate(packed[:5]):
        size |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return size
    raise _unpackable()


def _unpackable() -> InvalidValue:
    return InvalidValue("the body is not packed with snappy", hint="nothing was stored")
