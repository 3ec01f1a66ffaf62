"""Discovered fields."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from logq.actions.discovery import discover_fields
from logq.server.rest.asked import TIME, Range
from logq.server.service import Service
from logq.work.discovery import Discovered

Groups = Annotated[
    list[str], Query(description="log groups: names, ARNs and patterns with `*`; may repeat")
]
Start = Annotated[str | None, Query(description=f"only events from then on: {TIME}")]
End = Annotated[str | None, Query(description="only events up to then, likewise")]
Zone = Annotated[str, Query(description="zone of times that name none, and of those shown")]


class Fields(BaseModel):
    """Discovered fields in name order."""

    fields: list[Discovered]
    warnings: list[str] = Field(description="what could not be looked at")


def router(service: Service) -> APIRouter:
    """The route ``/fields``."""
    routes = APIRouter(prefix="/fields", tags=["fields"])

    @routes.get("", summary="List the fields of events")
    def list_fields(
        request: Request, group: Groups, start: Start = None, end: End = None, tz: Zone = "UTC"
    ) -> Fields:
        """The fields found in events: types, share of events that have them, examples."""
        within = Range(start=start, end=end, tz=tz).bounds(service.logq.clock())
        found = discover_fields(
            service.context(request), group, start=within[0], end=within[1], zone=tz
        )
        return Fields(**found)

    return routes
