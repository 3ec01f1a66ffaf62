"""LogQ over HTTP: the CloudWatch wire protocol, a REST API and push ingestion on one port."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse

from logq import __version__
from logq.server import cloudwatch, health, problems, push, rest
from logq.server.rest import openapi as openapi_document
from logq.server.service import Service


def create_app(service: Service) -> FastAPI:
    """The web application over a data directory."""
    app = FastAPI(
        title="LogQ",
        version=__version__,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # not for everybody, see below
        redirect_slashes=False,
    )
    problems.install(app)
    app.include_router(health.router(service))
    app.include_router(rest.router(service), prefix="/api/v1")

    openapi_document.complete(app)

    @app.get("/openapi.json", include_in_schema=False)
    def openapi(request: Request) -> JSONResponse:
        service.context(request)
        return JSONResponse(app.openapi())

    app.router.routes += push.routes(service)
    app.router.routes += cloudwatch.routes(service)
    return app
