"""Whether the server lives and is ready, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from logq.errors import LogQError
from logq.server import figures
from logq.server.service import Service


def router(service: Service) -> APIRouter:
    """``/healthz`` is answered to everybody, the others to who may ask."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @routes.get("/readyz")
    def readyz(request: Request) -> Response:
        """Whether events can be stored and queries run; 503 with the reason if not."""
        service.context(request)
        faults = {}
        if service.stopping.is_set():
            faults["server"] = "it is shutting down"
        try:
            service.logq.storage.check_writable()
        except LogQError as error:
            faults["storage"] = error.message
        if not getattr(service.pool, "alive", 1):
            faults["workers"] = "no worker process is ready"
        if faults:
            return JSONResponse({"status": "not ready", "faults": faults}, 503)
        return JSONResponse({"status": "ready"})

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        """LogQ's own figures in Prometheus' format."""
        service.context(request)
        return Response(service.figures.text(), media_type=figures.MEDIA_TYPE)

    return routes
