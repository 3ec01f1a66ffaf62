"""AWS JSON 1.0 and 1.1: the operation in a header, objects in the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from botocore.model import OperationModel, ServiceModel
from botocore.serialize import create_serializer

from logq.server.cloudwatch import shapes
from logq.server.cloudwatch.fault import WireError, form
from logq.server.cloudwatch.protocol import Call, Reply, Reversed, protocol
from logq.server.cloudwatch.services import Target, by_prefix

_SERIALIZER = create_serializer("json", False)


@dataclass(frozen=True, slots=True)
class Json:
    """See the module."""

    def speaks(self, call: Call) -> bool:
        return "x-amz-target" in call.headers

    def target(self, call: Call) -> Target:
        prefix, _, name = call.headers.get("x-amz-target", "").rpartition(".")
        return Target(by_prefix().get(prefix), name)

    def read(self, operation: OperationModel, call: Call) -> dict[str, Any]:
        given = read_object(call.body)
        shape = operation.input_shape
        read: dict[str, Any] = shapes.read(shape, given) if shape else {}
        return read

    def write(self, operation: OperationModel, result: Mapping[str, Any], id: str) -> Reply:
        body = b"{}"
        if operation.output_shape is not None:
            request = _SERIALIZER.serialize_to_request(result, Reversed(operation))
            body = request["body"]
        return Reply(200, _content_type(operation.service_model), body)

    def fail(
        self,
        error: WireError,
        service: ServiceModel | None,
        operation: OperationModel | None,
        id: str,
    ) -> Reply:
        shown = form(error, service, operation)
        body = {"__type": type_name(service, shown.shape), "message": error.message}
        return Reply(
            shown.status,
            _content_type(service),
            orjson.dumps(body | shapes.present(error.members)),
            error_headers(error, service, operation),
        )


def read_object(body: bytes) -> dict[str, Any]:
    """The object in a request body; an empty body is an empty object. Raises WireError."""
    try:
        given = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise WireError("SerializationException", f"the body is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise WireError("SerializationException", "the body is not a JSON object")
    return given


def type_name(service: ServiceModel | None, shape: str) -> str:
    """An error's name in ``__type``: bare for most services, as clients compare it so."""
    if service is None or "awsQueryCompatible" not in service.metadata:
        return shape
    version = service.api_version.replace("-", "_")
    return f"com.amazonaws.{service.service_name}.v{version}#{shape}"


def error_headers(
    error: WireError, service: ServiceModel | None, operation: OperationModel | None
) -> dict[str, str]:
    """The old code of an error of a service that spoke the query protocol once."""
    if service is None or "awsQueryCompatible" not in service.metadata:
        return {}
    shown = form(error, service, operation)
    return {"x-amzn-query-error": f"{shown.code};{'Sender' if shown.sender else 'Receiver'}"}


def _content_type(service: ServiceModel | None) -> str:
    version = service.metadata.get("jsonVersion", "1.1") if service else "1.1"
    return f"application/x-amz-json-{version}"


protocol(2, Json())
