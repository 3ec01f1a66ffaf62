"""A request of somebody unknown, as the audit keeps it."""

from __future__ import annotations

from contextlib import suppress

from logq.access.reason import claimed_key
from logq.actions.context import Origin, Recorder
from logq.audit.call import Access, Call
from logq.errors import LogQError, Unauthenticated


def record_refusal(
    recorder: Recorder,
    origin: Origin,
    error: Unauthenticated,
    now: int,
    *,
    method: str,
    path: str,
    authorization: str,
) -> None:
    """Record that a request was refused before anybody knew what it wanted; never raises."""
    refused = Call(
        "logq:Authenticate",
        Access.MANAGEMENT_READ,
        "anonymous",
        "anonymous",
        claimed_key(authorization),
        origin.request_id,
        origin.source_ip,
        origin.user_agent,
        now,
        {"reason": error.reason, "method": method, "path": path[:1024]},
        (),
        error.code,
        error.message,
    )
    with suppress(LogQError):  # a full disk lets nobody in either
        recorder.record(refused)
