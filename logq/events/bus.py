"""The bus: an event comes in, and what its rules send goes out in the same transaction."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from logq.arns import Place
from logq.errors import NotFound
from logq.event import MAX_HOPS, Event
from logq.events.envelope import envelope, one_hop_on, rfc3339
from logq.events.matching import Definitions, Matching, Text
from logq.events.rule import Rule, Target
from logq.events.sending import Send, Sending

Count = Callable[[str, Mapping[str, str], float], object]
"""Counts for a metric of LogQ itself: its name, dimensions and how much."""
Report = Callable[[str], None]
"""Tells the person who runs LogQ what was not done."""


class Bus:
    """The one bus of a data directory, ``default``."""

    def __init__(
        self,
        definitions: Definitions,
        place: Place,
        clock: Callable[[], int],
        send: Send,
        report: Report = lambda _: None,
        count: Count = lambda name, dimensions, amount: None,
    ) -> None:
        self._place = place
        self._clock = clock
        self.send = send
        self._report = report
        self.count = count
        self.matching = Matching(definitions)

    def emit(self, connection: sqlite3.Connection, event: Event) -> int:
        """Send an event to the targets of the rules that it matches; to how many.

        In the transaction of ``connection``. An event that too many rules stand behind is dropped.
        """
        index = self.matching.index()
        if not index or not index.may_match(event.source):
            return 0
        document = envelope(event, self._place)
        sent = 0
        for ready in index.matching(document):
            if event.hops >= MAX_HOPS:
                self._report(
                    f"rule {ready.rule.name}: an event of {event.source} was dropped, "
                    f"{event.hops} rules have sent it on already"
                )
                continue
            sent += self.fire(connection, ready.rule, ready.targets, event, document)
        return sent

    def emit_all(self, connection: sqlite3.Connection, events: Iterable[Event]) -> int:
        """Emit several events."""
        return sum(self.emit(connection, event) for event in events)

    def wants(self, source: str) -> bool:
        """Whether any rule is about events of this source."""
        return self.matching.index().may_match(source)

    def fire(
        self,
        connection: sqlite3.Connection,
        rule: Rule,
        targets: Sequence[tuple[Target, Text]],
        event: Event,
        document: Mapping[str, Any],
    ) -> int:
        """Send an event to the targets of one rule; to how many."""
        now, arn = self._clock(), self._place.rule(rule.name)
        reserved = {
            "aws.events.rule-arn": arn,
            "aws.events.rule-name": rule.name,
            "aws.events.event.ingestion-time": rfc3339(now),
        }
        sent = 0
        for target, text in targets:
            sending = Sending(
                str(uuid.uuid5(uuid.NAMESPACE_URL, f"{event.id} {arn} {target.id}")),
                arn,
                rule.name,
                target.arn,
                target.shown,
                text(document, reserved),
                one_hop_on(event),
                event.time,
                now,
                target.retry,
            )
            try:
                self.send(connection, sending)
                sent += 1
                self.count("RuleInvocations", {"RuleName": rule.name}, 1)
            except NotFound as error:
                self.count("RuleFailedInvocations", {"RuleName": rule.name}, 1)
                self._report(f"rule {rule.name}, target {target.id}: {error.message}")
        return sent
