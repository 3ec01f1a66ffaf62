"""OpenTelemetry's logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from logq.errors import InvalidValue
from logq.ingest.any_values import (
    BadValue,
    attributes_in,
    attributes_of,
    from_json,
    from_message,
    integer,
    pick,
)
from logq.ingest.gathering import Gathering
from logq.ingest.intake import JSON, PROTOBUF, Decoded, Example, Intake, Sent, register

_MS = 1_000_000  # nanoseconds
_STREAMS = ("host.name", "k8s.pod.name", "container.name", "service.instance.id")

Record = Callable[[], dict[str, Any]]
"""Reads one record: the members of its event; raises BadValue."""
Resource = tuple[dict[str, Any], Iterator[tuple[dict[str, Any], Iterator[Record]]]]


@register
class Otlp(Intake):
    """OTLP/HTTP logs in protobuf or JSON. The message is one JSON object per log record, in the
    shape CloudWatch gives it: ``body``, ``attributes``, ``severityText``, ``traceId`` and the
    ``resource`` and ``scope`` it came from. Its time is the record's own, else that of its
    observation, else of its arrival."""

    name = "otlp"
    title = "OTLP"
    paths = ("/v1/logs",)
    senders = "OpenTelemetry SDKs and Collector, Grafana Alloy, Vector opentelemetry"
    group = "the resource's service.name, else otlp"
    stream = "the resource's host.name, k8s.pod.name, container.name or service.instance.id"
    examples = (
        Example(
            "/v1/logs",
            '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name",'
            '"value":{"stringValue":"checkout"}}]},"scopeLogs":[{"logRecords":[{'
            '"timeUnixNano":"1767607200250000000","severityText":"INFO",'
            '"body":{"stringValue":"paid"}}]}]}]}',
            events={"checkout": 1},
        ),
    )

    def decode(self, sent: Sent) -> Decoded:
        if sent.media_type == PROTOBUF:
            resources = _protobuf(sent.body)
        elif sent.media_type == JSON:
            resources = _json(sent.body)
        else:
            raise InvalidValue(
                f"OTLP does not come as {sent.media_type or 'a body without Content-Type'}",
                hint=f"Content-Type is {PROTOBUF} or {JSON}",
            )
        gathering = Gathering(None, sent.max_bytes)
        try:
            for resource, scopes in resources:
                _gather(gathering, sent, resource, scopes)
        except BadValue as error:
            raise InvalidValue(f"the body is not OTLP: {error}") from None
        return gathering.decoded()


def _gather(
    gathering: Gathering,
    sent: Sent,
    resource: dict[str, Any],
    scopes: Iterator[tuple[dict[str, Any], Iterator[Record]]],
) -> None:
    named = resource.get("attributes", {})
    group = sent.group_or(_word(named.get("service.name")), "otlp")
    stream = sent.stream_or(*(_word(named.get(name)) for name in _STREAMS), sent.sender)
    for scope, records in scopes:
        around = {
            name: orjson.Fragment(orjson.dumps(value))
            for name, value in (("resource", resource), ("scope", scope))
            if value
        }
        for record in records:
            try:
                found = record()
                message = orjson.dumps({**around, **found}).decode()
            except (BadValue, orjson.JSONEncodeError) as error:
                gathering.reject(str(error))
                continue
            nanos = found.get("timeUnixNano") or found.get("observedTimeUnixNano")
            gathering.add(group, stream, message, nanos // _MS if nanos else None)


def _word(value: Any) -> str | None:
    return None if value is None else str(value)


def _some(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without what the protocol's default values stand for."""
    return {name: value for name, value in members.items() if value not in (None, "", 0, {})}


def _protobuf(body: bytes) -> Iterator[Resource]:
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    try:
        request = ExportLogsServiceRequest.FromString(body)
    except DecodeError:
        raise InvalidValue(
            "the body is not an OTLP message", hint="nothing of it was stored"
        ) from None

    def scopes(holder: Any) -> Iterator[tuple[dict[str, Any], Iterator[Record]]]:
        for logs in holder.scope_logs:
            scope = logs.scope
            told = {
                "name": scope.name,
                "version": scope.version,
                "attributes": attributes_of(scope.attributes),
            }
            yield _some(told), (_reader(record) for record in logs.log_records)

    for holder in request.resource_logs:
        attributes = attributes_of(holder.resource.attributes)
        yield _some({"attributes": attributes}), scopes(holder)


def _reader(record: Any) -> Record:
    def read() -> dict[str, Any]:
        body = from_message(record.body)
        found = _some(
            {
                "timeUnixNano": record.time_unix_nano,
                "observedTimeUnixNano": record.observed_time_unix_nano,
                "severityNumber": record.severity_number,
                "severityText": record.severity_text,
            }
        )
        if body is not None:
            found["body"] = body
        return found | _some(
            {
                "attributes": attributes_of(record.attributes),
                "droppedAttributesCount": record.dropped_attributes_count,
                "flags": record.flags,
                "traceId": record.trace_id.hex(),
                "spanId": record.span_id.hex(),
                "eventName": record.event_name,
            }
        )

    return read


def _json(body: bytes) -> Iterator[Resource]:
    try:
        request = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise InvalidValue(
            f"the body is not JSON: {error}", hint="nothing of it was stored"
        ) from None

    def scopes(holder: Any) -> Iterator[tuple[dict[str, Any], Iterator[Record]]]:
        for logs in _list(holder, "scopeLogs"):
            scope = pick(logs, "scope") or {}
            told = {
                "name": pick(scope, "name"),
                "version": pick(scope, "version"),
                "attributes": attributes_in(pick(scope, "attributes")),
            }
            yield _some(told), (_json_reader(record) for record in _list(logs, "logRecords"))

    for holder in _list(request, "resourceLogs"):
        attributes = attributes_in(pick(pick(holder, "resource") or {}, "attributes"))
        yield _some({"attributes": attributes}), scopes(holder)


def _list(holder: Any, name: str) -> list[Any]:
    found = pick(holder, name)
    if found is not None and not isinstance(found, list):
        raise BadValue(f"{name} is not a list")
    return found or []


def _json_reader(record: Any) -> Record:
    def read() -> dict[str, Any]:
        found = _some({name: read(pick(record, name)) for name, read in _BEFORE.items()})
        body = from_json(pick(record, "body"))
        if body is not None:
            found["body"] = body
        return found | _some({name: read(pick(record, name)) for name, read in _AFTER.items()})

    return read


def _count(value: Any) -> int:
    return 0 if value is None else integer(value)


def _time(value: Any) -> int:
    nanos = _count(value)
    if not 0 <= nanos < 1 << 64:
        raise BadValue("a time is not in nanoseconds since 1970")
    return nanos


def _said(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadValue("something that should be text is not")
    return value


def _severity(value: Any) -> int:
    if isinstance(value, str) and not value.isdecimal():
        from opentelemetry.proto.logs.v1.logs_pb2 import SeverityNumber

        try:
            return int(SeverityNumber.Value(value))
        except ValueError:
            raise BadValue(f"{value[:40]!r} is no severity") from None
    return _count(value)


_BEFORE: Mapping[str, Callable[[Any], Any]] = {
    "timeUnixNano": _time,
    "observedTimeUnixNano": _time,
    "severityNumber": _severity,
    "severityText": _said,
}
_AFTER: Mapping[str, Callable[[Any], Any]] = {
    "attributes": attributes_in,
    "droppedAttributesCount": _count,
    "flags": _count,
    "traceId": _said,
    "spanId": _said,
    "eventName": _said,
}
