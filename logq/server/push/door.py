"""How the answers of one protocol look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from logq.errors import (
    AccessDenied,
    InvalidValue,
    LimitExceeded,
    LogQError,
    NotFound,
    StorageError,
    Throttled,
    Unauthenticated,
)
from logq.ingest.events import Rejected
from logq.ingest.intake import Decoded

_SHOWN = 100
"""Reasons in one answer; the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with a whole request."""

    status: int
    code: str
    message: str
    hint: str | None = None
    retry_after: int | None = None
    """Seconds."""

    @property
    def headers(self) -> dict[str, str]:
        """Headers that every protocol understands."""
        found = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return found | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the events of a request that was not refused as a whole."""

    decoded: Decoded
    accepted: int
    """Events that are durable, those included that are older than the retention of their group."""
    refused: Mapping[str, LogQError]
    """Log groups that took nothing, and why."""

    @property
    def rejected(self) -> int:
        """Events that are not stored."""
        return len(self.decoded.rejected) + sum(
            len(one.items) for one in self.decoded.deliveries if one.group in self.refused
        )

    def reasons(self) -> list[Rejected]:
        """The first of them, with their numbers in the request."""
        found = list(self.decoded.rejected[:_SHOWN])
        for one in self.decoded.deliveries:
            if error := self.refused.get(one.group):
                items = one.items[:_SHOWN].to_pylist()
                found += [Rejected(item + 1, error.message) for item in items]
        return sorted(found, key=lambda reason: reason.line)[:_SHOWN]

    def told(self) -> dict[str, object]:
        """The counts and reasons as JSON shows them."""
        errors = [{"item": reason.line, "reason": reason.reason} for reason in self.reasons()]
        counts: dict[str, object] = {"accepted": self.accepted, "rejected": self.rejected}
        return counts | ({"errors": errors} if errors else {})


@dataclass(frozen=True, slots=True)
class Door:
    """The answers of one intake."""

    intake: str
    succeed: Callable[[Request, Outcome], Response]
    fail: Callable[[Request, Fault], Response]
    itemised: bool = False
    """Whether a success says of every event whether it is stored, so that none may be."""


def fault_of(error: Exception) -> Fault:
    """How an error is told to a sender; whether to send again is in the status."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    if not isinstance(error, LogQError):
        return Fault(500, "InternalError", "LogQ failed; its log says more", None)
    retry = error.retry_after if isinstance(error, Throttled) else 1 if status == 503 else None
    return Fault(status, error.code, error.message, error.hint, retry)


_STATUS: tuple[tuple[type[LogQError], int], ...] = (
    (Throttled, 429),
    (LimitExceeded, 413),
    (Unauthenticated, 401),
    (AccessDenied, 403),
    (NotFound, 404),
    (StorageError, 503),
    (InvalidValue, 400),
)


def nothing_accepted(outcome: Outcome) -> Fault:
    """The fault of a request of which nothing could be stored."""
    if outcome.refused:
        return fault_of(next(iter(outcome.refused.values())))
    first = outcome.reasons()[0]
    return Fault(
        400,
        "NothingAccepted",
        f"none of the {outcome.rejected} events could be stored; number {first.line}: "
        f"{first.reason}",
    )
