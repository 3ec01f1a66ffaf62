"""What a rule or a subscription filter sends to one target, on its way to the outbox."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Protocol

from logq.event import Event
from logq.events.rule import Retry


@dataclass(frozen=True, slots=True)
class Sending:
    """A text for one target."""

    id: str
    """A UUID, the same however often it is sent."""
    origin: str
    """The ARN of the rule, or of the log group with the filter; said if it cannot be delivered."""
    name: str
    """Of the rule or the filter."""
    target: str
    """An ARN, or a sealed address."""
    shown: str
    """An address without what is secret in it; empty for an ARN."""
    body: str
    event: Event
    """What it tells of, one hop further."""
    time: int
    """Epoch milliseconds: of the event, for a target that keeps it."""
    created: int
    retry: Retry = Retry()


class Send(Protocol):
    """Whoever hands texts to topics, log groups, HTTP destinations and metrics."""

    def __call__(self, connection: sqlite3.Connection, sending: Sending) -> None:
        """Send in the transaction of ``connection``; raises NotFound if the target is gone."""
        ...
