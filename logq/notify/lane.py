"""One lane of the outbox: what is due is sent, and what came of it is noted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from logq.database import Database
from logq.failpoints import reach
from logq.notify import outbox
from logq.notify.batching import batches, by_receiver, message, stale
from logq.notify.bucket import Buckets
from logq.notify.giving_up import DEAD_LETTERS, Count, GivingUp
from logq.notify.notifier import Line, Notifier, notifiers
from logq.notify.outbox import Entry
from logq.notify.receiving import Receivers
from logq.notify.retry import GIVE_UP_SECONDS, Outcome, Plan, Verdict
from logq.notify.secrets import Seals, shown
from logq.notify.sending import Attempt, Sender
from logq.notify.topic import Options, Subscription
from logq.notify.topics import Topics
from logq.notify.transport import Request
from logq.outgoing import HTTP

AT_ONCE = 2000
"""Heads that are looked at together."""
STORED_AT_ONCE = 1000
STORED_BYTES = 4 << 20
"""Events that go into a log group together."""
PAUSE = 15_000
"""Ms that a host which does not answer is left alone, if its entries would not wait longer."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What lanes work with."""

    database: Database
    topics: Topics
    receivers: Receivers
    seals: Seals
    sender: Sender
    give_up: GivingUp
    count: Count
    clock: Callable[[], int]
    chance: Callable[[], float]
    """Random numbers from 0 to 1."""


