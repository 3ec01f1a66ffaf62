"""Where topics and subscriptions are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from logq.arns import Place
from logq.database import Database
from logq.errors import LimitExceeded
from logq.model import Definition
from logq.notify import outbox
from logq.notify.topic import (
    SUBSCRIPTION,
    TOPIC,
    Subscription,
    Topic,
    UnknownSubscription,
    UnknownTopic,
    check_name,
    parts,
    subscription_body,
    subscription_of,
    topic_body,
    topic_of,
)

MAX_SUBSCRIPTIONS = 1000
"""Of one topic: each publication is written once for every subscription."""


class Definitions(Protocol):
    """Where definitions are kept."""

    def put(
        self, kind: str, name: str, body: dict[str, object], *, expected: int | None = None
    ) -> Definition: ...

    def get(self, kind: str, name: str) -> Definition | None: ...

    def list(self, kind: str, *, prefix: str = "") -> Sequence[Definition]: ...

    def delete(self, kind: str, name: str) -> bool: ...


class Topics:
    """The topics of a data directory and their subscriptions."""

    def __init__(self, definitions: Definitions, database: Database, place: Place) -> None:
        self._definitions = definitions
        self._database = database
        self._place = place

    def arn(self, name: str) -> str:
        """The ARN of a topic of this name."""
        return self._place.topic(name)

    def create(self, topic: Topic) -> Topic:
        """Make a topic; raises AlreadyExists and InvalidValue."""
        check_name(topic.name)
        made = self._definitions.put(TOPIC, topic.name, topic_body(topic), expected=0)
        return topic_of(made, self.arn(topic.name))

    def get(self, name: str) -> Topic:
        """A topic by name or ARN; raises UnknownTopic."""
        wanted = parts(name)[0] if name.startswith("arn:") else name
        found = self._definitions.get(TOPIC, wanted)
        if found is None or (name.startswith("arn:") and self.arn(wanted) != name):
            raise UnknownTopic(
                f"there is no topic {wanted!r}", hint="'logq topics list' lists them"
            )
        return topic_of(found, self.arn(wanted))

    def change(self, topic: Topic) -> Topic:
        """Replace what is kept of a topic."""
        return topic_of(self._definitions.put(TOPIC, topic.name, topic_body(topic)), topic.arn)

    def list(self) -> tuple[Topic, ...]:
        """Every topic in name order."""
        return tuple(topic_of(one, self.arn(one.name)) for one in self._definitions.list(TOPIC))

    def delete(self, name: str) -> bool:
        """Delete a topic, its subscriptions and what waits for them; whether it was there."""
        with self._database.write():
            for one in self.subscriptions(name):
                self.unsubscribe(one.id)
            return self._definitions.delete(TOPIC, name)

    def subscribe(self, subscription: Subscription) -> Subscription:
        """Add a subscription; raises UnknownTopic and LimitExceeded."""
        topic = self.get(subscription.topic)
        if len(self.subscriptions(topic.name)) >= MAX_SUBSCRIPTIONS:
            raise LimitExceeded(
                f"a topic has at most {MAX_SUBSCRIPTIONS} subscriptions",
                hint="remove one, or make another topic",
            )
        body = subscription_body(subscription)
        return subscription_of(
            self._definitions.put(SUBSCRIPTION, subscription.id, body, expected=0), topic.arn
        )

    def subscription(self, id: str) -> Subscription:
        """A subscription by id or ARN; raises UnknownSubscription."""
        wanted = parts(id)[1] or "" if id.startswith("arn:") else id
        found = self._definitions.get(SUBSCRIPTION, wanted)
        one = subscription_of(found, self.arn(found.body["topic"])) if found else None
        if one is None or (id.startswith("arn:") and one.arn != id):
            raise UnknownSubscription(
                f"there is no subscription {wanted!r}", hint="'logq subscriptions list' lists them"
            )
        return one

    def change_subscription(self, subscription: Subscription) -> Subscription:
        """Replace what is kept of a subscription."""
        put = self._definitions.put(SUBSCRIPTION, subscription.id, subscription_body(subscription))
        return subscription_of(put, self.arn(subscription.topic))

    def subscriptions(self, topic: str | None = None) -> tuple[Subscription, ...]:
        """The subscriptions of a topic, or all, in order of the time they were made."""
        found = (
            subscription_of(one, self.arn(one.body["topic"]))
            for one in self._definitions.list(SUBSCRIPTION)
            if topic is None or one.body["topic"] == topic
        )
        return tuple(sorted(found, key=lambda one: (one.created, one.id)))

    def unsubscribe(self, id: str) -> bool:
        """Remove a subscription and what waits for it; whether it was there."""
        with self._database.write() as connection:
            found = self._definitions.get(SUBSCRIPTION, id)
            if found is None:
                return False
            arn = subscription_of(found, self.arn(found.body["topic"])).arn
            outbox.forget(connection, arn)
            connection.execute("DELETE FROM told WHERE subscription = ?", (id,))
            return self._definitions.delete(SUBSCRIPTION, id)
