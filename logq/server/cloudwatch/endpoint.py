"""From a request to an operation and back to an answer."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from logq.errors import LogQError
from logq.server.cloudwatch import faults, shapes, validation
from logq.server.cloudwatch.body import raw_body, unpack
from logq.server.cloudwatch.eventstream import MEDIA_TYPE
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import EventStream, Operation, operations
from logq.server.cloudwatch.protocol import Call, Reply, WireProtocol, protocols
from logq.server.cloudwatch.protocols.json import Json, read_object
from logq.server.cloudwatch.services import Target, signing_name
from logq.server.service import Service

_LOG = logging.getLogger(__name__)
_SCOPE = re.compile(r"AWS4-HMAC-SHA256 +Credential=[^/,]+/[^/,]+/[^/,]+/([^/,]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Asked:
    """A call whose protocol and operation are known."""

    protocol: WireProtocol
    target: Target
    call: Call


def endpoint(service: Service) -> Callable[[Request], Any]:
    """The handler of every request of the wire protocol."""

    async def answer(request: Request) -> Response:
        id = str(uuid.uuid4())
        try:
            body = await raw_body(request)
        except WireError as error:
            return _response(Json().fail(error, None, None, id), id)
        return await run_in_threadpool(_answer, service, request, body, id)

    return answer


def _answer(service: Service, request: Request, body: bytes, id: str) -> Response:
    asked = Asked(Json(), Target(None, ""), Call("", "", {}, b""))
    try:
        asked = _ask(request, body)
        operation = _operation(asked)
        return _carry_out(service, request, asked, operation, id)
    except Exception as error:
        noun = "resource"
        target = asked.target
        name = target.service.service_name if target.service else "logs"
        known = operations().get((name, target.name))
        if isinstance(error, LogQError):
            shown = faults.translate(error, name, known.noun if known else noun)
        elif isinstance(error, WireError):
            shown = error
        else:
            _LOG.exception("%s of %s failed (request %s)", target.name, name, id)
            shown = WireError("InternalFailure", f"LogQ failed; its log has request {id}")
        return _response(asked.protocol.fail(shown, target.service, target.operation, id), id)


def _ask(request: Request, body: bytes) -> Asked:
    headers = {name.lower(): value for name, value in request.headers.items()}
    raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
    unpacked = unpack(body, headers.get("content-encoding", "").strip().lower())
    call = Call(raw_path.decode("latin-1"), request.url.query, headers, unpacked)
    for protocol in protocols():
        target = protocol.target(call)
        if target is not None:
            return Asked(protocol, target, call)
    raise WireError(
        "UnknownOperationException",
        "The request names no operation: say it in X-Amz-Target, in Action or in the path.",
    )


def _operation(asked: Asked) -> Operation:
    """The operation that is asked for; raises WireError."""
    service, name = asked.target.service, asked.target.name
    if service is None or asked.target.operation is None:
        what = f"{service.service_name} has no operation" if service else "there is no operation"
        raise WireError("UnknownOperationException", f"{what[:1].upper()}{what[1:]} {name!r}.")
    scope = _SCOPE.match(asked.call.headers.get("authorization", ""))
    if scope and scope[1] != signing_name(service):
        raise WireError(
            "InvalidSignatureException",
            f"Credential should be scoped to correct service: '{signing_name(service)}'. ",
        )
    operation = operations().get((service.service_name, name))
    if operation is None:
        raise WireError(
            "UnknownOperationException",
            f"LogQ does not carry out {service.service_name} {name}; AWS does.",
        )
    return operation


def _carry_out(
    service: Service, request: Request, asked: Asked, operation: Operation, id: str
) -> Response:
    model = asked.target.operation
    assert model is not None
    context = service.context(request)
    if operation.raw_input:
        params = read_object(asked.call.body)
    else:
        params = asked.protocol.read(model, asked.call)
        validation.check(model, params)
    result = operation.run(context, params)
    if isinstance(result, EventStream):
        return _stream(result, id)
    if operation.raw_output:
        return _response(Reply(200, "application/x-amz-json-1.1", orjson.dumps(result)), id)
    return _response(asked.protocol.write(model, shapes.present(result or {}), id), id)


def _response(reply: Reply, id: str) -> Response:
    response = Response(reply.body, reply.status)
    response.raw_headers = [
        (b"x-amzn-RequestId", id.encode()),
        (b"Access-Control-Expose-Headers", b"x-amzn-RequestId"),
        (b"Content-Type", reply.content_type.encode()),
        (b"Content-Length", str(len(reply.body)).encode()),
        *((name.encode(), value.encode()) for name, value in reply.headers.items()),
    ]
    return response


def _stream(stream: EventStream, id: str) -> Response:
    response = StreamingResponse(stream.messages, media_type=MEDIA_TYPE)
    response.headers["x-amzn-RequestId"] = id
    return response
