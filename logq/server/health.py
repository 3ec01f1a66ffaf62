"""Whether the server lives and is ready."""

from __future__ import annotations

from fastapi import APIRouter

from logq.server.service import Service


def router(service: Service) -> APIRouter:
    """The routes that are answered to everybody."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    return routes
