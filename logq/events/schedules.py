"""Rules that run by the clock: once when one is due, also after a time in which nothing ran."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable

from logq.arns import Place
from logq.database import Database
from logq.events.bus import Bus
from logq.events.envelope import envelope, new_event
from logq.events.matching import Definitions
from logq.events.rule import KIND, Rule, rule_of
from logq.events.schedule import Schedule, parse_schedule
from logq.events.transformer import make
from logq.events.watched import SCHEDULE

REST = 3_600_000
"""Milliseconds until the next look when nothing is due before."""


class Schedules:
    """Fires the rules that have a schedule."""

    def __init__(
        self, definitions: Definitions, database: Database, bus: Bus, place: Place
    ) -> None:
        self._definitions = definitions
        self._database = database
        self._bus = bus
        self._place = place
        self._mark: Hashable = None
        self._rules: list[tuple[Rule, Schedule]] = []

    def tick(self, now: int) -> int:
        """Fire what is due at ``now``; when to be called next. Both in epoch milliseconds."""
        mark = self._definitions.mark()
        if mark != self._mark:
            rules = [rule_of(one) for one in self._definitions.list(KIND)]
            self._rules = [(r, parse_schedule(r.schedule)) for r in rules if r.schedule]
            self._mark = mark
        if not self._rules:
            return now + REST
        return min(self._fire(rule, schedule, now) for rule, schedule in self._rules)

    def _fire(self, rule: Rule, schedule: Schedule, now: int) -> int:
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT schedule, made, due FROM rule_schedules WHERE rule = ?", (rule.name,)
            ).fetchone()
        if row is None or row[:2] != (rule.schedule, rule.created):
            due = schedule.after(rule.updated)
        else:
            due = row[2]
            if due is None or due > now:
                return due or now + REST
        with self._database.write() as connection:
            if due is not None and due <= now:
                if rule.enabled:
                    self._run(connection, rule, now)
                due = schedule.following(due, now)
            connection.execute(
                "INSERT OR REPLACE INTO rule_schedules VALUES (?, ?, ?, ?)",
                (rule.name, rule.schedule, rule.created, due),
            )
        return due if due is not None else now + REST

    def _run(self, connection: sqlite3.Connection, rule: Rule, now: int) -> None:
        event = new_event(SCHEDULE, "Scheduled Event", now, {}, self._place.rule(rule.name))
        targets = [(target, make(target)) for target in rule.targets]
        self._bus.fire(connection, rule, targets, event, envelope(event, self._place))
