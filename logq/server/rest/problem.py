"""What errors look like on REST paths: problem documents as in RFC 9457."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from logq.errors import (
    AccessDenied,
    AlreadyExists,
    Cancelled,
    CheckpointConflict,
    Conflict,
    InvalidValue,
    LimitExceeded,
    LogQError,
    NotFound,
    Protected,
    QueryError,
    StorageError,
    Throttled,
    TimedOut,
    Unauthenticated,
    draw,
)

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """Why a request was not done."""

    type: str = Field(description="`about:blank`, or an address that names the kind of problem")
    title: str = Field(description="the kind of problem in a few words")
    status: int
    detail: str | None = Field(default=None, description="what was wrong this time")
    code: str | None = Field(
        default=None, description="the name of the error, as in `logq help errors`"
    )
    hint: str | None = Field(default=None, description="what to do about it")
    start: int | None = Field(
        default=None, description="first character of the query that is at fault"
    )
    end: int | None = Field(default=None, description="the character after the last one at fault")
    drawn: str | None = Field(
        default=None, description="the fault with its line of the query and carets"
    )


def described(description: str) -> dict[str, Any]:
    """A problem as an OpenAPI document describes it."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: described("a value or a query that cannot be used"),
    401: described("who asks is not known"),
    403: described("a policy does not allow it"),
    404: described("there is no such thing"),
    409: described("it is there already, or was changed meanwhile"),
    413: described("the body is too large"),
    422: described("the request does not fit this document"),
    429: described("too much at once; `Retry-After` says when to try again"),
    503: described("the server cannot do it now"),
    504: described("it took longer than a limit allows"),
}
"""What any route may answer besides what it promises."""


_TITLES: tuple[tuple[type[LogQError], int, str], ...] = (
    (QueryError, 400, "the query cannot be run"),
    (InvalidValue, 400, "a value cannot be used"),
    (NotFound, 404, "there is no such thing"),
    (AlreadyExists, 409, "it is there already"),
    (CheckpointConflict, 409, "the checkpoint was moved meanwhile"),
    (Conflict, 409, "it was changed meanwhile"),
    (Protected, 409, "it is protected"),
    (Unauthenticated, 401, "who asks is not known"),
    (AccessDenied, 403, "a policy does not allow it"),
    (Throttled, 429, "too much at once"),
    (TimedOut, 504, "it took too long"),
    (LimitExceeded, 400, "a limit was reached"),
    (Cancelled, 409, "it was cancelled"),
    (StorageError, 503, "the data directory cannot be used"),
    (LogQError, 400, "it cannot be done"),
)


def document(error: LogQError, query: str | None = None) -> dict[str, Any]:
    """An error as a problem document; ``query`` is the text that its place is in."""
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
    if isinstance(error, QueryError) and error.span is not None:
        found |= {"start": error.span.start, "end": error.span.end}
    if isinstance(error, QueryError) and query is not None:
        found["drawn"] = draw(error, query)
    return found


def response(error: LogQError, query: str | None = None) -> Response:
    """The answer to a request that ended with an error."""
    body = document(error, query)
    headers = {}
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(error.retry_after)
    return Response(orjson.dumps(body), body["status"], headers, MEDIA_TYPE)
