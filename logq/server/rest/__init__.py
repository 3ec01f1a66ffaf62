"""The REST API below ``/api/v1``: the same nouns as the commands."""

from __future__ import annotations

from fastapi import APIRouter

from logq.server.rest import (
    batches,
    complete,
    fields,
    filters,
    groups,
    problem,
    query,
    saved_queries,
    tail,
    upkeep,
)
from logq.server.service import Service

_NOUNS = (query, complete, tail, groups, fields, saved_queries, filters, batches, upkeep)


def router(service: Service) -> APIRouter:
    """All routes of the API."""
    routes = APIRouter(responses=problem.PROBLEMS)
    for noun in _NOUNS:
        routes.include_router(noun.router(service))
    return routes
