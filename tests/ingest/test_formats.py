"""Formats: their samples, how they are told apart, and lines that mean no good."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.errors import InvalidValue
from logq.ingest.format import Context, Format, Sample, detect, format_named, formats, register
from logq.ingest.formats.cloudtrail import explode
from logq.ingest.formats.logfmt import pairs, read_pairs
from logq.ingest.multiline import Caps, join_block
from logq.ingest.parser import Parser
from logq.ingest.trace import PRESETS
from logq.model import MESSAGE, TIMESTAMP, BatchInfo, Kind

REFERENCE = 1_767_614_400_000  # 2026-01-05 12:00
CONTEXT = Context(REFERENCE, UTC, REFERENCE)
SAMPLES = [
    pytest.param(format, sample, id=f"{name} {number}")
    for name, format in formats().items()
    for number, sample in enumerate(format.samples, 1)
]
EVERY = pytest.mark.parametrize("format", formats().values(), ids=formats())
HOSTILE = [
    "",
    " ",
    "\x00",
    "\x00" * 100,
    "\u202e\u2066 rtl \u2069",
    "\u200b\ufeff{\ufeff}",
    "\u2028\u2029\x85",
    "a\rb\r",
    "=" * 1000,
    "= = =",
    '"' * 999,
    '{"',
    '{"log":"',
    '{"log":1,"stream":2,"time":3}',
    '{"log":"x\\n","stream":"stdout","time":"not a time"}',
    "[" * 5000,
    "2026-13-45T99:99:99Z stdout F x",
    "<999>1 - - - - - -",
    "<191>1 2026-01-05T10:00:00Z h a p m [x",
    "2 1 eni - - - - - - - 99999999999999999999 1 - NODATA",
    "REPORT RequestId: x\tDuration: 1.2.3.4 ms\tBilled Duration: .. ms\tMemory Size: "
    "999999999999999999999999 MB\tMax Memory Used: 1 MB",
    "E0105 10:00:00.1 99999999999999999999999999 a.go:9999999999999999999999] x",
    "\U0001f4a9" * 300,
    "2026-01-05 10:00:00,123 INFO x: " + "y" * 1_000_000,
    "k=" + "v" * 1_000_000,
    "x" * 1_000_000,
]


def fields(columns: Any) -> dict[str, Any]:
    found = {path: column[0].as_py() for path, column in columns.items()}
    return {path: value for path, value in found.items() if value is not None}


# ---- samples


@EVERY
def test_a_format_has_a_title_a_description_and_samples(format: Format) -> None:
    assert format.title
    assert format.description.endswith(".")
    assert format.samples
    assert format.multiline is None or format.multiline in PRESETS


@pytest.mark.parametrize(("format", "sample"), SAMPLES)
def test_a_sample_alone_is_detected_as_its_format(format: Format, sample: Sample) -> None:
    assert detect([sample.line]).name == format.name


@pytest.mark.parametrize(("format", "sample"), SAMPLES)
def test_a_sample_means_what_it_says(format: Format, sample: Sample) -> None:
    """Through the parser, so that fields of JSON documents count."""
    parser = Parser(format.name)
    parsed = parser.parse([sample.line.encode()], stream="s", arrival=REFERENCE).batch
    time = parsed[TIMESTAMP].cast(pa.int64())[0].as_py()
    info = BatchInfo.from_json(parsed.schema.metadata[b"logq"])

    found = {
        path: parsed[field.column][0].as_py()
        for path, field in info.fields.items()
        if field.column is not None and field.kind is not Kind.LIST
    }
    assert {path: value for path, value in found.items() if value is not None} == dict(
        sample.fields
    )
    assert time == (REFERENCE if sample.timestamp is None else sample.timestamp)
    assert parsed[MESSAGE][0].as_py() == sample.line


@EVERY
def test_samples_mean_the_same_among_others(format: Format) -> None:
    alone = [format.project(pa.array([s.line]), CONTEXT) for s in format.samples]
    lines = [sample.line for sample in format.samples for _ in range(3)]
    together = format.project(pa.array([*lines, "something else"]), CONTEXT)

    for number, one in enumerate(alone):
        place = 3 * number + 1
        assert together.timestamps[place] == one.timestamps[0]
        among = {path: column.slice(place, 1) for path, column in together.columns.items()}
        assert fields(among) == fields(one.columns)


# ---- telling them apart


def test_an_empty_source_and_one_without_times_are_plain_text() -> None:
    assert detect([]).name == "text"
    assert detect(["", "  "]).name == "text"
    assert detect(["hello", "world"]).name == "text"


def test_a_stack_trace_below_an_event_does_not_hide_the_format() -> None:
    event = "2026-01-05 10:00:00,123 ERROR [main] c.x.Y - failed"
    trace = ["java.lang.X: y", *["\tat a.B.c(D.java:1)"] * 30]

    assert detect([event, *trace, event]).name == "log4j"


def test_most_of_the_lines_decide() -> None:
    logfmt = ["level=info msg=hello"] * 6
    syslog = ["Jan  5 10:00:00 web-1 sshd[1]: hello"] * 4

    assert detect(logfmt + syslog).name == "logfmt"
    assert detect(syslog * 2 + logfmt).name == "syslog3164"


def test_a_format_that_fits_fewer_than_half_of_the_lines_is_not_chosen() -> None:
    assert detect(["level=info msg=hello"] * 4 + ["hello"] * 5).name == "text"


def test_only_the_first_hundred_lines_are_looked_at() -> None:
    lines = ['{"a":1}'] * 100 + ["level=info msg=hello"] * 1000

    assert detect(lines).name == "json"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('{"a":1}', "json"),
        ('{"log":"x\\n","stream":"stdout","time":"2026-01-05T10:00:00Z"}', "docker"),
        ('{"time":"2026-01-05T10:00:00Z","type":"platform.start","record":{}}', "lambda"),
        ('{"Records":[{"eventVersion":"1.08"}]}', "cloudtrail"),
        ("2026-01-05T10:00:00Z stdout F x=1 y=2", "cri"),
        ("2026-01-05T10:00:00Z web-1 sshd[1]: x", "syslog3164"),
        ("2026-01-05 10:00:00,123 - a.b - INFO - x", "python"),
        ("2026-01-05 10:00:00,123 INFO hello world", "python"),
        ("2026-01-05T10:00:00Z INFO hello", "python"),
        ("2026-01-05 10:00:00 hello", "text"),
        ("msg=hello", "logfmt"),
        ("a = b", "text"),
        ("see http://x.example/?a=b", "text"),
        ("<html>", "text"),
    ],
)
def test_a_line_is_detected(line: str, name: str) -> None:
    assert detect([line]).name == name


def test_a_format_can_be_pinned_by_name() -> None:
    assert format_named("clf").title == "Apache and nginx access log"


def test_an_unknown_format_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InvalidValue, match="no log format 'sylog3164'") as caught:
        format_named("sylog3164")

    assert caught.value.hint == "did you mean 'syslog3164'?"


def test_a_name_is_registered_once() -> None:
    class Twice(Format):
        name = "json"

    with pytest.raises(ValueError, match="registered twice"):
        register(Twice)


# ---- hostile lines


@EVERY
def test_hostile_lines_harm_no_format(format: Format) -> None:
    lines = pa.array(HOSTILE)
    projection = format.project(lines, CONTEXT)

    assert len(projection.timestamps) == len(HOSTILE)
    assert all(len(column) == len(HOSTILE) for column in projection.columns.values())
    assert projection.messages is None or projection.messages.null_count == 0
    for line in HOSTILE:
        assert format.recognises(line) in (True, False)


@EVERY
def test_an_empty_column_is_projected_to_an_empty_one(format: Format) -> None:
    projection = format.project(pa.array([], pa.string()), CONTEXT)

    assert len(projection.timestamps) == 0


@EVERY
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_damaged_samples_never_raise(format: Format, data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(format.samples)).line
    start = data.draw(st.integers(0, len(sample)))
    line = sample[:start] + data.draw(st.text(max_size=5)) + sample[start + 1 :]
    projection = format.project(pa.array([line, sample]), CONTEXT)

    assert len(projection.timestamps) == 2
    assert format.recognises(line) in (True, False)


# ---- single formats


def test_logfmt_reads_keys_in_any_order_and_the_last_of_equal_ones() -> None:
    lines = ["a=1 b=2", "b=3 a=4", "a=5 a=6", 'c="x y" flag', "  a=7", "nothing here", 'q="open']
    columns = pairs(pa.array(lines))

    assert columns["a"].to_pylist() == ["1", "4", "6", None, "7", None, None]
    assert columns["b"].to_pylist() == ["2", "3", None, None, None, None, None]
    assert columns["c"].to_pylist() == [None, None, None, "x y", None, None, None]
    assert columns["flag"].to_pylist() == [None, None, None, "true", None, None, None]


PAIRS = st.lists(
    st.tuples(
        st.text("abcdefgh_.@-", min_size=1, max_size=5),
        st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=8),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda pair: pair[0],
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PAIRS, min_size=1, max_size=5))
def test_logfmt_that_was_written_comes_back(rows: list[list[tuple[str, str]]]) -> None:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    lines = [" ".join(f"{key}={quoted(value)}" for key, value in row) for row in rows]
    columns = pairs(pa.array(lines))

    for number, row in enumerate(rows):
        found = {path: column[number].as_py() for path, column in columns.items()}
        expected = {("@" + key if key.startswith("@") else key): value for key, value in row}
        assert {path: value for path, value in found.items() if value is not None} == expected
        assert read_pairs(lines[number]) == row


def test_lambda_reads_the_platform_events_of_the_json_log_format() -> None:
    line = (
        '{"time":"2026-01-05T10:00:00.250Z","type":"platform.report","record":{"requestId":'
        '"d44fee3d-7da6-4059-8123-6d3da2e69df2","metrics":{"durationMs":12.5,"billedDurationMs":13,'
        '"memorySizeMB":128,"maxMemoryUsedMB":80,"initDurationMs":100.25},"status":"success",'
        '"tracing":{"spanId":"07f1","type":"X-Amzn-Trace-Id","value":"Root=1-5e34;Parent=07f1"}}}'
    )
    found = format_named("lambda").project(pa.array([line]), CONTEXT)

    assert found.shred
    assert "time" in found.time_fields
    assert fields(found.columns) == {
        "@type": "REPORT",
        "@requestId": "d44fee3d-7da6-4059-8123-6d3da2e69df2",
        "@duration": 12.5,
        "@billedDuration": 13.0,
        "@memorySize": 128_000_000,
        "@maxMemoryUsed": 80_000_000,
        "@initDuration": 100.25,
        "@xrayTraceId": "Root=1-5e34;Parent=07f1",
        "@xraySegmentId": "07f1",
    }


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        (
            "cri",
            [
                "2026-01-05T10:00:00.1Z stdout P one ",
                "2026-01-05T10:00:00.2Z stdout P two ",
                "2026-01-05T10:00:00.3Z stdout F three",
                "2026-01-05T10:00:00.4Z stdout F \tat x",
            ],
            "one two three\n\tat x",
        ),
        (
            "docker",
            [
                '{"log":"one ","stream":"stdout","time":"2026-01-05T10:00:00.1Z"}',
                '{"log":"two\\n","stream":"stdout","time":"2026-01-05T10:00:00.2Z"}',
                '{"log":"\\tat \\u0078\\r\\n","stream":"stdout","time":"2026-01-05T10:00:00.3Z"}',
            ],
            "one two\n\tat x",
        ),
    ],
)
def test_joined_lines_of_a_container_are_one_message(
    name: str, lines: list[str], message: str
) -> None:
    events = join_block(pa.array(lines), name, last=True).events
    found = format_named(name).project(events, CONTEXT)

    assert found.messages is not None
    assert found.messages.to_pylist() == [message]
    assert found.timestamps.cast(pa.int64()).to_pylist() == [1_767_607_200_100]
    assert found.columns["stream"].to_pylist() == ["stdout"]


def test_a_docker_message_of_a_megabyte_comes_back_from_its_parts() -> None:
    text = "".join(chr(33 + number % 90) for number in range(1 << 20)).replace("\\", "/")
    text = text.replace('"', "'")
    parts = [text[start : start + 16384] for start in range(0, len(text), 16384)]
    lines = [
        f'{{"log":"{part}{end}","stream":"stdout","time":"2026-01-05T10:00:00Z"}}'
        for part, end in zip(parts, [""] * (len(parts) - 1) + ["\\n"], strict=True)
    ]
    caps = Caps(bytes=4 << 20)
    events = join_block(pa.array(lines), "docker", caps=caps, last=True).events

    found = format_named("docker").project(events, CONTEXT)
    assert found.messages is not None
    assert found.messages.to_pylist() == [text]


# ---- CloudTrail files


def test_a_cloudtrail_file_becomes_its_records_with_their_exact_text() -> None:
    data = b'{"a":{"b":[1]},"Records": [ {"x": 1.10, "y":"\\u00e9"},{"x":12345678901234567890} ] }'

    assert list(explode(data)) == [
        b'{"x": 1.10, "y":"\\u00e9"}',
        b'{"x":12345678901234567890}',
    ]


def test_a_record_over_several_lines_becomes_one_line() -> None:
    data = b'{"Records": [\n  {\n    "x": 1,\n    "y": [\n 2]\n  }\n]}\n'

    assert list(explode(data)) == [b'{"x":1,"y":[2]}']


@pytest.mark.parametrize(
    "data",
    [b"hello", b'{"Records":5}', b'{"Records":[{"a":', b'{"a":1}', b"\xff\xfe", b'{"Records":[}'],
)
def test_what_is_no_cloudtrail_file_stays_as_it_is(data: bytes) -> None:
    assert list(explode(data)) == [data]


def test_an_object_with_records_per_line_is_taken_apart_line_by_line() -> None:
    data = b'{"Records":[{"a":1},{"a":2}]}\nsomething\n{"Records":[]}\n{"Records":[{"a":3}]}'

    assert list(explode(data)) == [b'{"a":1}', b'{"a":2}', b"something", b'{"a":3}']
