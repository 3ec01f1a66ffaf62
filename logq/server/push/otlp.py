"""OTLP: its response with a partial success, or a status, in the request's own encoding."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from logq.ingest.intake import JSON, PROTOBUF
from logq.server.push.door import Door, Fault, Outcome

_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 413: 8, 429: 8, 503: 14}
"""The codes of google.rpc that stand for a status."""
_INTERNAL = 13


def _succeed(request: Request, outcome: Outcome) -> Response:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

    message = "; ".join(f"record {r.line}: {r.reason}" for r in outcome.reasons()[:5])
    if _is_json(request):
        partial = {"rejectedLogRecords": str(outcome.rejected), "errorMessage": message}
        told = {"partialSuccess": partial} if outcome.rejected else {}
        return Response(orjson.dumps(told), media_type=JSON)
    response = ExportLogsServiceResponse()
    if outcome.rejected:
        response.partial_success.rejected_log_records = outcome.rejected
        response.partial_success.error_message = message
    return Response(response.SerializeToString(), media_type=PROTOBUF)


def _fail(request: Request, fault: Fault) -> Response:
    code = _CODES.get(fault.status, _INTERNAL)
    if _is_json(request):
        content = orjson.dumps({"code": code, "message": fault.message})
        return Response(content, fault.status, fault.headers, JSON)
    return Response(_status(code, fault.message), fault.status, fault.headers, PROTOBUF)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith(JSON)


def _status(code: int, message: str) -> bytes:
    """A ``google.rpc.Status`` message: an int32 code as field 1, a string as field 2."""
    text = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


DOORS = (Door("otlp", _succeed, _fail),)
