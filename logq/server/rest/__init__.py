"""The REST API below ``/api/v1``: the same nouns as the commands."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from logq.server.rest import (
    access,
    batches,
    complete,
    events,
    fields,
    filters,
    groups,
    info,
    problem,
    queries,
    query,
    saved_queries,
    tables,
    tail,
    upkeep,
)
from logq.server.rest.texts import check_texts
from logq.server.service import Service

_NOUNS = (
    *(query, queries, complete, tail, groups, events, fields, saved_queries, filters, tables),
    *(batches, upkeep, access, info),
)


def router(service: Service) -> APIRouter:
    """All routes of the API."""
    routes = APIRouter(responses=problem.PROBLEMS, dependencies=[Depends(check_texts)])
    for noun in _NOUNS:
        routes.include_router(noun.router(service))
    return routes
