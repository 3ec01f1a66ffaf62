"""A message as a value: one notification or several, as one attempt sends them to one receiver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from logq.notification import Notification


@dataclass(frozen=True, slots=True)
class Change:
    """A state that an alarm was in, and has left again before anybody could be told."""

    status: str
    at: int
    """Epoch milliseconds."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How much of a message was left out, for it to fit into what the service takes."""

    log_lines: int = 0
    contributors: int = 0
    datapoints: int = 0
    characters: int = 0
    """Of texts that are there in part."""
    notifications: int = 0

    def __str__(self) -> str:
        counts = (
            (self.notifications, "notification"),
            (self.log_lines, "log line"),
            (self.contributors, "contributor"),
            (self.datapoints, "datapoint"),
            (self.characters, "character"),
        )
        said = [f"{n:,} {word}{'' if n == 1 else 's'}" for n, word in counts if n]
        return f"Left out for length: {', '.join(said)}." if said else ""


NOTHING = Cut()


@dataclass(frozen=True, slots=True)
class Message:
    """What one attempt sends."""

    notification: Notification
    """The newest; the message has its id."""
    seq: int = 0
    """Rises from message to message to one receiver."""
    earlier: tuple[Change, ...] = ()
    """What the same alarm was before, oldest first."""
    others: tuple[Notification, ...] = ()
    """Of other alarms that go in the same message, oldest first."""
    cut: Cut = NOTHING

    @property
    def size(self) -> int:
        """How many notifications this is."""
        return 1 + len(self.others) + self.cut.notifications


@dataclass(frozen=True, slots=True)
class Receiver:
    """What a notifier knows of where a message goes."""

    topic: str
    subscription: str
    """Their ARNs."""
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """For signing; several while one replaces the other."""
    raw: bool = False
    now: int = 0
    """Epoch seconds."""
    token: str = field(default="", repr=False)
    """What proves that the receiver got the request to confirm."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Pages of this server about the subscription, where it knows its own address."""
