"""Completion of queries, and the values of a field."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions.completing import complete_query
from logq.server.rest.asked import Asked
from logq.server.service import Service


class Begun(Asked):
    """A query that is being written."""

    cursor: int = Field(ge=0, le=1_000_000, description="where the cursor is, in characters")


class Completion(BaseModel):
    """Something that may stand at the cursor."""

    model_config = ConfigDict(from_attributes=True)

    label: str
    kind: str = Field(
        description="command, function, aggregate, field, value, group, keyword, period or sign"
    )
    insert: str = Field(description="what takes the place of the text from `start` to `end`")
    detail: str = Field(description="a signature, types and share, or a number of events")
    help: str = Field(description="a sentence, or nothing")


class Completions(BaseModel):
    """What may stand at the cursor, best first."""

    model_config = ConfigDict(from_attributes=True)

    start: int
    end: int
    items: list[Completion]


def router(service: Service) -> APIRouter:
    """The route ``/complete``."""
    routes = APIRouter(prefix="/complete", tags=["queries"])

    @routes.post("", summary="Complete a query")
    def complete(request: Request, begun: Begun) -> Completions:
        """Commands, functions, fields, values and words that may stand at the cursor.

        Any text will do, also one with faults. Values of a field are looked up where a comparison
        with it was begun, within `start` and `end` if they are given. Offsets count characters.
        """
        start, end = begun.bounds(service.logq.clock())
        found = complete_query(
            service.context(request), begun.query, begun.cursor, begun.groups, start=start, end=end
        )
        return Completions.model_validate(found)

    return routes
