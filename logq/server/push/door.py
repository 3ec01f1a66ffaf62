"""How the answers of one protocol look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from logq.errors import LimitExceeded, LogQError, StorageError
from logq.ingest.events import Rejected
from logq.ingest.intake import Decoded
from logq.server import problems

_SHOWN = 100
"""Reasons in one answer; the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with a whole request."""

    status: int
    code: str
    message: str
    hint: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that every protocol understands, such as ``Retry-After``."""


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
    """How an error is told to a sender; its status says whether to send again."""
    if not isinstance(error, LogQError):
        return Fault(500, "InternalError", "LogQ failed; its log has the details")
    status, headers = problems.status_of(error), problems.headers_of(error)
    if isinstance(error, LimitExceeded) and status == 400:
        status = 413
    if isinstance(error, StorageError):
        # Senders give up at a 507.
        status, headers = 503, {"Retry-After": "10"}
    return Fault(status, error.code, error.message, error.hint, headers)


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
