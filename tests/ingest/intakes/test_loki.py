"""Loki's push requests in both of their shapes."""

from __future__ import annotations

from typing import Any

import cramjam
import orjson
import pytest

from logq.errors import InvalidValue, LimitExceeded
from logq.ingest.intake import JSON, PROTOBUF, Decoded, Sent, intakes
from logq.ingest.intakes.loki import read_labels
from logq.ingest.loki_messages import message_class
from tests.ingest.intakes.asking import labels, streams

NANOS = 1_767_607_200_250_000_001


def push(labels: str, *lines: bytes, **metadata: str) -> bytes:
    request = message_class()()
    stream = request.streams.add(labels=labels.encode())
    for number, line in enumerate(lines):
        entry = stream.entries.add(line=line)
        entry.timestamp.seconds, entry.timestamp.nanos = divmod(NANOS + number * 10**6, 10**9)
        for name, value in metadata.items():
            entry.structuredMetadata.add(name=name.encode(), value=value.encode())
    return bytes(cramjam.snappy.compress_raw(request.SerializeToString()))


def decode(body: bytes, media_type: str = PROTOBUF, max_bytes: int = 1 << 20) -> Decoded:
    sent = Sent(body, media_type, sender="192.0.2.1", max_bytes=max_bytes)
    return intakes()["loki"].decode(sent)


def rows(found: Decoded) -> list[tuple[Any, ...]]:
    return [
        row
        for one in found.deliveries
        for row in zip(
            [one.group] * len(one.items),
            streams(one),
            one.incoming.timestamps.cast("int64").to_pylist(),
            one.incoming.messages.to_pylist(),
            [text and orjson.loads(text) for text in labels(one)],
            strict=True,
        )
    ]


def test_protobuf_and_json_say_the_same() -> None:
    packed = push('{app="shop", pod="a-1"}', b"level=info msg=paid", b" two\t", trace="1f")
    values = [
        [str(NANOS), "level=info msg=paid", {"trace": "1f"}],
        [str(NANOS + 10**6), " two\t", {"trace": "1f"}],
    ]
    text = orjson.dumps({"streams": [{"stream": {"app": "shop", "pod": "a-1"}, "values": values}]})

    said = {"app": "shop", "pod": "a-1", "trace": "1f"}
    assert rows(decode(packed)) == rows(decode(text, JSON))
    assert rows(decode(packed)) == [
        ("shop", "a-1", 1_767_607_200_250, "level=info msg=paid", said),
        ("shop", "a-1", 1_767_607_200_251, " two\t", said),
    ]


def test_a_line_that_is_not_utf8_does_not_cost_the_request() -> None:
    assert [row[3] for row in rows(decode(push("{}", b"a\xff", b"b")))] == ["a\ufffd", "b"]


def test_entries_without_text_are_told() -> None:
    found = decode(push('{job="x"}', b"", b"b"))

    assert ([r.line for r in found.rejected], found.events) == ([1], 1)


def test_labels_are_read_with_their_escapes() -> None:
    assert read_labels("{}") == {}
    assert read_labels(r'{a="1", b_2="x\"y,}\\", c="\n\u00e9\x41\101" ,}') == {
        "a": "1",
        "b_2": 'x"y,}\\',
        "c": "\né" + "AA",
    }


@pytest.mark.parametrize("text", ["", "{", 'a="b"', "{a}", '{a=b"}', '{a="b" c="d"}', '{="b"}'])
def test_labels_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="labels"):
        read_labels(text)


def test_a_packed_body_that_claims_to_be_huge_is_refused_before_it_is_unpacked() -> None:
    bomb = bytes(cramjam.snappy.compress_raw(bytes(2 << 20)))
    lie = b"\xff\xff\xff\xff\x0f" + b"\x00" * 10

    for body in (bomb, lie):
        with pytest.raises(LimitExceeded):
            decode(body)


@pytest.mark.parametrize("body", [b"", b"\x80", b"\x05abc", b"\xff" * 20, push("{}", b"a")[:-2]])
def test_a_body_that_is_not_packed_or_no_request_is_refused(body: bytes) -> None:
    with pytest.raises((InvalidValue, LimitExceeded)):
        decode(body)


def test_a_body_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidValue, match="text/plain"):
        decode(b"a", "text/plain")
