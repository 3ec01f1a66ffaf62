"""What holds for every intake: examples, counting, and bodies nobody should send."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.errors import InvalidValue, LimitExceeded
from logq.ingest.intake import (
    JSON,
    NDJSON,
    PROTOBUF,
    Decoded,
    Example,
    Intake,
    Sent,
    group_name,
    intakes,
    stream_name,
)

EXAMPLES = [(intake, example) for intake in intakes().values() for example in intake.examples]
MEDIA_TYPES = (JSON, NDJSON, PROTOBUF, "text/plain", "")
DEEP = b"[" * 10_000 + b"]" * 10_000

HOSTILE = {
    "nothing": b"",
    "white space": b" \r\n\t\n",
    "a byte order mark": b"\xef\xbb\xbf",
    "zeros": b"\0" * 100,
    "no UTF-8": b'{"event":"\xff\xfe","a":"\xc3("}\n',
    "truncated": b'[{"event":"a"},{"event":',
    "truncated object": b'{"event":"a"',
    "lone brackets": b"]]}}[{",
    "deep": DEEP,
    "deep inside": b'{"event":' + DEEP + b"}",
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "huge numbers": b'{"event":1e999,"time":1e999,"n":' + b"9" * 5000 + b"}",
    "no numbers": b'{"event":"a","time":NaN}{"event":"b","time":-Infinity}',
    "half a character": b'{"event":"\\ud800","host":"\\udfff","fields":{"\\ud800":"\\ud800"}}',
    "keys twice": b'{"event":"a","event":"b"}',
    "wrong kinds": b'[{"event":"a","time":[]},{"event":"a","host":{}},5,null,"x",[[]]]',
    "streams of nothing": b'{"streams":[]}',
    "wrong streams": b'{"streams":[{"stream":[],"values":{}}]}',
    "wrong values": b'{"streams":[{"stream":{},"values":[[],[1,2],["1","a",[]],["-1","a"],"x"]}]}',
    "wrong logs": b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[5,{"timeUnixNano":"x"}]}]}]}',
    "wrong resource": b'{"resourceLogs":[{"resource":{"attributes":[{"key":{},"value":5}]}}]}',
    "actions alone": b'{"index":{}}\n{"create":{}}\n{"delete":{}}\n',
    "an update": b'{"update":{"_id":"1"}}\n{"doc":{}}\n',
    "wrong index": b'{"index":{"_index":["x"]}}\n{"a":1}\n',
}


def check(intake: Intake, sent: Sent) -> Decoded | None:
    """Decode, and see that every item is accounted for; None if the body was refused."""
    try:
        found = intake.decode(sent)
    except (InvalidValue, LimitExceeded) as error:
        assert error.message
        return None
    assert found.items == found.events + len(found.rejected) + found.skipped
    lines = [rejected.line for rejected in found.rejected]
    assert lines == sorted(set(lines))
    items: list[int] = []
    for delivery in found.deliveries:
        events = delivery.incoming
        assert group_name(delivery.group) == delivery.group
        assert len(events.messages) == len(events.timestamps) == len(delivery.items)
        assert events.messages.null_count == 0
        assert all(events.messages.to_pylist())
        if not isinstance(events.streams, str):
            assert all(stream_name(name) == name for name in events.streams.to_pylist())
        items += delivery.items.to_pylist()
    assert len(set(items) | {line - 1 for line in lines}) == len(items) + len(lines)
    return found


def sent_as(example: Example) -> Sent:
    """The request that an example is."""
    url = urlsplit(example.path)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    first = url.path.split("/")[1] if url.path.count("/") == 2 else ""
    index = query.get("index") or (first if url.path.endswith("/_bulk") else None)
    return Sent(
        example.body.encode(),
        example.media_type,
        query.get("logGroup"),
        query.get("logStream"),
        index,
        query.get("host"),
        "192.0.2.1",
    )


@pytest.mark.parametrize(("intake", "example"), EXAMPLES, ids=lambda v: getattr(v, "name", ""))
def test_an_example_brings_the_events_that_it_promises(intake: Intake, example: Example) -> None:
    found = check(intake, sent_as(example))

    assert found is not None
    assert {one.group: len(one.items) for one in found.deliveries} == example.events
    assert not found.rejected


@pytest.mark.parametrize("intake", intakes().values(), ids=intakes().keys())
def test_an_intake_is_described(intake: Intake) -> None:
    assert intake.description.endswith(".")
    assert intake.title
    assert intake.paths
    assert intake.senders
    assert intake.group
    assert intake.stream


@pytest.mark.parametrize("intake", intakes().values(), ids=intakes().keys())
def test_what_the_request_names_goes_before_what_the_events_say(intake: Intake) -> None:
    for example in intake.examples:
        body = example.body.encode()
        found = intake.decode(Sent(body, example.media_type, "mine", "here", "index", "host"))

        for delivery in found.deliveries:
            assert delivery.group == "mine"
            streams = delivery.incoming.streams
            names = {streams} if isinstance(streams, str) else set(streams.to_pylist())
            assert names == {"here"}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("intake", intakes().values(), ids=intakes().keys())
def test_a_hostile_body_is_refused_or_every_item_of_it_counted(intake: Intake, body: bytes) -> None:
    for media_type in MEDIA_TYPES:
        check(intake, Sent(body, media_type, sender="::1"))


@pytest.mark.parametrize("intake", intakes().values(), ids=intakes().keys())
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_example_is_refused_or_every_item_of_it_counted(
    intake: Intake, data: st.DataObject
) -> None:
    example = data.draw(st.sampled_from(intake.examples))
    body = bytearray(example.body.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(at, min(len(body), at + 8)))
        body[at:end] = data.draw(st.binary(max_size=4) | st.sampled_from([b"{}", b"null", b"\n"]))

    check(intake, Sent(bytes(body), example.media_type))


def test_a_request_with_too_many_events_is_refused_before_it_is_read() -> None:
    for name in ("bulk", "hec-raw", "elastic"):
        with pytest.raises(LimitExceeded, match="500,000"):
            intakes()[name].decode(Sent(b"{}\n" * 500_002, NDJSON))
    with pytest.raises(LimitExceeded, match="500,000"):
        intakes()["hec"].decode(Sent(b"{}" * 500_001))


def test_what_is_said_once_for_many_events_cannot_fill_the_memory() -> None:
    label = "x" * 10_000
    values = ",".join('["1","a"]' for _ in range(1000))
    body = f'{{"streams":[{{"stream":{{"app":"{label}"}},"values":[{values}]}}]}}'.encode()

    with pytest.raises(LimitExceeded, match="too large"):
        intakes()["loki"].decode(Sent(body, max_bytes=1 << 20))


def test_any_text_becomes_the_name_of_a_log_group_and_of_a_stream() -> None:
    assert group_name("Prod: shop*1") == "Prod__shop_1"
    assert group_name("") == "default"
    assert len(group_name("x" * 600)) == 512
    assert stream_name("::1") == "__1"
    assert stream_name("a b/é") == "a b/é"
