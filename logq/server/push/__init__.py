"""Push ingestion: what other programs send, in the protocols they already speak."""

from __future__ import annotations

from starlette.routing import Route

from logq.ingest.intake import intakes
from logq.server.push import elastic, hec, loki, otlp, plain
from logq.server.push.endpoint import Endpoints
from logq.server.service import Service

DOORS = (*plain.DOORS, *hec.DOORS, *otlp.DOORS, *loki.DOORS, *elastic.DOORS)
"""The answers of every intake."""


def routes(service: Service) -> list[Route]:
    """The routes of all intakes, and those that their clients ask besides."""
    endpoints = Endpoints(service)
    known = intakes()
    found = [route for door in DOORS for route in endpoints.routes(known[door.intake], door)]
    return found + hec.extra_routes(service) + elastic.extra_routes(service)
