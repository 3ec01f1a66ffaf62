"""Something to deliver as a value: where to, in which order, and under which lasting name."""

from __future__ import annotations

from dataclasses import dataclass

SUBSCRIPTION = "subscription"
HTTP = "http"
LOG_GROUP = "log_group"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One entry of the outbox: delivered at least once, and after those of the same key before."""

    id: str
    """A UUID, the same for every attempt, so that receivers can leave out doubles."""
    key: str
    """Entries of one key arrive in the order in which they were made."""
    kind: str
    """``subscription``, ``http`` or ``log_group``: what ``to`` is."""
    to: str
    """The ARN of a subscription, a sealed address, or the name of a log group."""
    lane: str
    """What a slow receiver holds up: its host, or the log group. Never a secret."""
    body: str
    """JSON of a notification for a subscription; else the very text to deliver."""
    created: int
    """Epoch milliseconds; for a log group the time of the event."""
    stream: str = ""
    """The log stream, for a log group."""
    attempts: int | None = None
    """How often it is tried at most; None for as often as there is time."""
    seconds: int | None = None
    """How long it is tried at most; None for what the receiver's kind allows."""
    source: str = ""
    """The ARN of what made it, a rule or a topic; said when it cannot be delivered."""
    hops: int = 0
    """How many rules stand between this and what no rule made, as ``Event.hops``."""
