"""Queries: answers that stream, and explanations."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse, Response

from logq.actions.answers import explain_query, run_query
from logq.errors import LogQError
from logq.server.rest import problem
from logq.server.rest.accept import FORMS, chosen
from logq.server.rest.asked import Asked, Wanted
from logq.server.rest.streamed import Gone, Streamed, waiting
from logq.server.service import Service

_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the rows, as they come",
        "content": {name: {"schema": {}} for name in FORMS},
    },
    406: problem.described("none of the forms of an answer is accepted"),
}


class ToExplain(Asked):
    """A query to explain."""

    analyze: bool = Field(default=False, description="run it too, and show where the time goes")


class Explanation(BaseModel):
    """What a query becomes and reads."""

    explanation: str = Field(description="SQL by command; segments read and left out, and why")


def router(service: Service) -> APIRouter:
    """The routes ``/query`` and ``/explain``."""
    routes = APIRouter(tags=["queries"])

    @routes.post("/query", summary="Run a query", response_class=Response, responses=_ANSWER)
    async def query(
        request: Request,
        wanted: Wanted,
        accept: Annotated[str, Header(description="the form of the answer")] = "*/*",
        summary: Annotated[
            bool, Query(description='NDJSON ends with a line `["end", {...}]`')
        ] = False,
    ) -> Response:
        """Run a query and stream its rows in the form that `Accept` names.

        * `application/x-ndjson` (also if none is named): one JSON object a line. A line that is a
          JSON *array* is no row: `["end", {"rows": ..., "truncated": ..., "warnings": [...],
          "stats": {...}}]` is the last one with `summary=true`, and `["error", {...}]`, a problem
          document, the last one of an answer that failed after it had begun.
        * `application/json`: one array of objects. `text/csv`: a header and rows; cells that a
          spreadsheet would run get an apostrophe. `application/vnd.apache.arrow.stream`: Arrow.
          If one of these fails after it has begun, the connection ends before the body does.
        * `application/vnd.logq.frames+ndjson`, for programs that draw: first an object with
          `columns` (name, type), `groups` and `shape`; then a JSON *array* a row, times as epoch
          milliseconds, maps and lists as JSON text; last an object as after `end` above, or
          `{"error": {...}}`.

        Faults of the query and whatever happens before the first row are problem documents; their
        `start` and `end` count characters of the query. A client that closes the connection
        cancels the query.
        """
        form = chosen(accept)
        context = await anyio.to_thread.run_sync(service.context, request)
        start, end = wanted.bounds(service.logq.clock())
        begin = partial(
            run_query,
            context,
            wanted.query,
            wanted.groups,
            start=start,
            end=end,
            limit=wanted.limit,
            output=form.output,
            zone=wanted.tz,
            pointers=wanted.pointers,
            filter=wanted.filter,
            strict=wanted.strict,
        )

        def at_fault(error: LogQError) -> str | None:
            return wanted.filter if error.code == "InvalidPattern" else wanted.query

        def describe(error: LogQError) -> dict[str, Any]:
            return problem.document(error, at_fault(error))

        try:
            answer = await anyio.to_thread.run_sync(begin)
            rest = answer.chunks()

            def first() -> bytes | None:
                assert answer.header is not None
                return next(rest, None)

            chunk = await waiting(request.receive, answer, first)
        except LogQError as error:
            return problem.response(error, at_fault(error))
        except Gone:
            return Response(status_code=499)
        headers = {"Content-Disposition": f'attachment; filename="{form.file}"'}
        return Streamed(
            answer,
            chunk,
            rest,
            form,
            summary=summary,
            describe=describe,
            headers=headers if form.file else {},
        )

    @routes.post("/explain", summary="Explain a query", response_model=Explanation)
    async def explain(request: Request, wanted: ToExplain) -> Any:
        """What SQL a query becomes and which segments it reads; with `analyze`, its timings."""
        context = await anyio.to_thread.run_sync(service.context, request)
        start, end = wanted.bounds(service.logq.clock())
        begin = partial(
            explain_query,
            context,
            wanted.query,
            wanted.groups,
            start=start,
            end=end,
            analyze=wanted.analyze,
        )
        try:
            answer = await anyio.to_thread.run_sync(begin)
            header = await waiting(request.receive, answer, lambda: answer.header)
        except LogQError as error:
            return problem.response(error, wanted.query)
        except Gone:
            return PlainTextResponse(status_code=499)
        return Explanation(explanation=header["explanation"])

    return routes
