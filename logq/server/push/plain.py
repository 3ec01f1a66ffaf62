"""JSON and JSON lines: counts on success, problem documents (RFC 9457) on failure."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from logq.server.push.door import Door, Fault, Outcome


def _succeed(request: Request, outcome: Outcome) -> Response:
    return Response(orjson.dumps(outcome.told()), media_type="application/json")


def _fail(request: Request, fault: Fault) -> Response:
    problem = {
        "type": "about:blank",
        "title": fault.code,
        "status": fault.status,
        "detail": fault.message,
        "code": fault.code,
        "hint": fault.hint,
    }
    return Response(
        orjson.dumps({name: value for name, value in problem.items() if value is not None}),
        fault.status,
        fault.headers,
        "application/problem+json",
    )


DOORS = (Door("json", _succeed, _fail), Door("bulk", _succeed, _fail))
