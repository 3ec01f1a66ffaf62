"""The engine of notifications: topics and subscriptions, publishing, and the outbox."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import cached_property

from logq.arns import Place
from logq.database import Database
from logq.notification import Notification
from logq.notify import outbox
from logq.notify.publishing import Matcher, Publishing
from logq.notify.secrets import Seals
from logq.notify.topics import Definitions, Topics
from logq.outgoing import Outgoing


class Notify:
    """Everything about notifications in one data directory."""

    def __init__(
        self,
        definitions: Definitions,
        database: Database,
        clock: Callable[[], int],
        place: Place,
        key: Callable[[], bytes],
        matches: Matcher | None = None,
    ) -> None:
        self.topics = Topics(definitions, database, place)
        self.seals = Seals(key)
        self.database = database
        self._clock = clock
        self._matches = matches

    @cached_property
    def publishing(self) -> Publishing:
        """Decides who is told."""
        return Publishing(self.topics, self._clock, self._matches)

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
        return self.publishing.publish(connection, topic_arn, notification, muted=muted)

    def enqueue(self, connection: sqlite3.Connection, entries: Iterable[Outgoing]) -> int:
        """Add entries to the outbox, in the transaction of ``connection``; how many."""
        return outbox.enqueue(connection, entries)

    def forget(self, connection: sqlite3.Connection, alarm_arn: str) -> None:
        """No reminder is sent any more of an alarm that was deleted."""
        self.publishing.forget(connection, alarm_arn)
