"""Metric filters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions.metric_filters import (
    StoredFilter,
    delete_metric_filter,
    describe_metric_filters,
    put_metric_filter,
    test_metric_filter,
)
from logq.metrics.filter import MetricFilter
from logq.server.rest.groups import Group
from logq.server.rest.route import SegmentRoute
from logq.server.service import Service

Name = Annotated[str, Path(description="the name of a metric filter")]


class Filters(BaseModel):
    """Metric filters by name."""

    filters: list[StoredFilter]


class Trial(BaseModel):
    """A filter pattern and what to try it on."""

    model_config = ConfigDict(extra="forbid")

    pattern: str = Field(max_length=1_024)
    messages: list[str] = Field(max_length=1_000)


class Match(BaseModel):
    """A message that matches, and what was extracted from it."""

    model_config = ConfigDict(from_attributes=True)

    event_number: int = Field(description="its place among the messages, from 1")
    message: str
    extracted: dict[str, str] = Field(description="by `$.path`, `$name` or `$1`")


class Matches(BaseModel):
    """The messages that a pattern matches."""

    matches: list[Match]


def router(service: Service) -> APIRouter:
    """The routes of metric filters."""
    routes = APIRouter(tags=["filters"], route_class=SegmentRoute)

    @routes.get("/filters", summary="List metric filters")
    def list_filters(
        request: Request,
        group: Annotated[str | None, Query(description="only those of this log group")] = None,
        prefix: Annotated[str, Query(description="only those whose names begin so")] = "",
    ) -> Filters:
        """The metric filters that the caller may see."""
        found = describe_metric_filters(service.context(request), group, prefix)
        return Filters(filters=list(found))

    @routes.post("/filters/test", summary="Try a filter pattern")
    def trial(request: Request, trial: Trial) -> Matches:
        """Which messages a filter pattern matches, and what it extracts from them."""
        found = test_metric_filter(service.context(request), trial.pattern, trial.messages)
        return Matches(matches=[Match.model_validate(each) for each in found])

    @routes.put("/groups/{group}/filters/{name}", status_code=204, summary="Put a metric filter")
    def put(request: Request, group: Group, name: Name, filter: MetricFilter) -> None:
        """Make or replace a metric filter of a log group."""
        put_metric_filter(service.context(request), group, name, filter)

    @routes.delete(
        "/groups/{group}/filters/{name}", status_code=204, summary="Delete a metric filter"
    )
    def delete(request: Request, group: Group, name: Name) -> None:
        """Delete a metric filter of a log group."""
        delete_metric_filter(service.context(request), group, name)

    return routes
