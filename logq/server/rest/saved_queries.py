"""Saved queries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions.saved_queries import (
    QueryParameter,
    SavedQuery,
    delete_saved_query,
    get_saved_query,
    list_saved_queries,
    save_query,
)
from logq.server.rest.route import SegmentRoute
from logq.server.service import Service

Name = Annotated[str, Path(description="the name of a saved query, with `/` as `%2F`")]


class SavedQueries(BaseModel):
    """Saved queries in name order."""

    queries: list[SavedQuery]


class NewQuery(BaseModel):
    """A query to keep."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, max_length=10_000)
    groups: list[str] = Field(default=[], description="the log groups that it is meant for")
    parameters: list[QueryParameter] = Field(
        default=[], description="what is filled in when it runs"
    )


def router(service: Service) -> APIRouter:
    """The routes below ``/saved-queries``."""
    routes = APIRouter(prefix="/saved-queries", tags=["saved queries"], route_class=SegmentRoute)

    @routes.get("", summary="List saved queries")
    def list_queries(
        request: Request,
        prefix: Annotated[str, Query(description="only those whose names begin so")] = "",
    ) -> SavedQueries:
        """The saved queries that the caller may see."""
        return SavedQueries(queries=list(list_saved_queries(service.context(request), prefix)))

    @routes.get("/{name}", summary="Look at a saved query")
    def get(request: Request, name: Name) -> SavedQuery:
        """One saved query; run it as `$Name(parameter = "value")` in any query."""
        return get_saved_query(service.context(request), name)

    @routes.put("/{name}", summary="Save a query")
    def save(request: Request, name: Name, query: NewQuery) -> SavedQuery:
        """Save a query under a name; one that has it already is replaced whole."""
        return save_query(
            service.context(request),
            name,
            query.query,
            groups=query.groups,
            parameters=query.parameters,
            replace=True,
        )

    @routes.delete("/{name}", status_code=204, summary="Delete a saved query")
    def delete(request: Request, name: Name) -> None:
        """Delete a saved query."""
        delete_saved_query(service.context(request), name=name)

    return routes
