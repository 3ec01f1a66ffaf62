"""The REST API below ``/api/v1``: the same nouns as the commands."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from logq.server.rest import (
    access,
    alarms,
    backtests,
    batches,
    complete,
    declared,
    events,
    fields,
    filters,
    groups,
    info,
    metrics,
    mute_rules,
    problem,
    queries,
    query,
    rules,
    saved_queries,
    tables,
    tail,
    topics,
    upkeep,
)
from logq.server.rest.texts import check_texts
from logq.server.service import Service

_NOUNS = (
    *(query, queries, complete, tail, groups, events, fields, saved_queries, filters, tables),
    *(metrics, rules, declared),
    *(batches, upkeep, access, info, topics),
    *(alarms, mute_rules, backtests),
)


def router(service: Service) -> APIRouter:
    """All routes of the API."""

    def known(request: Request) -> None:
        # Whatever else is wrong with a request: who asks comes first.
        if request.headers.get("content-type") != batches.ARROW:  # its signature needs the body
            service.context(request)

    routes = APIRouter(
        responses=problem.PROBLEMS, dependencies=[Depends(known), Depends(check_texts)]
    )
    for noun in _NOUNS:
        routes.include_router(noun.router(service))
    return routes
