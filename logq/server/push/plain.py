"""JSON and JSON lines: counts on success, problem documents (RFC 9457) on failure."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from logq.server import problems
from logq.server.push.door import Door, Fault, Outcome


def _succeed(request: Request, outcome: Outcome) -> Response:
    return Response(orjson.dumps(outcome.told()), media_type="application/json")


def _fail(request: Request, fault: Fault) -> Response:
    more = {"hint": fault.hint} if fault.hint else {}
    response = problems.of_status(fault.status, fault.message, code=fault.code, **more)
    response.headers.update(fault.headers)
    return response


DOORS = (Door("json", _succeed, _fail), Door("bulk", _succeed, _fail))
