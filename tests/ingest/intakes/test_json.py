"""JSON in one piece, JSON lines, HEC and Elasticsearch's bulk requests."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import orjson
import pytest

from logq.errors import InvalidValue
from logq.ingest.intake import NDJSON, Decoded, Sent, intakes
from logq.ingest.intakes import elastic
from tests.ingest.intakes import asking


def decode(name: str, body: str | bytes, **sent: Any) -> Decoded:
    data = body.encode() if isinstance(body, str) else body
    return intakes()[name].decode(Sent(data, sent.pop("media_type", NDJSON), **sent))


def messages(found: Decoded) -> list[str]:
    return [text for one in found.deliveries for text in one.incoming.messages.to_pylist()]


def labels(found: Decoded) -> list[Any]:
    (delivery,) = found.deliveries
    return [text and orjson.loads(text) for text in asking.labels(delivery)]


def times(found: Decoded) -> list[Any]:
    return [
        None if value is None else round(value.timestamp() * 1000)
        for one in found.deliveries
        for value in (v and v.replace(tzinfo=UTC) for v in one.incoming.timestamps.to_pylist())
    ]


def test_an_object_is_kept_as_it_was_written() -> None:
    text = '{ "n" : 1.0e2,\n "big": 123456789012345678901234567890, "a":"\\u00e9", "a":2 }'

    assert messages(decode("json", f"  {text}\n")) == [text]
    assert messages(decode("json", f"[{text} , {{}}]")) == [text, "{}"]


def test_elements_that_are_no_objects_are_told_by_their_number() -> None:
    found = decode("json", '[{"a":1},5,"x",{"b":2},null]')

    assert messages(found) == ['{"a":1}', '{"b":2}']
    assert [(r.line, r.reason) for r in found.rejected] == [
        (2, "not a JSON object"),
        (3, "not a JSON object"),
        (5, "not a JSON object"),
    ]


@pytest.mark.parametrize("body", ["{", '[{"a":1}', "{} x", "[{}]]", "nothing", '{"a":NaN}'])
def test_a_body_that_is_not_json_is_refused_as_a_whole(body: str) -> None:
    with pytest.raises(InvalidValue, match="not JSON from character"):
        decode("json", body)


def test_lines_that_are_no_objects_are_told_by_their_number_and_blank_ones_passed_over() -> None:
    found = decode("bulk", b'{"a":1}\r\n\n{"b":\n  \n {"c":3} \n[1]\n{"d":"\xff"}\n{"e":4}')

    assert messages(found) == ['{"a":1}', ' {"c":3} ', '{"d":"\ufffd"}', '{"e":4}']
    assert [r.line for r in found.rejected] == [3, 6]
    assert found.skipped == 2
    (delivery,) = found.deliveries
    assert delivery.items.to_pylist() == [0, 4, 6, 7]
    assert delivery.incoming.raw is not None
    assert delivery.incoming.raw.to_pylist() == [None, None, b'{"d":"\xff"}', None]


def test_objects_that_only_some_readers_take_are_events() -> None:
    lines = ['{"n":1e999}', '{"half":"\\ud800"}', '{"a":1}']

    assert messages(decode("bulk", "\n".join(lines))) == lines


def test_many_lines_are_looked_at_in_pieces_and_bad_ones_found_in_each() -> None:
    lines = [f'{{"n":{n},"pad":"{"x" * 300}"}}' for n in range(20_000)]
    for bad in (7, 9_999, 19_999):
        lines[bad] = lines[bad][:-1] + ",}"

    found = decode("bulk", "\n".join(lines))

    assert [r.line for r in found.rejected] == [8, 10_000, 20_000]
    assert found.events == 19_997


def test_hec_takes_one_event_an_array_and_one_after_the_other() -> None:
    assert messages(decode("hec", '{"event":"a"}')) == ["a"]
    assert messages(decode("hec", '[{"event":"a"}, {"event":{"b": 1.0}}]')) == ["a", '{"b": 1.0}']
    assert messages(decode("hec", '{"event":"a"}\n{"event":5} [{"event":[1, 2]}]')) == [
        "a",
        "5",
        "[1, 2]",
    ]


def test_hec_time_is_in_seconds_as_a_number_or_a_text() -> None:
    found = decode(
        "hec",
        '{"time":1767607200.2509,"event":"a"}{"time":"1767607200","event":"b"}'
        '{"time":1767607200250,"event":"c"}{"event":"d"}{"time":null,"event":"e"}',
    )

    assert times(found) == [1767607200251, 1767607200000, 1767607200250, None, None]


@pytest.mark.parametrize("time", ['"soon"', "[]", "true", "-5", "1e300", '"nan"'])
def test_an_hec_event_with_no_time_at_all_is_told(time: str) -> None:
    found = decode("hec", f'{{"event":"a"}}{{"time":{time},"event":"b"}}')

    assert messages(found) == ["a"]
    assert [r.line for r in found.rejected] == [2]


def test_hec_objects_without_an_event_are_passed_over_and_empty_events_told() -> None:
    found = decode("hec", '{"fields":{}}{"event":null}{"event":""}{"event":"a"}')

    assert (found.items, found.skipped, found.events) == (4, 2, 1)
    assert [(r.line, r.reason) for r in found.rejected] == [(3, "the event is empty")]


def test_what_stands_beside_an_hec_event_becomes_its_labels_and_place() -> None:
    found = decode(
        "hec",
        '{"event":"a","host":"web:1","source":"/var/log/x","sourcetype":"nginx","index":"my idx",'
        '"fields":{"env":"prod","n":5,"deep":{"a": 1},"none":null,"half":"\\ud800"}}',
    )

    (delivery,) = found.deliveries
    assert delivery.group == "my_idx"
    assert asking.streams(delivery) == ["/var/log/x"]
    assert labels(found) == [
        {
            "host": "web:1",
            "source": "/var/log/x",
            "sourcetype": "nginx",
            "index": "my idx",
            "env": "prod",
            "n": "5",
            "deep": '{"a": 1}',
            "half": "\ufffd",
        }
    ]


def test_hec_raw_takes_lines_as_they_are() -> None:
    found = decode("hec-raw", b"one\r\n\n two \xff\n", source="web-1")

    assert messages(found) == ["one", " two \ufffd"]
    (delivery,) = found.deliveries
    assert (delivery.group, delivery.incoming.streams) == ("hec", "web-1")


def test_bulk_items_are_told_apart_by_action_and_index() -> None:
    found = decode(
        "elastic",
        '{"index":{"_index":"logs-2026.01.05","_id":"1"}}\n{"a":1}\n'
        '{"delete":{"_index":"x","_id":"2"}}\n'
        '{"create":{}}\n{"b":\n'
        '{"update":{"_id":"3"}}\n{"doc":{}}\n'
        '{"create":{"_index":"logs-2026.01.06"}}\n{"c":3}\n',
        index="web",
    )

    assert isinstance(found, elastic.Bulk)
    assert {one.group: one.items.to_pylist() for one in found.deliveries} == {"logs": [0, 4]}
    assert [(r.line, r.reason) for r in found.rejected] == [
        (2, "delete is not taken"),
        (3, "not a JSON object"),
        (4, "update is not taken"),
    ]
    assert found.actions is not None
    assert [(a.name, a.index) for a in (found.kinds[n] for n in found.actions.to_pylist())] == [
        ("index", "logs-2026.01.05"),
        ("delete", "x"),
        ("create", "web"),
        ("update", "web"),
        ("create", "logs-2026.01.06"),
    ]


def test_bulk_requests_whose_actions_and_documents_take_turns_are_read_the_same_way() -> None:
    odd = '{"create":{"_index":"a"}}\n{"n":1}\n{"index":{"_index":"b"}}\n{"n":2}\n'

    quick = decode("elastic", odd)
    slow = decode("elastic", odd.replace("\n", "\n\n", 2).replace("\n\n", "\n", 1))

    for found in (quick, slow):
        assert {one.group: one.incoming.messages.to_pylist() for one in found.deliveries} == {
            "a": ['{"n":1}'],
            "b": ['{"n":2}'],
        }


@pytest.mark.parametrize(
    ("index", "group"),
    [
        ("filebeat-8.15.0-2026.11.23", "filebeat-8.15.0"),
        ("filebeat-8.15.0-2026.11.23-000001", "filebeat-8.15.0"),
        ("logstash_2026-11-23", "logstash"),
        ("logs-generic-default", "logs-generic-default"),
        ("logs-000007", "logs"),
        ("2026.11.23", "2026.11.23"),
        ("<weird>", "_weird_"),
    ],
)
def test_an_index_for_every_day_is_one_log_group(index: str, group: str) -> None:
    found = decode("elastic", '{"create":{}}\n{"a":1}\n', index=index)

    assert [one.group for one in found.deliveries] == [group]


@pytest.mark.parametrize(
    "body", ['{"create":{}}\n', '{"a":1}\n{"a":1}\n', '{"create":5}\n{}\n', "x\n{}\n"]
)
def test_a_bulk_request_with_a_bad_action_is_refused_as_a_whole(body: str) -> None:
    with pytest.raises(InvalidValue):
        decode("elastic", body)
