"""Looking after the data directory, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict

from logq.actions.upkeep import check_data, compact, run_retention
from logq.server.service import Service


class _Report(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Sealed(_Report):
    """What sealing did."""

    events: int
    batches: int
    segments: int


class Compacted(_Report):
    """What compaction did."""

    events: int
    segments_before: int
    segments_after: int
    bytes_before: int
    bytes_after: int
    damaged: tuple[str, ...]


class Tidied(_Report):
    """What sealing and compaction did."""

    sealed: Sealed
    compacted: Compacted


class Retained(_Report):
    """What retention removed."""

    segments: int
    events: int
    files: int
    freed_bytes: int


class Finding(_Report):
    """One thing that is not as it should be."""

    kind: str
    text: str
    repair: str | None


class Report(_Report):
    """What the doctor saw."""

    segments: int
    events: int
    bytes: int
    journal_events: int
    findings: tuple[Finding, ...]


def router(service: Service) -> APIRouter:
    """The routes ``/compact``, ``/retention`` and ``/doctor``."""
    routes = APIRouter(tags=["upkeep"])

    @routes.post("/compact", summary="Merge small segments")
    def run_compaction(
        request: Request,
        group: Annotated[str | None, Query(description="only this log group")] = None,
    ) -> Tidied:
        """Seal the journal and merge small segments into large ones."""
        return Tidied.model_validate(compact(service.context(request), group))

    @routes.post("/retention", summary="Remove expired events")
    def retention(request: Request) -> Retained:
        """Remove the files of events that have expired; queries have not seen them since."""
        return Retained.model_validate(run_retention(service.context(request)))

    @routes.post("/doctor", summary="Check the data directory")
    def doctor(
        request: Request,
        repair: Annotated[bool, Query(description="mend what can be mended")] = False,
    ) -> Report:
        """Check every segment, checksum and orphan, and the catalog.

        Nothing is changed without `repair`, and no event is thrown away with it.
        """
        return Report.model_validate(check_data(service.context(request), repair=repair))

    return routes
