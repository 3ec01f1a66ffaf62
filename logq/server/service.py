"""What all routes share: the data directory, who may ask, the workers, the audit."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from starlette.requests import Request

from logq.actions.context import Caller, Context, Origin, Recorder
from logq.app import LogQ
from logq.work.job import Pool


@dataclass(frozen=True, slots=True)
class Service:
    """One running server."""

    logq: LogQ
    pool: Pool
    recorder: Recorder
    administrator: Caller
    """Who anonymous requests act as while the server is open to its own machine only."""

    def context(self, request: Request) -> Context:
        """The context of an action for a request; raises Unauthenticated."""
        origin = Origin(
            request_id=str(uuid.uuid4()),
            source_ip=request.client.host if request.client else "",
            user_agent=request.headers.get("user-agent", ""),
            secure=request.url.scheme == "https",
        )
        return Context(self.logq, self.administrator, origin, self.pool, self.recorder)
