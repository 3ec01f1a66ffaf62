"""The wire protocol of CloudWatch: what AWS's own clients speak."""

from __future__ import annotations

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from logq.server.cloudwatch.endpoint import endpoint
from logq.server.service import Service


class WireRoute(Route):
    """Takes requests by their headers, on any path: an endpoint URL may have a path of its own."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or not spoken(scope):
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.endpoint, "path_params": {}}


def routes(service: Service) -> list[BaseRoute]:
    """The one route; it goes behind all others."""
    return [WireRoute("/", endpoint(service), methods=["GET", "POST"])]


def spoken(scope: Scope) -> bool:
    """Whether a request is one of a client of AWS."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if scope["method"] == "POST":
        return (
            scope["path"] == "/"
            or b"x-amz-target" in headers
            or b"smithy-protocol" in headers
            or headers.get(b"authorization", b"").startswith(b"AWS4-HMAC-SHA256")
        )
    return scope["method"] == "GET" and b"Action=" in scope["query_string"]
