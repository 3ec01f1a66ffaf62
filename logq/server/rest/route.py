"""Routes whose path holds the names of log groups.

A log group's name may contain ``/`` and ``#``. In a path it is one segment and percent-encoded,
as OpenAPI has it: ``/api/v1/groups/%2Fapp%2Fweb/streams``. The server software hands the path on
decoded, where ``a/streams`` and the streams of ``a`` look the same, so these routes read it raw.
"""

from __future__ import annotations

from urllib.parse import unquote

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

_SLASH = "%2F"


class SegmentRoute(APIRoute):
    """A route in which ``%2F`` is part of a segment."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path with its segments as they were sent."""
        raw: bytes | None = scope.get("raw_path")
        if raw is not None:
            segments = raw.partition(b"?")[0].decode("latin-1").split("/")
            kept = (unquote(segment).replace("/", _SLASH) for segment in segments)
            scope = {**scope, "path": "/".join(kept)}
        match, child = super().matches(scope)
        given = child.get("path_params", {})
        child["path_params"] = {
            name: value.replace(_SLASH, "/") if isinstance(value, str) else value
            for name, value in given.items()
        }
        return match, child
