"""From a notification to the entries of the outbox: who is told of it, and who is not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

from logq.notification import Notification
from logq.notify import outbox
from logq.notify.topic import Options, Subscription
from logq.notify.topics import Topics
from logq.notify.wording import decode, encode
from logq.outgoing import SUBSCRIPTION, Outgoing


class Matcher(Protocol):
    """Whether a document fits a pattern of Amazon EventBridge, which filter policies are."""

    def __call__(self, pattern: Mapping[str, Any], document: Mapping[str, Any]) -> bool: ...


def key(subscription: Subscription, notification: Notification) -> str:
    """What may not overtake each other: the news of one alarm to one subscriber."""
    if notification.kind == "alarm":
        return f"{subscription.id} {notification.subject.arn}"
    return f"{subscription.id} {notification.id}"


def wanted(options: Options, notification: Notification, matches: Matcher | None) -> bool:
    """Whether a subscriber with these options is told of this."""
    if notification.kind == "alarm" and notification.status == "OK" and not options.send_ok:
        return False
    if options.filter_policy is None or matches is None:
        return True
    if options.filter_scope != "MessageBody":
        return matches(options.filter_policy, _values(notification.attributes))
    try:
        body = json.loads(notification.message)
    except ValueError:
        return False
    return isinstance(body, dict) and matches(options.filter_policy, body)


def _values(attributes: Mapping[str, str]) -> dict[str, Any]:
    """Attributes as patterns see them: lists are their members, numbers match as both."""
    found: dict[str, Any] = {}
    for name, text in attributes.items():
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text
        number = isinstance(value, int | float) and not isinstance(value, bool)
        found[name] = value if isinstance(value, list) else [text, value] if number else text
    return found


class Publishing:
    """Writes what is published into the outbox, once for every subscriber."""

    def __init__(
        self, topics: Topics, clock: Callable[[], int], matches: Matcher | None = None
    ) -> None:
        self._topics = topics
        self._clock = clock
        self._matches = matches

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
        topic = self._topics.get(topic_arn)
        entries = [
            self._entry(one, topic.arn, notification)
            for one in self._topics.subscriptions(topic.name)
            if not one.pending and not one.disabled
            if wanted(one.options, notification, self._matches)
            if self._remember(connection, one, notification, muted)
        ]
        return outbox.enqueue(connection, entries, topic.group_seconds * 1000)

    def _entry(self, one: Subscription, topic: str, notification: Notification) -> Outgoing:
        return Outgoing(
            notification.id,
            key(one, notification),
            SUBSCRIPTION,
            one.arn,
            one.lane,
            encode(notification),
            self._clock(),
            source=topic,
        )

    def _remember(
        self,
        connection: sqlite3.Connection,
        one: Subscription,
        notification: Notification,
        muted: bool,
    ) -> bool:
        """Note what the subscriber knows of the alarm; whether to tell it this now."""
        if notification.kind != "alarm":
            return not muted
        whom = (one.id, notification.subject.arn)
        if notification.status == "ALARM":
            if muted:
                return False
            every = one.options.repeat_seconds
            connection.execute(
                "INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?)",
                (
                    *whom,
                    notification.changed_at,
                    self._clock() + every * 1000 if every else None,
                    encode(notification) if every else "",
                ),
            )
            return True
        over = connection.execute(
            "DELETE FROM told WHERE subscription = ? AND subject = ?", whom
        ).rowcount
        if not muted:
            return True
        return bool(over) and notification.status == "OK" and one.options.resolve_through_mute

    def forget(self, connection: sqlite3.Connection, subject_arn: str) -> None:
        """No reminder is sent any more of an alarm that was deleted."""
        connection.execute("DELETE FROM told WHERE subject = ?", (subject_arn,))

    def remind(self, connection: sqlite3.Connection, muted: Callable[[str], bool]) -> int:
        """Tell those who want it again of alarms that go on; how many messages."""
        now = self._clock()
        due = connection.execute(
            "SELECT subscription, subject, repeat_at, body FROM told WHERE repeat_at <= ?", (now,)
        ).fetchall()
        entries: list[Outgoing] = []
        by_id: Mapping[str, Subscription] = (
            {one.id: one for one in self._topics.subscriptions()} if due else {}
        )
        for id, subject, at, body in due:
            one = by_id.get(id)
            every = one.options.repeat_seconds if one else 0
            connection.execute(
                "UPDATE told SET repeat_at = ? WHERE subscription = ? AND subject = ?",
                (now + every * 1000 if every else None, id, subject),
            )
            if one is None or not every or one.disabled or muted(subject):
                continue
            first = decode(body)
            again = replace(first, id=str(uuid5(NAMESPACE_URL, f"{first.id} {id} {at}")))
            entries.append(self._entry(one, self._topics.arn(one.topic), again))
        return outbox.enqueue(connection, entries)

    def next_reminder(self, connection: sqlite3.Connection) -> int | None:
        """When the next reminder is due, epoch milliseconds."""
        row: Sequence[int | None] = connection.execute("SELECT min(repeat_at) FROM told").fetchone()
        return row[0]
