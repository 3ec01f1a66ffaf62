"""What a notifier needs to know of a receiver, opened from what is kept of its subscription."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from logq.notify.links import confirming
from logq.notify.message import Receiver
from logq.notify.secrets import Seals
from logq.notify.topic import Subscription
from logq.notify.topics import Topics


class Receivers:
    """Opens addresses, for the moment in which they are needed."""

    def __init__(
        self, topics: Topics, seals: Seals, key: Callable[[], bytes], public_url: str
    ) -> None:
        self._topics = topics
        self._seals = seals
        self._key = key
        self._public_url = public_url

    def receiver(self, one: Subscription, now: int) -> Receiver:
        """Where a subscription goes; ``now`` in epoch ms. Raises StorageError."""
        opened = self._seals.open(one.sealed, one.id)
        topic = self._topics.arn(one.topic)
        token = self.token(one)
        links = {"confirm": confirming(self._public_url, topic, token)}
        return Receiver(
            topic,
            one.arn,
            opened["url"],
            tuple(opened.get("secrets", ())),
            one.options.raw,
            now // 1000,
            token,
            {name: url for name, url in links.items() if url},
        )

    def url(self, one: Subscription) -> str:
        """The address of a subscription."""
        return str(self._seals.open(one.sealed, one.id)["url"])

    def token(self, one: Subscription) -> str:
        """What only the receiver is told, for it to confirm; nothing of it is kept."""
        text = f"confirm\0{one.id}\0{one.topic}\0{self.url(one)}".encode()
        return hmac.digest(self._key(), text, "sha256").hex()
