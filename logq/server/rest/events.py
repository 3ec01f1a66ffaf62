"""Single events: all their fields, and what stands around them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions.records import get_log_record
from logq.actions.surroundings import MOST, get_context
from logq.server.rest.groups import Group
from logq.server.rest.route import SegmentRoute
from logq.server.service import Service

Pointer = Annotated[
    str, Query(description="`@ptr` of a row; queries give it with `pointers`", max_length=2_000)
]
Lines = Annotated[int, Query(ge=0, le=MOST, description="at most so many events")]


class Line(BaseModel):
    """An event; times in epoch milliseconds."""

    model_config = ConfigDict(from_attributes=True)

    time: int
    ingested: int
    stream: str
    message: str
    pointer: str = Field(description="its `@ptr`")


class Surroundings(BaseModel):
    """Events of one log stream, oldest first."""

    model_config = ConfigDict(from_attributes=True)

    before: list[Line]
    event: Line
    after: list[Line]


class Record(BaseModel):
    """One event."""

    record: dict[str, str] = Field(
        description="every field by its dotted path, as texts; times in epoch milliseconds"
    )


def router(service: Service) -> APIRouter:
    """The routes of events."""
    routes = APIRouter(tags=["events"], route_class=SegmentRoute)

    @routes.get("/records", summary="Show an event")
    def record(request: Request, ptr: Pointer) -> Record:
        """All fields of an event."""
        return Record(record=dict(get_log_record(service.context(request), ptr)))

    @routes.get("/groups/{group}/context", summary="Show what stands around an event")
    def around(
        request: Request, group: Group, ptr: Pointer, before: Lines = 10, after: Lines = 10
    ) -> Surroundings:
        """The events of the same log stream before and after an event.

        Ask again with the pointer of the first or the last one for more.
        """
        found = get_context(service.context(request), group, ptr, before=before, after=after)
        return Surroundings.model_validate(found)

    return routes