class Lane:
    """The entries of one lane; used by one thread at a time."""

    def __init__(self, parts: Parts, name: str) -> None:
        self._parts = parts
        self._name = name
        self._buckets = Buckets()
        self.not_before = 0
        """When there may be something to do again, epoch ms."""

    def work(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Send what is due and may be sent now; how many entries are done with."""
        done = 0
        while more := self._pass(stopped):
            done += more
        return done

    def _pass(self, stopped: Callable[[], bool]) -> int:
        now = self._parts.clock()
        if now < self.not_before or stopped():
            return 0
        with self._parts.database.read() as connection:
            stored = outbox.stored(connection, self._name, now, STORED_AT_ONCE)
            heads = [] if stored else outbox.heads(connection, self._name, now, AT_ONCE)
        if stored:
            return self._store(_some(stored))
        waits: list[int] = []
        done = 0
        subscriptions = {one.arn: one for one in self._parts.topics.subscriptions()}
        for entries in by_receiver(heads):
            one = subscriptions.get(entries[0].out.to)
            if entries[0].out.kind != HTTP and (one is None or one.disabled):
                done += self._drop(entries, one)
                continue
            for batch in self._batches(entries, one):
                if stopped():
                    return done
                wait = self._buckets.take(batch[0].out.to, _rate(one), self._parts.clock())
                if wait:
                    waits.append(self._parts.clock() + wait)
                    break
                verdict, gone = self._try(batch, one)
                done += gone
                if verdict.unreachable:
                    self.not_before = self._parts.clock() + PAUSE
                    return done
                if verdict.outcome is Outcome.GONE:
                    break
        self.not_before = min(waits, default=0)
        return done

    def _batches(self, entries: Sequence[Entry], one: Subscription | None) -> list[list[Entry]]:
        if one is None:
            return batches(entries, 1, chat=False, grouped=False)
        grouped = self._parts.topics.get(one.topic).group_seconds > 0
        return batches(entries, _rate(one), _notifier(one).chat, grouped)

    def _drop(self, entries: Sequence[Entry], one: Subscription | None) -> int:
        with self._parts.database.write() as connection:
            if one is None:  # it was removed, and whoever did that wants no more
                outbox.remove(connection, [entry.seq for entry in entries])
            else:
                why = f"the subscription is disabled: {one.disabled}"
                self._parts.give_up(connection, entries, why, one.shown)
        return len(entries)

    def _store(self, entries: Sequence[Entry]) -> int:
        lines = [(e.seq, e.out.created, e.out.stream or "events", e.out.body) for e in entries]
        group = entries[0].out.to
        verdict = self._parts.sender.store(group, lines)
        reach("delivery.after-send")
        plan = Plan(seconds=1 << 40 if group == DEAD_LETTERS else GIVE_UP_SECONDS)
        return self._note(entries, verdict, plan, group, None)

    def _try(self, batch: Sequence[Entry], one: Subscription | None) -> tuple[Verdict, int]:
        behind: list[Entry] = []
        if len(batch) == 1 and stale(batch[0], self._parts.clock()):
            with self._parts.database.read() as connection:
                behind = outbox.behind(connection, batch[0].out.key, batch[0].seq)
        reach("delivery.before-send")
        where = one.shown if one else ""
        try:
            if one is None:
                attempt, where = self._post(batch[0])
            else:
                attempt = self._tell(batch, behind, one)
        except Exception as error:  # a fault of ours must neither stop the others nor lose this
            attempt = Attempt(Verdict(Outcome.LATER, f"it failed inside: {type(error).__name__}"))
        reach("delivery.after-send")
        verdict = attempt.verdict
        if verdict.outcome is Outcome.DELIVERED:
            batch = [*batch, *behind]
        plan = _plan(one.options) if one else _given(batch[0])
        return verdict, self._note(batch, verdict, plan, where, one)

    def _post(self, entry: Entry) -> tuple[Attempt, str]:
        address: Mapping[str, Any] = self._parts.seals.open(entry.out.to, HTTP)
        request = Request(
            address["url"],
            entry.out.body.encode("utf-8", "replace"),
            {"Content-Type": "application/json", "webhook-id": entry.out.id}
            | address.get("headers", {}),
            address.get("method", "POST"),
        )
        return self._parts.sender(request, self._parts.clock()), shown(request.url)

    def _tell(self, batch: Sequence[Entry], behind: Sequence[Entry], one: Subscription) -> Attempt:
        now = self._parts.clock()
        notifier = _notifier(one)
        receiver = self._parts.receivers.receiver(one, now)
        sent = notifier.render(message(batch, behind), receiver)
        if isinstance(sent, Line):
            line = (0, now, "notifications", sent.text)
            return Attempt(self._parts.sender.store(sent.group, [line]))
        return self._parts.sender(sent, now, notifier.judge)

    def _note(
        self,
        entries: Sequence[Entry],
        verdict: Verdict,
        plan: Plan,
        where: str,
        one: Subscription | None,
    ) -> int:
        """Write down what came of an attempt; how many entries are done with."""
        now = self._parts.clock()
        if verdict.after and verdict.outcome in (Outcome.DELIVERED, Outcome.LATER):
            self._buckets.close(entries[0].out.to, now + round(verdict.after * 1000))
        with self._parts.database.write() as connection:
            if verdict.outcome is Outcome.DELIVERED:
                outbox.remove(connection, [entry.seq for entry in entries])
                self._parts.count("Delivered", len(entries))
                return len(entries)
            self._parts.count("Failed", len(entries))
            again = None
            if verdict.outcome is Outcome.LATER:
                head = entries[0]
                first = head.first_try if head.first_try is not None else now
                chance = self._parts.chance()
                again = plan.next_at(head.tried + 1, first, now, verdict.after, chance)
            if again is not None:
                numbers = [entry.seq for entry in entries]
                outbox.postpone(connection, numbers, now, again, verdict.why)
                return 0
            if verdict.outcome is Outcome.GONE and one is not None:
                self._disable(connection, one, verdict.why)
            self._parts.give_up(connection, entries, verdict.why, where)
            return len(entries)

    def _disable(self, connection: sqlite3.Connection, one: Subscription, why: str) -> None:
        self._parts.topics.change_subscription(replace(one, disabled=why))
        connection.execute("DELETE FROM told WHERE subscription = ?", (one.id,))


def _some(entries: Sequence[Entry]) -> list[Entry]:
    """As many of the first entries as go into a log group at once."""
    sizes = accumulate(len(entry.out.body) for entry in entries)
    return [
        entry for entry, size in zip(entries, sizes, strict=True) if size <= STORED_BYTES
    ] or list(entries[:1])


def _notifier(one: Subscription) -> Notifier:
    return notifiers()[one.protocol]


def _rate(one: Subscription | None) -> float:
    if one is None:
        return 20
    return one.options.per_second or _notifier(one).per_second


def _plan(options: Options) -> Plan:
    if options.retries is None:
        return Plan()
    return Plan(
        options.retries + 1,
        GIVE_UP_SECONDS,
        options.min_delay,
        options.max_delay,
        options.backoff,
    )


def _given(entry: Entry) -> Plan:
    seconds = GIVE_UP_SECONDS if entry.out.seconds is None else entry.out.seconds
    return Plan(entry.out.attempts, seconds)
