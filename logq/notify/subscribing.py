"""Making and changing subscriptions: addresses are checked, sealed and, where it must be, asked."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from logq.database import Database
from logq.errors import InvalidValue
from logq.notification import Notification, Subject
from logq.notify import outbox, signing
from logq.notify.notifier import Notifier, notifier
from logq.notify.publishing import Matcher, key
from logq.notify.receiving import Receivers
from logq.notify.retry import BACKOFFS
from logq.notify.secrets import Seals, shown
from logq.notify.topic import Options, Subscription
from logq.notify.topics import Topics
from logq.notify.wording import encode
from logq.outgoing import SUBSCRIPTION, Outgoing

CONFIRM_SECONDS = 3 * 86_400
MAX_URL = 4096


def check_options(options: Options, matches: Matcher | None) -> Options:
    """The same options; raises InvalidValue. Without ``matches`` there are no filter policies."""
    if options.filter_policy is not None:
        if matches is None:
            raise InvalidValue("filter policies are not available here")
        matches(options.filter_policy, {})
    if options.filter_scope not in ("MessageAttributes", "MessageBody"):
        raise InvalidValue("a filter policy looks at MessageAttributes or at MessageBody")
    _within("repeat_seconds", options.repeat_seconds, 60, 7 * 86_400, zero=True)
    if options.per_second is not None and not 0.01 <= options.per_second <= 1000:
        raise InvalidValue("per_second is a number from 0.01 to 1000")
    if options.retries is not None:
        _within("retries", options.retries, 0, 100)
    _within("min_delay", options.min_delay, 1, 3600)
    _within("max_delay", options.max_delay, options.min_delay, 3600)
    if options.backoff not in BACKOFFS:
        raise InvalidValue(f"backoff is one of {', '.join(BACKOFFS)}")
    return options


def _within(name: str, value: int, least: int, most: int, *, zero: bool = False) -> None:
    if not (least <= value <= most or (zero and value == 0)):
        also = "0 or " if zero else ""
        raise InvalidValue(f"{name} is {also}a number from {least} to {most}, not {value}")


class Subscribing:
    """Adds subscriptions, and confirms and changes them."""

    def __init__(
        self,
        topics: Topics,
        receivers: Receivers,
        seals: Seals,
        database: Database,
        clock: Callable[[], int],
        matches: Matcher | None,
    ) -> None:
        self._topics = topics
        self._receivers = receivers
        self._seals = seals
        self._database = database
        self._clock = clock
        self._matches = matches

    def subscribe(
        self,
        topic: str,
        protocol: str,
        endpoint: str,
        options: Options | None = None,
        *,
        secret: str | None = None,
        owner: str = "",
        confirmed: bool | None = None,
    ) -> tuple[Subscription, str | None]:
        """Add a receiver to a topic; the subscription and the secret that signs its messages.

        The same receiver again gives the subscription that is there, without its secret.
        ``confirmed`` None: as the protocol wants it. Raises InvalidValue and UnknownTopic.
        """
        kind = notifier(protocol)
        if len(endpoint) > MAX_URL or "\0" in endpoint:
            raise InvalidValue(f"the address is longer than {MAX_URL} characters, or holds NUL")
        lane = kind.check(endpoint)
        options = check_options(options or Options(), self._matches)
        with self._database.write() as connection:
            found = self._topics.get(topic)
            for one in self._topics.subscriptions(found.name):
                if one.protocol == protocol and self._receivers.url(one) == endpoint:
                    return one, None
            secrets = _secrets(kind, secret)
            id = str(uuid4())
            made = self._topics.subscribe(
                Subscription(
                    id,
                    "",
                    found.name,
                    protocol,
                    endpoint if protocol == "log-group" else shown(endpoint),
                    lane,
                    self._seals.seal({"url": endpoint, "secrets": secrets}, id),
                    options,
                    signed=bool(secrets),
                    pending=kind.confirms if confirmed is None else not confirmed,
                    owner=owner,
                )
            )
            if made.pending:
                outbox.enqueue(connection, [self._question(made, found.arn)])
        return made, secrets[0] if secrets else None

    def _question(self, one: Subscription, topic: str) -> Outgoing:
        now = self._clock()
        told = Notification(str(uuid4()), "confirmation", "", "", "", Subject("", ""), now)
        return Outgoing(
            told.id, key(one, told), SUBSCRIPTION, one.arn, one.lane, encode(told), now,
            source=topic,
        )  # fmt: skip

    def confirm(self, topic: str, token: str) -> Subscription:
        """The receiver wants it, as it shows by the token; raises InvalidValue."""
        for one in self._topics.subscriptions(self._topics.get(topic).name):
            if hmac.compare_digest(self._receivers.token(one).encode(), token.encode()):
                late = one.created + CONFIRM_SECONDS * 1000 < self._clock()
                if one.pending and late:
                    break
                return self._topics.change_subscription(replace(one, pending=False))
        raise InvalidValue(
            "the token fits no subscription of the topic, or is older than three days",
            hint="subscribe again for a new one",
        )

    def change(self, one: Subscription, changes: Mapping[str, Any]) -> Subscription:
        """Give a subscription other options; raises InvalidValue."""
        options = check_options(replace(one.options, **changes), self._matches)
        return self._topics.change_subscription(replace(one, options=options))

    def enable(self, one: Subscription) -> Subscription:
        """Tell a receiver again that had wanted no more."""
        return self._topics.change_subscription(replace(one, disabled=""))

    def rotate(self, one: Subscription, *, drop: bool = False) -> str:
        """A new signing secret; messages carry signatures of it and of the one before it.

        ``drop`` leaves out the one before. Raises InvalidValue for what is not signed.
        """
        if not notifier(one.protocol).signs:
            raise InvalidValue(f"messages to {one.protocol} are not signed")
        with self._database.write():
            opened = self._seals.open(one.sealed, one.id)
            made = signing.new_secret()
            before = [] if drop else list(opened.get("secrets", ()))
            opened["secrets"] = [made, *before][: signing.MAX_SECRETS - 1]
            sealed = self._seals.seal(opened, one.id)
            self._topics.change_subscription(replace(one, sealed=sealed, signed=True))
        return made


def _secrets(kind: Notifier, secret: str | None) -> list[str]:
    if not kind.signs:
        if secret:
            raise InvalidValue(f"messages to {kind.name} are not signed")
        return []
    if secret:
        signing.key(secret)
    return [secret or signing.new_secret()]
