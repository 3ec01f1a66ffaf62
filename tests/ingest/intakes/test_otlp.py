"""OpenTelemetry's logs, as its own library writes them and as JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber

from logq.errors import InvalidValue
from logq.ingest.intake import JSON, PROTOBUF, Decoded, Sent, intakes
from tests.ingest.intakes.asking import streams

NANOS = 1_767_607_200_250_000_001


def text(value: str) -> AnyValue:
    return AnyValue(string_value=value)


def request(*records: LogRecord) -> ExportLogsServiceRequest:
    made = ExportLogsServiceRequest()
    logs = made.resource_logs.add()
    logs.resource.attributes.append(KeyValue(key="service.name", value=text("checkout")))
    logs.resource.attributes.append(KeyValue(key="host.name", value=text("web-1")))
    scope = logs.scope_logs.add()
    scope.scope.name = "shop.pay"
    scope.scope.version = "1.2"
    scope.log_records.extend(records)
    return made


def as_json(made: ExportLogsServiceRequest) -> bytes:
    """As OTLP writes JSON: ids in hexadecimal, not base64."""
    told = MessageToDict(made)
    for logs in told["resourceLogs"]:
        for scope in logs["scopeLogs"]:
            for record, message in zip(
                scope["logRecords"], made.resource_logs[0].scope_logs[0].log_records, strict=True
            ):
                record["traceId"] = message.trace_id.hex()
                record["spanId"] = message.span_id.hex()
    return orjson.dumps(told)


def decode(body: bytes, media_type: str) -> Decoded:
    return intakes()["otlp"].decode(Sent(body, media_type, sender="192.0.2.1"))


def events(found: Decoded) -> list[Any]:
    return [
        orjson.loads(message)
        for one in found.deliveries
        for message in one.incoming.messages.to_pylist()
    ]


def whole_record() -> LogRecord:
    record = LogRecord(
        time_unix_nano=NANOS,
        observed_time_unix_nano=NANOS + 5,
        severity_number=SeverityNumber.SEVERITY_NUMBER_WARN,
        severity_text="WARN",
        flags=1,
        trace_id=bytes(range(16)),
        span_id=bytes(range(8)),
        dropped_attributes_count=2,
        event_name="paid",
    )
    items = record.body.kvlist_value.values
    items.append(KeyValue(key="text", value=text("é")))
    items.append(KeyValue(key="int", value=AnyValue(int_value=-(1 << 63))))
    items.append(KeyValue(key="double", value=AnyValue(double_value=0.5)))
    items.append(KeyValue(key="no number", value=AnyValue(double_value=float("nan"))))
    items.append(KeyValue(key="bool", value=AnyValue(bool_value=False)))
    items.append(KeyValue(key="bytes", value=AnyValue(bytes_value=b"\x00\xff")))
    items.append(KeyValue(key="nothing", value=AnyValue()))
    listed = AnyValue()
    listed.array_value.values.extend([text("a"), AnyValue(int_value=1)])
    items.append(KeyValue(key="list", value=listed))
    record.attributes.append(KeyValue(key="http.status", value=AnyValue(int_value=502)))
    return record


@pytest.mark.parametrize("media_type", [PROTOBUF, JSON])
def test_a_record_becomes_one_object_with_every_kind_of_value(media_type: str) -> None:
    made = request(whole_record())
    body = made.SerializeToString() if media_type == PROTOBUF else as_json(made)

    found = decode(body, media_type)

    (delivery,) = found.deliveries
    assert delivery.group == "checkout"
    assert streams(delivery) == ["web-1"]
    assert delivery.incoming.timestamps.cast("int64").to_pylist() == [1_767_607_200_250]
    (event,) = events(found)
    assert event == {
        "resource": {"attributes": {"service.name": "checkout", "host.name": "web-1"}},
        "scope": {"name": "shop.pay", "version": "1.2"},
        "timeUnixNano": NANOS,
        "observedTimeUnixNano": NANOS + 5,
        "severityNumber": 13,
        "severityText": "WARN",
        "body": {
            "text": "é",
            "int": -(1 << 63),
            "double": 0.5,
            "no number": "nan",
            "bool": False,
            "bytes": "AP8=",
            "nothing": None,
            "list": ["a", 1],
        },
        "attributes": {"http.status": 502},
        "droppedAttributesCount": 2,
        "flags": 1,
        "traceId": "000102030405060708090a0b0c0d0e0f",
        "spanId": "0001020304050607",
        "eventName": "paid",
    }


@pytest.mark.parametrize("media_type", [PROTOBUF, JSON])
def test_a_record_without_a_time_has_that_of_its_observation_or_none(media_type: str) -> None:
    made = request(LogRecord(observed_time_unix_nano=NANOS, body=text("a")), LogRecord())

    found = decode(
        made.SerializeToString() if media_type == PROTOBUF else as_json(made), media_type
    )

    (delivery,) = found.deliveries
    assert delivery.incoming.timestamps.cast("int64").to_pylist() == [1_767_607_200_250, None]


def record_in_json(**members: Any) -> bytes:
    record = {"body": {"stringValue": "a"}, **members}
    return json.dumps(
        {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": None}, record]}]}]}
    ).encode()


@pytest.mark.parametrize(
    "members",
    [
        {"timeUnixNano": "soon"},
        {"timeUnixNano": -1},
        {"timeUnixNano": "99999999999999999999999"},
        {"severityNumber": "SEVERITY_NUMBER_LOUD"},
        {"severityText": 5},
        {"attributes": {"a": 1}},
        {"attributes": [{"key": "a", "value": {"intValue": "99999999999999999999"}}]},
        {"body": {"boolValue": "yes"}},
        {"body": {"arrayValue": {"values": 5}}},
        {"body": "text"},
    ],
)
def test_a_record_that_cannot_be_read_is_told_and_the_others_kept(members: dict[str, Any]) -> None:
    found = decode(record_in_json(**members), JSON)

    assert (found.events, [r.line for r in found.rejected]) == (1, [2])


def test_json_may_be_written_as_the_protocol_files_write_names() -> None:
    body = orjson.dumps(
        {
            "resource_logs": [
                {
                    "scope_logs": [
                        {
                            "log_records": [
                                {
                                    "time_unix_nano": NANOS,
                                    "severity_number": "SEVERITY_NUMBER_ERROR2",
                                    "body": {"int_value": "7"},
                                }
                            ]
                        }
                    ]
                }
            ]
        }
    )

    assert events(decode(body, JSON)) == [{"timeUnixNano": NANOS, "severityNumber": 18, "body": 7}]


def test_values_nested_without_end_are_refused() -> None:
    nested: dict[str, Any] = {"stringValue": "a"}
    for _ in range(90):
        nested = {"arrayValue": {"values": [nested]}}

    found = decode(record_in_json(body=nested), JSON)

    assert [r.reason for r in found.rejected] == ["values are nested too deep"]


def test_a_body_that_is_no_message_or_of_another_kind_is_refused() -> None:
    whole = request(whole_record()).SerializeToString()

    for body, media_type in (
        (whole[:-3], PROTOBUF),
        (b"\xff" * 40, PROTOBUF),
        (b"[]", JSON),
        (b"{", JSON),
        (whole, "text/plain"),
    ):
        with pytest.raises(InvalidValue):
            decode(body, media_type)
    assert decode(b"", PROTOBUF).items == 0
