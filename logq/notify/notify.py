"""The engine of notifications: topics and subscriptions, publishing, the outbox and delivery."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from uuid import uuid4

from logq.arns import Place
from logq.database import Database
from logq.event import Event
from logq.notification import LogLine, Notification, Subject
from logq.notify import guard, outbox
from logq.notify.delivery import Delivery
from logq.notify.giving_up import Count, Emit, GivingUp
from logq.notify.guard import Allowed
from logq.notify.lane import Parts
from logq.notify.links import linked
from logq.notify.message import Message
from logq.notify.notifier import Line, check_url, notifier
from logq.notify.publishing import Matcher, Publishing
from logq.notify.receiving import Receivers
from logq.notify.secrets import Seals, shown
from logq.notify.sending import Append, Attempt, Send, Sender
from logq.notify.subscribing import Subscribing
from logq.notify.topic import Subscription
from logq.notify.topics import Definitions, Topics
from logq.notify.transport import Transport
from logq.outgoing import HTTP, Outgoing


def _nobody(connection: sqlite3.Connection, event: Event) -> None:
    """No bus is there."""


def _uncounted(outcome: str, amount: int) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class Around:
    """What notifications need of the rest of LogQ, and of the world."""

    append: Append
    emit: Emit = _nobody
    count: Count = _uncounted
    muted: Callable[[str], bool] = lambda _: False
    """Whether an alarm, by its ARN, is muted now."""
    matches: Matcher | None = None
    public_url: str = ""
    allow: str = ""
    """The settings of the same names."""
    send: Send | None = None
    """In place of the network."""
    lookup: guard.Lookup = guard.lookup
    chance: Callable[[], float] = field(default=random.random)


@dataclass(frozen=True, slots=True)
class Address:
    """A web address as it may be kept and shown."""

    sealed: str
    shown: str
    lane: str


class Notify:
    """Everything about notifications in one data directory."""

    def __init__(
        self,
        definitions: Definitions,
        database: Database,
        clock: Callable[[], int],
        place: Place,
        key: Callable[[], bytes],
        around: Around,
    ) -> None:
        self.topics = Topics(definitions, database, place)
        self.seals = Seals(key)
        self.database = database
        self._clock = clock
        self._around = around
        self._receivers = Receivers(self.topics, self.seals, key, around.public_url)

    @cached_property
    def publishing(self) -> Publishing:
        """Decides who is told."""
        return Publishing(self.topics, self._clock, self._around.matches)

    @cached_property
    def subscribing(self) -> Subscribing:
        """Adds and changes subscriptions."""
        return Subscribing(
            self.topics,
            self._receivers,
            self.seals,
            self.database,
            self._clock,
            self._around.matches,
        )

    def publish(
        self,
        connection: sqlite3.Connection,
        topic_arn: str,
        notification: Notification,
        *,
        muted: bool = False,
    ) -> int:
        """Tell the subscribers of a topic, in the transaction of ``connection``; how many.

        ``muted``: only the end of an alarm goes out, to those who were told of its beginning.
        Raises UnknownTopic.
        """
        told = linked(notification, self._around.public_url)
        return self.publishing.publish(connection, topic_arn, told, muted=muted)

    def enqueue(self, connection: sqlite3.Connection, entries: Iterable[Outgoing]) -> int:
        """Add entries to the outbox, in the transaction of ``connection``; how many."""
        return outbox.enqueue(connection, entries)

    def forget(self, connection: sqlite3.Connection, alarm_arn: str) -> None:
        """No reminder is sent any more of an alarm that was deleted."""
        self.publishing.forget(connection, alarm_arn)

    def address(self, url: str, headers: Mapping[str, str], method: str = "POST") -> Address:
        """A web address and the headers sent to it, sealed for ``Outgoing.to``.

        Raises InvalidValue.
        """
        lane = check_url(url)
        sealed = self.seals.seal({"url": url, "headers": dict(headers), "method": method}, HTTP)
        return Address(sealed, shown(url), lane)

    def waiting(self) -> tuple[int, int | None]:
        """How many entries the outbox has, and when the oldest was made, epoch ms."""
        with self.database.read() as connection:
            return outbox.waiting(connection)

    @cached_property
    def _sender(self) -> Sender:
        allowed = Allowed.parse(self._around.allow)
        send = self._around.send or Transport(allowed, self._around.lookup)
        return Sender(send, self._around.append, allowed)

    def delivery(self, report: Callable[[str], None] = lambda _: None) -> Delivery:
        """What empties the outbox; one process of a data directory at a time may run it."""
        around = self._around
        parts = Parts(
            self.database,
            self.topics,
            self._receivers,
            self.seals,
            self._sender,
            GivingUp(around.emit, around.count, self._clock),
            around.count,
            self._clock,
            around.chance,
        )
        return Delivery(parts, self.publishing, around.muted, report)

    def try_out(self, one: Subscription) -> Attempt:
        """Send a test notification now, past the outbox; what was answered."""
        now = self._clock()
        told = linked(replace(_SAMPLE, id=str(uuid4()), changed_at=now), self._around.public_url)
        lines = tuple(replace(line, time=now) for line in told.log_lines)
        kind = notifier(one.protocol)
        receiver = self._receivers.receiver(one, now)
        sent = kind.render(Message(replace(told, log_lines=lines)), receiver)
        if isinstance(sent, Line):
            return Attempt(self._sender.store(sent.group, [(0, now, "notifications", sent.text)]))
        return self._sender(sent, now, kind.judge)


_SAMPLE = Notification(
    "",
    "test",
    "",
    "",
    "This is a test: notifications of this topic arrive here.",
    Subject("notifications of LogQ", ""),
    0,
    log_lines=(LogLine(0, "/example", "example", "ERROR an example of a log line"),),
)
