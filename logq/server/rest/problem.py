"""What errors look like on REST paths: problem documents as in RFC 9457."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from logq.server.problems import MEDIA_TYPE, document, response

__all__ = ["MEDIA_TYPE", "PROBLEMS", "Problem", "described", "document", "response"]


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
