"""Queries that are started, looked at later, and stopped."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from logq.actions.queries import (
    MOST_ROWS,
    OPEN,
    describe_queries,
    get_query_results,
    start_query,
    stop_query,
)
from logq.errors import QueryError
from logq.server.rest import problem
from logq.server.rest.asked import Wanted
from logq.server.service import Service

Id = Annotated[str, Path(description="the id that starting it gave", max_length=64)]
_FOREVER = 253_402_300_799_999


class Started(BaseModel):
    """A query that was started."""

    id: str


class State(BaseModel):
    """How far a query is."""

    id: str
    status: str = Field(
        description="Scheduled, Running, Complete, Failed, Cancelled or Timeout, as CloudWatch says"
    )
    query: str
    groups: list[str]
    created: int = Field(description="epoch milliseconds")
    ended: int | None
    error: str = Field(description="what went wrong, if it failed")
    rows: int = Field(description="written so far")
    statistics: dict[str, float | int | None]


class Listed(BaseModel):
    """Queries, newest first."""

    queries: list[State]


class Page(State):
    """How far a query is, and some of its rows."""

    results: list[dict[str, str]] = Field(
        description="rows by column, all values as texts; what is missing is absent"
    )
    next: int | None = Field(description="ask for the next rows with this as `first`; null: none")


def router(service: Service) -> APIRouter:
    """The routes below ``/queries``."""
    routes = APIRouter(prefix="/queries", tags=["queries"])

    @routes.post("", status_code=202, summary="Start a query", response_model=Started)
    def start(request: Request, wanted: Wanted) -> Started | Response:
        """Start a query that runs on without a connection; its answer is kept for some days."""
        begin, end = wanted.bounds(service.logq.clock())
        try:
            id = start_query(
                service.context(request),
                wanted.query,
                wanted.groups,
                start=0 if begin is None else begin,
                end=_FOREVER if end is None else end,
                limit=wanted.limit,
            )
        except QueryError as error:
            return problem.response(error, wanted.query)
        return Started(id=id)

    @routes.get("", summary="List queries")
    def list_queries(
        request: Request,
        group: Annotated[str | None, Query(description="only those on this log group")] = None,
        status: Annotated[str | None, Query(description="only those that are this")] = None,
    ) -> Listed:
        """The queries of the last days that the caller may see."""
        found = describe_queries(service.context(request), group=group, status=status)
        return Listed(queries=[State(**_state(asked)) for asked in found])

    @routes.get("/{id}", summary="Look at a query")
    def look(
        request: Request,
        id: Id,
        first: Annotated[int, Query(ge=0, le=2**53, description="`next` of the page before")] = 0,
        limit: Annotated[int, Query(ge=0, le=MOST_ROWS, description="at most so many")] = 1_000,
    ) -> Page:
        """The state of a query and rows of its answer, also while it runs."""
        found = get_query_results(service.context(request), id, first=first, limit=limit)
        rows = [
            {cell["field"]: cell["value"] for cell in orjson.loads(line)} for line in found.lines
        ]
        return Page(**_state(found.asked), results=rows, next=found.next)

    @routes.delete("/{id}", status_code=204, summary="Stop a query")
    def stop(request: Request, id: Id) -> None:
        """Stop a query; its worker is free within a second. One that has ended stays as it is."""
        context = service.context(request)
        if get_query_results(context, id, limit=0).asked.status in OPEN:
            stop_query(context, id)

    return routes


def _state(asked: Any) -> dict[str, Any]:
    return {
        "id": asked.id,
        "status": asked.status,
        "query": asked.text,
        "groups": list(asked.groups),
        "created": asked.created,
        "ended": asked.ended,
        "error": asked.error,
        "rows": asked.rows,
        "statistics": dict(asked.statistics),
    }
