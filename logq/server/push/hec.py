"""HEC: a text and a code, as its clients know them."""

from __future__ import annotations

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from logq.errors import LogQError
from logq.server.push.door import Door, Fault, Outcome, fault_of
from logq.server.service import Service

_CODES = {400: 6, 401: 3, 403: 4, 404: 7, 413: 6, 429: 9, 503: 9}
_INTERNAL = 8
_NO_ACKNOWLEDGEMENTS = 14
_HEALTHY = 17


def _succeed(request: Request, outcome: Outcome) -> Response:
    told = outcome.told() if outcome.rejected else {}
    return _answer({"text": "Success", "code": 0, **told})


def _fail(request: Request, fault: Fault) -> Response:
    told = {"text": fault.message, "code": _CODES.get(fault.status, _INTERNAL)}
    response = _answer(told, fault.status)
    response.headers.update(fault.headers)
    return response


def _answer(told: dict[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(told), status, media_type="application/json")


def extra_routes(service: Service) -> list[Route]:
    """What clients of HEC ask besides."""

    async def known(request: Request, told: dict[str, object], status: int) -> Response:
        try:
            await run_in_threadpool(service.context, request)
        except LogQError as error:
            return _fail(request, fault_of(error))
        return _answer(told, status)

    async def health(request: Request) -> Response:
        return await known(request, {"text": "HEC is healthy", "code": _HEALTHY}, 200)

    async def acknowledgements(request: Request) -> Response:
        told = {"text": "ACK is disabled", "code": _NO_ACKNOWLEDGEMENTS}
        return await known(request, told, 400)

    return [
        Route("/services/collector/health", health, methods=["GET"]),
        Route("/services/collector/health/1.0", health, methods=["GET"]),
        Route("/services/collector/ack", acknowledgements, methods=["GET", "POST"]),
    ]


DOORS = (Door("hec", _succeed, _fail), Door("hec-raw", _succeed, _fail))
