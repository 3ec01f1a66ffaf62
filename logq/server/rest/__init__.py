"""The REST API below ``/api/v1``: the same nouns as the commands."""

from __future__ import annotations

from fastapi import APIRouter

from logq.server.rest import groups
from logq.server.service import Service


def router(service: Service) -> APIRouter:
    """All routes of the API."""
    routes = APIRouter()
    for module in (groups,):
        routes.include_router(module.router(service))
    return routes
