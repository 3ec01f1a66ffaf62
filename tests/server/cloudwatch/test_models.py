"""Every operation of every service, both ways, against botocore's own writing and reading."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.protocol import Call, Reply, WireProtocol, protocols
from logq.server.cloudwatch.services import SERVICES, service

SPOKEN = [(name, protocol) for name in SERVICES for protocol in service(name).metadata["protocols"]]
MOMENT = datetime(2026, 1, 5, 10, 0, 0, 125000, UTC)
HOSTILE = 'a<b>&"ü\u2028 %2B+&='


def sample(shape: Shape, depth: int = 0) -> Any:
    """A value of a shape with every member, down to where shapes contain themselves."""
    if isinstance(shape, StructureShape):
        if getattr(shape, "is_document_type", False):
            return {"any": ["thing"]}
        if getattr(shape, "is_tagged_union", False):
            name, member = next(iter(shape.members.items()))
            return {name: sample(member, depth + 1)}
        plain = ("structure", "list", "map") if depth > 8 else ()
        return {
            name: sample(member, depth + 1)
            for name, member in shape.members.items()
            if not member.serialization.get("eventstream") and member.type_name not in plain
        }
    if isinstance(shape, ListShape):
        return [sample(shape.member, depth + 1) for _ in range(12 if depth < 2 else 2)]
    if isinstance(shape, MapShape):
        return {HOSTILE: sample(shape.value, depth + 1), "k": sample(shape.value, depth + 1)}
    return {
        "string": HOSTILE,
        "integer": -7,
        "long": 1_767_607_200_000,
        "double": 0.1,
        "float": 0.5,
        "boolean": False,
        "timestamp": MOMENT,
        "blob": b"\x00\xff",
    }[shape.type_name]


def protocol_of(call: Call) -> WireProtocol:
    return next(each for each in protocols() if each.speaks(call))


def asked(operation: OperationModel, protocol: str, params: dict[str, Any]) -> Call:
    """A call as botocore writes it."""
    made = create_serializer(protocol, False).serialize_to_request(params, operation)
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body).encode()
    headers = {name.lower(): value for name, value in made["headers"].items()}
    return Call(made["url_path"], "", headers, bytes(body))


@pytest.mark.parametrize(("name", "protocol"), SPOKEN)
def test_parameters_are_read_as_botocore_writes_them(name: str, protocol: str) -> None:
    model = service(name)
    for operation_name in model.operation_names:
        operation = model.operation_model(operation_name)
        params = sample(operation.input_shape) if operation.input_shape else {}
        call = asked(operation, protocol, params)
        speaker = protocol_of(call)

        target = speaker.target(call)

        assert target.service is not None
        assert (target.service.service_name, target.name) == (name, operation_name)
        assert speaker.read(operation, call) == params, operation_name


@pytest.mark.parametrize(("name", "protocol"), SPOKEN)
def test_answers_are_written_as_botocore_reads_them(name: str, protocol: str) -> None:
    model = service(name)
    for operation_name in model.operation_names:
        operation = model.operation_model(operation_name)
        if operation.has_event_stream_output:
            continue  # see test_eventstream
        result = sample(operation.output_shape) if operation.output_shape else {}
        speaker = protocol_of(asked(operation, protocol, {}))

        reply: Reply = speaker.write(operation, result, "some-id")

        headers = {"x-amzn-requestid": "some-id", **reply.headers}
        response = {"body": reply.body, "headers": headers, "status_code": reply.status}
        parsed = create_parser(protocol).parse(response, operation.output_shape)
        metadata = parsed.pop("ResponseMetadata")
        assert protocol.endswith("cbor") or metadata["RequestId"] == "some-id"
        assert parsed == result, operation_name


@pytest.mark.parametrize(("name", "protocol"), SPOKEN)
def test_errors_are_written_as_botocore_reads_them(name: str, protocol: str) -> None:
    model = service(name)
    for operation_name in model.operation_names:
        operation = model.operation_model(operation_name)
        speaker = protocol_of(asked(operation, protocol, {}))
        for shape in operation.error_shapes:
            reply = speaker.fail(WireError(shape.name, HOSTILE), model, operation, "some-id")

            response = {
                "body": reply.body,
                "headers": {"x-amzn-requestid": "some-id", **reply.headers},
                "status_code": reply.status,
            }
            parsed = create_parser(protocol).parse(response, operation.output_shape)
            assert parsed["Error"]["Message"] == HOSTILE
            assert parsed["Error"]["Code"] == shape.error_code, (operation_name, shape.name)
            assert parsed["ResponseMetadata"]["HTTPStatusCode"] >= 400
