"""Loki: nothing on success, text on failure."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from logq.server.push.door import Door, Fault, Outcome


def _succeed(request: Request, outcome: Outcome) -> Response:
    """Some entries may be rejected; Loki's clients learn that from a 400 only, and drop it all."""
    if not outcome.rejected:
        return Response(status_code=204)
    told = "\n".join(f"entry {reason.line}: {reason.reason}" for reason in outcome.reasons())
    return PlainTextResponse(
        f"{outcome.accepted} entries stored, {outcome.rejected} not\n{told}\n", 200
    )


def _fail(request: Request, fault: Fault) -> Response:
    return PlainTextResponse(f"{fault.message}\n", fault.status, fault.headers)


DOORS = (Door("loki", _succeed, _fail),)
