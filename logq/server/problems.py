"""Errors as problem documents (RFC 9457), with the status that suits them."""

from __future__ import annotations

import logging
import math
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from logq import errors
from logq.errors import LogQError, QueryError, Throttled, Unauthenticated, draw

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger(__name__)


class TooLarge(errors.LimitExceeded):
    """The body of a request is larger than it may be."""


class Unpackable(errors.InvalidValue):
    """The body of a request is packed in a way that is not known."""


class WrongHost(errors.InvalidValue):
    """A request for somebody else."""


_TITLES: tuple[tuple[type[LogQError], int, str], ...] = (
    (TooLarge, 413, "the body is too large"),
    (Unpackable, 415, "the body cannot be unpacked"),
    (WrongHost, 421, "the request is for somebody else"),
    (QueryError, 400, "the query cannot be run"),
    (errors.InvalidValue, 400, "a value cannot be used"),
    (errors.NotFound, 404, "there is no such thing"),
    (errors.AlreadyExists, 409, "it is there already"),
    (errors.CheckpointConflict, 409, "the checkpoint was moved meanwhile"),
    (errors.Conflict, 409, "it was changed meanwhile"),
    (errors.Protected, 409, "it is protected"),
    (errors.Unauthenticated, 401, "who asks is not known"),
    (errors.AccessDenied, 403, "a policy does not allow it"),
    (errors.Throttled, 429, "too much at once"),
    (errors.TimedOut, 504, "it took too long"),
    (errors.LimitExceeded, 400, "a limit was reached"),
    (errors.Cancelled, 409, "it was cancelled"),
    (errors.DiskFull, 507, "the disk is full"),
    (errors.StorageError, 503, "the data directory cannot be used"),
    (errors.EngineFault, 500, "a fault of LogQ"),
    (LogQError, 400, "it cannot be done"),
)


def status_of(error: LogQError) -> int:
    """The HTTP status of an error."""
    return next(status for kind, status, _ in _TITLES if isinstance(error, kind))


def headers_of(error: LogQError) -> dict[str, str]:
    """The headers that go with an error."""
    if isinstance(error, Throttled):
        return {"Retry-After": str(math.ceil(error.retry_after))}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="LogQ"'}
    if isinstance(error, errors.DiskFull):
        return {"Retry-After": "10"}
    return {}


def document(error: LogQError, query: str | None = None) -> dict[str, Any]:
    """The members of a problem document; ``query`` is the text that its place is in."""
    status, title = next((s, t) for kind, s, t in _TITLES if isinstance(error, kind))
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": error.message,
        "code": error.code,
    }
    if error.hint:
        found["hint"] = error.hint
    if isinstance(error, QueryError):
        if error.span is not None:
            found |= {"start": error.span.start, "end": error.span.end}
        if error.expected:
            found["expected"] = list(error.expected)
        if query is not None:
            found["drawn"] = draw(error, query)
    return found


def respond(found: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """A problem document as a response."""
    return Response(orjson.dumps(found), found["status"], headers, MEDIA_TYPE)


def response(error: LogQError, query: str | None = None) -> Response:
    """The answer to a request that ended with an error."""
    return respond(document(error, query), headers_of(error))


def of_status(status: int, detail: str, **more: Any) -> Response:
    """A problem that is no LogQError as a response."""
    title = HTTPStatus(status).phrase
    return respond(
        {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    )


def unexpected(request_id: str) -> Response:
    """The answer to a request that met a bug; the trace is in the log."""
    return of_status(
        500, "LogQ failed; its log has the details", code="InternalError", request_id=request_id
    )


def install(app: FastAPI) -> None:
    """Have every error of a route answered by a problem document."""

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, LogQError)
        if status_of(error) >= 500:
            _LOG.error("%s: %s", error.code, error.message)
        return response(error)

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        answer = of_status(error.status_code, str(error.detail).lower())
        answer.headers.update(error.headers or {})
        return answer

    async def misfit(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = [
            {"at": [str(part) for part in fault["loc"]], "message": fault["msg"]}
            for fault in error.errors()
        ]
        first = ".".join(faults[0]["at"]) if faults else "the request"
        detail = f"{first}: {faults[0]['message']}" if faults else "the request cannot be used"
        return of_status(422, detail, code="InvalidRequest", faults=faults)

    app.add_exception_handler(LogQError, known)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, misfit)
