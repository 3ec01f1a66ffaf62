"""Parsing: from lines to a batch, every line accounted for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from logq.errors import InvalidValue
from logq.ingest.format import HEAD, formats
from logq.ingest.parser import Parsed, Parser
from logq.ingest.text import Mask
from logq.model import (
    BATCH_METADATA,
    LABELS,
    LOG_STREAM,
    MESSAGE,
    RAW,
    TIME_SOURCE,
    TIMESTAMP,
    TRUNCATED,
    BatchInfo,
    Doc,
    Kind,
)

NOON = int(datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp() * 1000)


def parse(*lines: bytes, parser: Parser | None = None, **options: Any) -> Parsed:
    parser = parser or Parser(**options)
    return parser.parse(list(lines), stream="s", arrival=NOON)


def column(parsed: Parsed, name: str) -> list[Any]:
    return list(parsed.batch.column(name).to_pylist())


def times(parsed: Parsed) -> list[int]:
    return list(parsed.batch.column(TIMESTAMP).cast(pa.int64()).to_pylist())


def info(parsed: Parsed) -> BatchInfo:
    return BatchInfo.from_json(parsed.batch.schema.metadata[BATCH_METADATA])


def test_a_batch_is_what_the_model_describes() -> None:
    parsed = parse(b'{"time":"2026-01-05T10:00:00.250Z","http":{"status":200},"ok":true}')
    schema = parsed.batch.schema
    assert schema.field(TIMESTAMP).type == pa.timestamp("ms")
    assert schema.field(MESSAGE).type == pa.string()
    assert schema.names[:3] == [TIMESTAMP, MESSAGE, LOG_STREAM]
    assert times(parsed) == [NOON - 7_200_000 + 250]
    assert info(parsed).doc is Doc.MESSAGE
    assert {path: (f.kind, f.column) for path, f in info(parsed).fields.items()} == {
        "time": (Kind.TEXT, "time"),
        "http.status": (Kind.INT, "http.status"),
        "ok": (Kind.BOOL, "ok"),
    }
    assert column(parsed, "http.status") == [200]
    assert not {RAW, TIME_SOURCE, TRUNCATED, LABELS, "@json"} & set(schema.names)


def test_no_lines_give_an_empty_batch() -> None:
    parsed = parse()
    assert parsed.batch.num_rows == 0
    assert parsed.batch.schema.field(TIMESTAMP).type == pa.timestamp("ms")
    assert parse(b"").batch.num_rows == 0


def test_messages_keep_their_bytes_but_for_line_ends_and_the_byte_order_mark() -> None:
    parsed = parse(b"\xef\xbb\xbffirst\r", b" a\rb\0\t", b"\xef\xbb\xbfsecond")
    assert column(parsed, MESSAGE) == ["first", " a\rb\0\t", "\ufeffsecond"]


def test_a_byte_order_mark_is_only_one_at_the_start_of_a_source() -> None:
    parser = Parser()
    parse(b"first", parser=parser)
    assert column(parse(b"\xef\xbb\xbfx", parser=parser), MESSAGE) == ["\ufeffx"]


def test_empty_lines_are_no_events_but_counted() -> None:
    parsed = parse(b"a", b"", b"\r", b" ", b"b")
    assert column(parsed, MESSAGE) == ["a", " ", "b"]
    assert (parsed.counters.lines, parsed.counters.blank, parsed.counters.events) == (5, 2, 3)


def test_bytes_that_are_not_utf8_are_kept_beside_the_text() -> None:
    lines = [b"good %d" % n for n in range(300)]
    lines[7], lines[299] = b"caf\xe9", b"\xff\xfe"
    parsed = parse(*lines)
    assert column(parsed, MESSAGE)[7] == "caf\ufffd"
    raw = column(parsed, RAW)
    assert {row: value for row, value in enumerate(raw) if value is not None} == {
        7: b"caf\xe9",
        299: b"\xff\xfe",
    }
    assert parsed.counters.invalid_utf8 == 2


def test_an_event_over_the_limit_is_cut_at_a_character_and_marked() -> None:
    parsed = parse(b"short", "ab€cd".encode(), max_event_bytes=4)
    assert column(parsed, MESSAGE) == ["shor", "ab"]
    assert column(parsed, TRUNCATED) == [1, 5]
    assert (parsed.counters.truncated, parsed.counters.truncated_bytes) == (2, 6)


def test_what_the_reader_cut_is_counted_too() -> None:
    parser = Parser(max_event_bytes=4)
    lines = [b"", b"ab\xe2\x82", b"ok"]
    parsed = parser.parse(lines, stream="s", arrival=NOON, cuts={1: 10})
    assert column(parsed, MESSAGE) == ["ab", "ok"]
    assert column(parsed, TRUNCATED) == [12, None]
    assert parsed.counters.invalid_utf8 == 0


def test_masked_text_is_nowhere_in_the_batch() -> None:
    masks = [Mask(r"password=\S+", "password=***"), Mask(r"(\d{4})\d{8}", r"\1********")]
    parsed = parse(
        b'{"m":"password=hunter2 x"}',
        b"card 123456789012",
        b"password=hunter2 \xff",
        masks=masks,
    )
    assert column(parsed, MESSAGE)[1:] == ["card 1234********", "password=*** \ufffd"]
    assert "hunter2" not in str(parsed.batch.to_pylist())
    with pytest.raises(InvalidValue, match="not a regular expression"):
        Mask("(")


def test_labels_are_on_every_event() -> None:
    parsed = parse(b"a", b"b", labels={"env": "prüf"})
    assert [json.loads(text) for text in column(parsed, LABELS)] == [{"env": "prüf"}] * 2


def test_an_event_without_time_has_that_of_the_line_before_else_arrival() -> None:
    parser = Parser("json")
    first = parse(b'{"a":1}', b'{"time":"2026-01-05T10:00:00Z"}', b"  at x", parser=parser)
    assert times(first) == [NOON, NOON - 7_200_000, NOON - 7_200_000]
    assert column(first, TIME_SOURCE) == ["arrival", None, "previous"]
    second = parse(b"  at y", b'{"time":1767610800}', parser=parser)
    assert times(second) == [NOON - 7_200_000, NOON - 3_600_000]
    assert column(second, TIME_SOURCE) == ["previous", None]


def test_times_in_documents_may_be_of_any_kind() -> None:
    parsed = parse(
        b'{"ts":"2026-01-05T10:00:00Z"}',
        b'{"ts":1767607200000}',
        b'{"ts":1767607200.5}',
        b'{"time":1767607200}',
        format="json",
    )
    ten = NOON - 7_200_000
    assert times(parsed) == [ten, ten, ten + 500, ten]


def test_the_stream_may_differ_from_line_to_line() -> None:
    streams = pa.array(["x", "y"], pa.string())
    parsed = Parser("text").parse([b"a", b"b"], stream=streams, arrival=NOON)
    assert column(parsed, LOG_STREAM) == ["x", "y"]


def test_streams_follow_their_lines_when_empty_ones_go() -> None:
    streams = pa.array(["x", "y", "z"], pa.string())
    parsed = Parser("text").parse([b"a", b"", b"b"], stream=streams, arrival=NOON)
    assert column(parsed, LOG_STREAM) == ["x", "z"]


def test_a_line_that_does_not_fit_the_format_stays_an_event() -> None:
    lines = [b'{"a":%d}' % n for n in range(20)] + [b"panic: oh no"]
    parsed = parse(*lines)
    assert column(parsed, MESSAGE)[-1] == "panic: oh no"
    assert column(parsed, "a") == [*range(20), None]
    assert info(parsed).doc is Doc.COLUMN


def test_json_behind_a_prefix_is_found_unless_switched_off() -> None:
    line = b'2026-01-05 10:00:00 INFO {oops {"a":{"b":1}} trailing'
    parsed = parse(line)
    assert column(parsed, "@json") == ['{"a":{"b":1}}']
    assert column(parsed, "a.b") == [1]
    assert "a.b" not in info(parse(line, json_prefix=False)).fields


def test_a_banner_does_not_decide_the_format_for_ever() -> None:
    parser = Parser()
    parse(*[b"banner"] * (HEAD + 1), parser=parser)
    parsed = parse(*[b'{"time":"2026-01-05T10:00:00Z"}'] * 30, parser=parser)
    assert times(parsed) == [NOON - 7_200_000] * 30


def test_a_format_can_be_pinned_and_an_unknown_one_is_named() -> None:
    assert "a" in info(parse(b'{"a":1}', format="json")).fields
    with pytest.raises(InvalidValue, match="no log format 'jsn'"):
        Parser("jsn")


def test_events_state_time_message_and_stream() -> None:
    parsed = parse(
        b'{"timestamp":1767607200000,"message":"{\\"a\\":1}","stream":"other"}',
        b'{"timestamp":"2026-01-05T10:00:00Z","message":"text"}',
        b"not json",
        b'{"timestamp":true,"message":"x"}',
        b'{"timestamp":"soon","message":"x"}',
        b'{"timestamp":1,"message":5}',
        b'{"timestamp":1,"message":"x","stream":""}',
        b'{"timestamp":-1,"message":"x"}',
        b"",
        format="events",
    )
    assert times(parsed) == [NOON - 7_200_000] * 2
    assert column(parsed, MESSAGE) == ['{"a":1}', "text"]
    assert column(parsed, LOG_STREAM) == ["other", "s"]
    assert column(parsed, "a") == [1, None]
    assert [fault.line for fault in parsed.counters.rejected] == [3, 4, 5, 6, 7, 8]
    assert parsed.counters.blank == 1
    assert parsed.counters.rejected[2].reason == "timestamp is not a time"


HOSTILE = [
    b"\xff\xfe\x00a",
    b"\xed\xa0\x80",  # a lone surrogate
    b"\xc0\xaf",
    b"\x00",
    b"\x00" * 100,
    b"\r",
    b"a\rb\rc",
    "\u2028\u2029\x85".encode(),
    "\u202eRTL\u200b\u200d".encode(),
    b"\x1b[31mred\x1b[0m",
    b'{"a":"\\ud800"}',
    b'{"a":NaN}',
    b'{"a":Infinity,"b":-Infinity}',
    b'{"a":1e999}',
    b'{"a":123456789012345678901234567890}',
    b'{"a":9007199254740993}',
    b'{"a":1,"a":2}',
    b'{"a":{"b":1,"b":[1,{"c":1,"c":2}]}}',
    b'{"a":"x"}',
    b'{"a":[1,"x",{"y":null}]}',
    b'{"":{"":{"":1}}}',
    b'{"@message":"spoof","@timestamp":1,"@seq":7,"@@x":1}',
    b'{"a.b":1,"a":{"b":2}}',
    b'{"A":1,"a":2}',
    b'{"\\u0000":1}',
    b'{"x":1}{"x":2}',
    b'{"x":1',
    b"{" * 3000,
    b"[" * 3000 + b"]" * 3000,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    b'{"l":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(20_000)) + b"}",
    b'{"' + b"k" * 2_000 + b'":1}',
    b'{"k":"' + b"v" * 2_000 + b'"}',
    b"pre " + b'{"a":[' * 2000,
    b'pre {"a":1} {"b":2}',
    b"2026-13-45T99:99:99Z nonsense",
    b'{"time":99999999999999999999}',
    b'{"time":-62135596800000}',
    b'{"level":{"x":1}}',
    b'{"level":"x","LEVEL":3}',
    b"key=value key=other =x y=",
    b"<999>1 - - - - - -",
    b"' or 1=1; drop table events --",
    b"\xef\xbb\xbf",
    b" ",
    b"\t{}\t",
    b"{}",
    b"null",
]


@pytest.mark.parametrize("name", ["auto", *formats()])
def test_no_hostile_line_is_lost_or_changed(name: str) -> None:
    parser = Parser(name)
    lines = [b"%s%d" % (line, n) if n % 3 == 2 else line for n in range(10) for line in HOSTILE]
    assert len(lines) == 500
    # Line by line order must survive rows that go different ways.
    lines = [lines[(row * 7) % 500] for row in range(500)]
    events = [line.removesuffix(b"\r") for line in lines]
    if events[0].startswith(b"\xef\xbb\xbf"):
        events[0] = events[0][3:]
    events = [event for event in events if event]
    parsed = parser.parse(lines, stream="s", arrival=NOON)
    raw = column(parsed, RAW) if RAW in parsed.batch.column_names else [None] * len(events)
    stored = [
        message.encode() if bytes_ is None else bytes_
        for message, bytes_ in zip(column(parsed, MESSAGE), raw, strict=True)
    ]
    assert stored == events
    assert parsed.counters.lines == 500
    assert parsed.counters.events + parsed.counters.blank == 500
    parsed.batch.validate(full=True)
    assert parsed.batch.num_columns < 600


def test_a_key_of_a_megabyte_is_a_field_without_a_column() -> None:
    key = "k" * (1 << 19)
    parsed = parse(f'{{"{key}":1}}'.encode(), b'{"a":1}')
    assert info(parsed).fields[key].kind is Kind.DOC
    assert set(parsed.batch.column_names) == {TIMESTAMP, MESSAGE, LOG_STREAM, TIME_SOURCE, "a"}


def test_a_field_of_the_format_wins_over_one_of_the_document() -> None:
    head = b"2026-01-05T10:00:00Z stdout F "
    parsed = parse(
        head + b'{"stream":"mine","a":1}',
        b'{"stream":"outside","a":2}',
        b'{"stream":{"x":[1,null]}}',
        b'{"stream":5}',
        format="cri",
    )
    assert info(parsed).fields["stream"].kind is Kind.JSON
    texts = column(parsed, "stream")
    assert [json.loads(text) for text in texts] == ["stdout", "outside", {"x": [1, None]}, 5]
    assert column(parsed, "a") == [1, 2, None, None]
