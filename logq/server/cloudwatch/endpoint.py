"""From a request to an operation and back to an answer."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import anyio.to_thread
import orjson
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from logq.errors import LogQError
from logq.server.body import raw_body, unpack
from logq.server.cloudwatch import faults, shapes, validation
from logq.server.cloudwatch.eventstream import MEDIA_TYPE
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import EventStream, Operation, operations
from logq.server.cloudwatch.protocol import Call, Reply, WireProtocol, protocols
from logq.server.cloudwatch.protocols.json import Json, read_object
from logq.server.cloudwatch.services import Target, signing_name
from logq.server.gate import brings_events
from logq.server.service import Service, request_id

_LOG = logging.getLogger(__name__)
_SCOPE = re.compile(r"AWS4-HMAC-SHA256 +Credential=[^/,]+/[^/,]+/[^/,]+/([^/,]+)/aws4_request")


@dataclass
class Exchange:
    """One request; what is known of it grows, so that an error is said in the right words."""

    request: Request
    id: str
    body: bytes | LogQError = b""
    """As it came, or why it could not be read."""
    protocol: WireProtocol = field(default_factory=Json)
    target: Target = field(default_factory=lambda: Target(None, ""))


def endpoint(service: Service) -> Callable[[Request], Any]:
    """The handler of every request of the wire protocol."""

    # More at once would only keep each other, and those who ask, from their turn.
    arrivals = anyio.CapacityLimiter(2 * (os.cpu_count() or 1))

    async def answer(request: Request) -> Response:
        exchange = Exchange(request, request_id(request))
        try:
            exchange.body = await raw_body(request, service.logq.settings.request_bytes)
        except LogQError as error:
            exchange.body = error
        limiter = arrivals if brings_events(request.scope, request.headers) else None
        return await anyio.to_thread.run_sync(_answer, service, exchange, limiter=limiter)

    return answer


def _answer(service: Service, exchange: Exchange) -> Response:
    try:
        return _carry_out(service, exchange)
    except WireError as error:
        return _fail(exchange, error)
    except LogQError as error:
        name = exchange.target.service.service_name if exchange.target.service else ""
        operation = operations().get((name, exchange.target.name))
        noun = operation.noun if operation else "resource"
        return _fail(exchange, faults.translate(error, name or "logs", noun))
    except Exception:
        _LOG.exception("request %s for %s failed", exchange.id, exchange.target.name)
        text = f"LogQ failed; its log has request {exchange.id}"
        return _fail(exchange, WireError("InternalFailure", text))


def _carry_out(service: Service, exchange: Exchange) -> Response:
    """Who asks is known before the body is looked into."""
    call = _head(exchange.request)
    speaker = next((each for each in protocols() if each.speaks(call)), exchange.protocol)
    exchange.protocol = speaker
    exchange.target = speaker.target(call)
    if isinstance(exchange.body, LogQError):
        raise exchange.body
    context = service.context(exchange.request, exchange.body)
    encoding, limit = call.headers.get("content-encoding", ""), service.logq.settings.request_bytes
    call = replace(call, body=unpack(exchange.body, encoding, limit))
    exchange.target = speaker.target(call)
    operation = _operation(exchange.target, call)
    model = exchange.target.operation
    assert model is not None
    if operation.raw_input:
        params = read_object(call.body)
    else:
        params = speaker.read(model, call)
        validation.check(model, params)
    result = operation.run(context, params)
    if isinstance(result, EventStream):
        return _stream(result, exchange.id)
    if operation.raw_output:
        reply = Reply(200, "application/x-amz-json-1.1", orjson.dumps(result))
    else:
        reply = speaker.write(model, shapes.present(result or {}), exchange.id)
    return _response(reply, exchange.id)


def _head(request: Request) -> Call:
    """A request without its body."""
    raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(raw_path.decode("latin-1"), request.url.query, headers, b"")


def _operation(target: Target, call: Call) -> Operation:
    """The operation that is asked for; raises WireError."""
    service, name = target.service, target.name
    if not name:
        raise WireError(
            "UnknownOperationException",
            "The request names no operation: say it in X-Amz-Target, in Action or in the path.",
        )
    if service is None or target.operation is None:
        what = f"{service.service_name} has no" if service else "There is no service with an"
        raise WireError("UnknownOperationException", f"{what} operation {name!r}.")
    scope = _SCOPE.match(call.headers.get("authorization", ""))
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


def _fail(exchange: Exchange, error: WireError) -> Response:
    target = exchange.target
    reply = exchange.protocol.fail(error, target.service, target.operation, exchange.id)
    return _response(reply, exchange.id)


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


async def _paced(stream: EventStream) -> AsyncIterator[bytes]:
    """The messages with their pauses, closed when nobody reads them any more."""
    try:
        async for message in iterate_in_threadpool(stream.messages):
            yield message
            await anyio.sleep(stream.pause)
    finally:
        if isinstance(stream.messages, Generator):
            stream.messages.close()


def _stream(stream: EventStream, id: str) -> Response:
    response = StreamingResponse(_paced(stream), media_type=MEDIA_TYPE)
    response.headers["x-amzn-RequestId"] = id
    return response
