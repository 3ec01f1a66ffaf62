"""Log groups."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from logq.actions.groups import describe_log_groups
from logq.server.service import Service


def router(service: Service) -> APIRouter:
    """The routes below ``/groups``."""
    routes = APIRouter(prefix="/groups", tags=["groups"])

    @routes.get("")
    def list_groups(request: Request, pattern: str = "*") -> dict[str, Any]:
        """The log groups that the caller may see."""
        found = describe_log_groups(service.context(request), pattern)
        return {"groups": [{"name": group.name, "events": group.events} for group in found]}

    return routes
