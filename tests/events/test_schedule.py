"""Schedules: when a rule is due, and that it runs once however long nothing ran."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from logq.arns import Place
from logq.errors import InvalidValue
from logq.events.bus import Bus
from logq.events.rule import Rule, Target, body_of
from logq.events.schedule import parse_schedule
from logq.events.schedules import Schedules
from logq.events.sending import Sending
from logq.storage import Storage


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


TIMES = [
    ("cron(0 9 * * ? *)", "2026-11-24T09:00", "2026-11-25T09:00"),
    ("cron(0 9 ? * MON-FRI *)", "2026-11-27T10:00", "2026-11-30T09:00"),
    ("cron(0/15 * * * ? *)", "2026-11-24T09:16", "2026-11-24T09:30"),
    ("cron(5,35 14 * * ? *)", "2026-11-24T14:05", "2026-11-24T14:35"),
    ("cron(0 0 L * ? *)", "2026-02-10T00:00", "2026-02-28T00:00"),
    ("cron(0 0 ? * 6L *)", "2026-11-01T00:00", "2026-11-27T00:00"),
    ("cron(0 0 ? * TUE#2 *)", "2026-11-01T00:00", "2026-11-10T00:00"),
    ("cron(0 0 1W * ? *)", "2026-10-31T00:00", "2026-11-02T00:00"),
    ("cron(0 0 LW * ? *)", "2026-10-01T00:00", "2026-10-30T00:00"),
    ("cron(0 0 29 FEB ? *)", "2026-01-01T00:00", "2028-02-29T00:00"),
    ("cron(0 0 1 1 ? 2030)", "2026-01-01T00:00", "2030-01-01T00:00"),
    ("rate(1 minute)", "2026-11-24T09:00", "2026-11-24T09:01"),
    ("rate(2 days)", "2026-11-24T09:00", "2026-11-26T09:00"),
]


@pytest.mark.parametrize(("text", "start", "expected"), TIMES, ids=[t[0] for t in TIMES])
def test_the_next_time(text: str, start: str, expected: str) -> None:
    assert parse_schedule(text).after(ms(start)) == ms(expected)


def test_a_schedule_that_is_over_has_no_next_time() -> None:
    assert parse_schedule("cron(0 0 1 1 ? 2020)").after(ms("2026-01-01T00:00")) is None
    assert parse_schedule("cron(0 0 31 2 ? *)").after(ms("2190-01-01T00:00")) is None


FAULTS = [
    *("rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(5 weeks)", "every day"),
    *("cron(0 9 * * *)", "cron(0 9 * * * *)", "cron(0 9 ? * ? *)", "cron(60 9 * * ? *)"),
    *("cron(0 9 * * MON ?)", "cron(a 9 * * ? *)", "cron(5-1 9 * * ? *)", "cron(0/0 9 * * ? *)"),
]


@pytest.mark.parametrize("text", FAULTS)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_schedule(text)


class Clocked:
    """A data directory with rules by the clock."""

    def __init__(self, path: Path) -> None:
        self.now = ms("2026-11-24T09:00")
        self.storage = Storage.open(path, lambda: self.now)
        self.sent: list[tuple[str, int]] = []
        self.schedules = self.another()

    def another(self) -> Schedules:
        place = Place("us-east-1", "000000000000")
        bus = Bus(self.storage.definitions, place, lambda: self.now, self.send)
        return Schedules(self.storage.definitions, self.storage.database, bus, place)

    def send(self, connection: sqlite3.Connection, sending: Sending) -> None:
        assert '"detail-type":"Scheduled Event"' in sending.body
        self.sent.append((sending.name, self.now))

    def rule(self, name: str, schedule: str, *, enabled: bool = True) -> None:
        rule = Rule(name, schedule=schedule, enabled=enabled, targets=(Target("t", "arn"),))
        self.storage.definitions.put("rule", name, body_of(rule))

    def tick(self, at: str) -> int:
        self.now = ms(at)
        return self.schedules.tick(self.now)


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[Clocked]:
    made = Clocked(tmp_path)
    with made.storage:
        yield made


def test_a_rule_runs_when_it_is_due_and_once_after_a_long_pause(clocked: Clocked) -> None:
    clocked.rule("r", "rate(10 minutes)")

    assert clocked.tick("2026-11-24T09:00") == ms("2026-11-24T09:10")
    assert clocked.tick("2026-11-24T09:09") == ms("2026-11-24T09:10")
    assert clocked.sent == []
    assert clocked.tick("2026-11-24T09:10") == ms("2026-11-24T09:20")
    clocked.schedules = clocked.another()
    assert clocked.tick("2026-11-24T12:05") == ms("2026-11-24T12:10")
    assert clocked.sent == [("r", ms("2026-11-24T09:10")), ("r", ms("2026-11-24T12:05"))]


def test_a_changed_target_leaves_the_times_and_a_changed_schedule_does_not(
    clocked: Clocked,
) -> None:
    clocked.rule("r", "rate(10 minutes)")
    clocked.tick("2026-11-24T09:00")
    clocked.now = ms("2026-11-24T09:05")
    clocked.rule("r", "rate(10 minutes)")
    assert clocked.tick("2026-11-24T09:05") == ms("2026-11-24T09:10")

    clocked.rule("r", "rate(1 hour)")

    assert clocked.tick("2026-11-24T09:05") == ms("2026-11-24T10:05")


def test_a_disabled_rule_does_not_run_and_does_not_catch_up(clocked: Clocked) -> None:
    clocked.rule("r", "rate(10 minutes)", enabled=False)
    clocked.tick("2026-11-24T09:00")
    clocked.tick("2026-11-24T09:30")
    clocked.rule("r", "rate(10 minutes)")

    assert clocked.tick("2026-11-24T09:35") == ms("2026-11-24T09:40")
    assert clocked.sent == []
