"""Alarms over a real catalog, with metrics, a bus and topics that only remember."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from logq.alarms.alarms import Alarms
from logq.alarms.definition import Actions, Alarm, Check, MetricWatch
from logq.alarms.history import Item, Search
from logq.alarms.log_alarm import Answered
from logq.alarms.state import Missing, State
from logq.app import LogQ
from logq.arns import Place
from logq.errors import NotFound
from logq.event import Event
from logq.metric import DataQuery, Metric, MetricStat, Value, Window
from logq.notification import LogLine, Notification

START = 1_767_607_200_000
"""A full hour."""
DELAY = 5_000
PLACE = Place("us-east-1", "000000000000")
TOPIC = PLACE.topic("people")


@dataclass
class World:
    """Alarms and everything around them."""

    logq: LogQ
    now: int = START
    points: dict[tuple[str, int], float] = field(default_factory=dict)
    """Values by name of the metric and start of the minute, epoch seconds."""
    events: list[Event] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    """Name of the alarm and the state that its topic has heard of."""
    notifications: list[Notification] = field(default_factory=list)
    answers: list[Answered | Exception] = field(default_factory=list)
    reads: int = 0

    def __post_init__(self) -> None:
        self.alarms = self.open()

    def open(self) -> Alarms:
        """Another engine on the same catalog, as after a restart."""
        storage = self.logq.storage
        return Alarms(
            storage.database,
            storage.definitions,
            lambda: self.now,
            PLACE,
            self,
            lambda connection, event: self.events.append(event),
            self.publish,
            self.ask,
            lambda alarm, start, end, most: [LogLine(start, "/app", "s", "a line")],
            delay=DELAY,
        )

    def windows(
        self, asks: Sequence[tuple[MetricStat, Sequence[Window]]]
    ) -> list[list[Value | None]]:
        self.reads += 1
        return [[self._value(stat, window) for window in windows] for stat, windows in asks]

    def evaluate(
        self, queries: Sequence[DataQuery], windows: Sequence[Window]
    ) -> Mapping[str, list[Value | None]]:
        stats = [query.stat for query in queries if query.stat is not None]
        return {query.id: [self._value(stats[0], w) for w in windows] for query in queries}

    def check_queries(self, queries: Sequence[DataQuery], *, alarm: bool = False) -> None:
        """All are right."""

    def _value(self, stat: MetricStat, window: Window) -> Value | None:
        found = [
            self.points[stat.metric.name, second]
            for second in range(window.start, window.end, 60)
            if (stat.metric.name, second) in self.points
        ]
        return Value(sum(found), len(found)) if found else None

    def publish(
        self, connection: sqlite3.Connection, topic_arn: str, notification: Notification
    ) -> None:
        if topic_arn.endswith(":nobody"):
            raise NotFound("there is no such topic")
        self.told.append((notification.subject.name, notification.status))
        self.notifications.append(notification)

    def ask(self, alarm: Alarm, text: str, start: int, end: int, limit: int) -> Answered:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    # ---- what tests do

    def put(self, name: str, **changes: Any) -> None:
        self.alarms.put(alarm(name, **changes))

    def see(self, metric: str, *values: float | None) -> None:
        """Values of the minutes that follow, each evaluated at its end."""
        for value in values:
            if value is not None:
                self.points[metric, self.now // 60_000 * 60] = value
            self.minute()

    def minute(self) -> None:
        """The next minute has ended, and some seconds."""
        self.now = self.now // 60_000 * 60_000 + 60_000 + DELAY
        self.alarms.tick(self.now)

    def state(self, name: str) -> State:
        return self.alarms.get(name).standing.state

    def history(self, name: str, type: str | None = None) -> list[Item]:
        return self.alarms.history(Search(name, type, ascending=True), 1000)


def alarm(
    name: str,
    metric: str | None = None,
    *,
    n: int = 1,
    m: int | None = None,
    missing: Missing = Missing.MISSING,
    threshold: float = 5,
    topic: str = TOPIC,
    period: int = 60,
) -> Alarm:
    """An alarm on the sum of a metric, by default of its own name, above 5."""
    stat = MetricStat(Metric("App", metric or name), "Sum", period)
    check = Check("GreaterThanThreshold", threshold, n, m or n, missing)
    actions = Actions((topic,), (topic,), (topic,))
    return Alarm(name, MetricWatch((DataQuery("m1", stat),), check, period), actions=actions)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with LogQ(tmp_path / "data", clock=lambda: START, environ={}) as logq:
        made = World(logq)
        yield made
        made.alarms.close()
