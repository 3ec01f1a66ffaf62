"""LogQ over HTTP: the CloudWatch wire protocol, a REST API and push ingestion on one port."""

from __future__ import annotations

from fastapi import FastAPI

from logq import __version__
from logq.server import cloudwatch, health, push, rest
from logq.server.service import Service


def create_app(service: Service) -> FastAPI:
    """The web application over a data directory."""
    app = FastAPI(
        title="LogQ",
        version=__version__,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(health.router(service))
    app.include_router(rest.router(service), prefix="/api/v1")
    app.router.routes += push.routes(service)
    app.router.routes += cloudwatch.routes(service)
    return app
