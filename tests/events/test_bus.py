"""An event on the bus goes to the targets of its rules, in its own transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from logq.arns import Place
from logq.errors import InvalidValue, NotFound
from logq.event import MAX_HOPS, Event
from logq.events.bus import Bus
from logq.events.envelope import envelope, new_event
from logq.events.rule import Rule, Target, body_of
from logq.events.sending import Sending
from logq.storage import Storage

NOW = 1_795_510_800_000
PLACE = Place("us-east-1", "000000000000")


class Town:
    """A data directory with rules, and what they have sent."""

    def __init__(self, path: Path) -> None:
        self.storage = Storage.open(path, lambda: NOW)
        self.sent: list[Sending] = []
        self.told: list[str] = []
        self.bus = self.another()

    def another(self) -> Bus:
        return Bus(self.storage.definitions, PLACE, lambda: NOW, self.send, self.told.append)

    def send(self, connection: sqlite3.Connection, sending: Sending) -> None:
        if sending.target == "gone":
            raise NotFound("there is no topic 'gone'")
        assert connection.in_transaction
        self.sent.append(sending)

    def rule(self, name: str, pattern: Any, *targets: str, **options: Any) -> None:
        there = tuple(Target(f"t{at}", arn) for at, arn in enumerate(targets))
        rule = Rule(name, json.dumps(pattern), targets=there, **options)
        self.storage.definitions.put("rule", name, body_of(rule))

    def emit(self, event: Event) -> list[tuple[str, str]]:
        self.sent.clear()
        with self.storage.database.write() as connection:
            self.bus.emit(connection, event)
        return sorted((one.name, one.target) for one in self.sent)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    with made.storage:
        yield made


EVENT = new_event("shop", "Order", NOW, {"total": 5}, "arn:x")


def test_the_envelope_is_that_of_eventbridge() -> None:
    assert envelope(EVENT, PLACE) == {
        "version": "0",
        "id": EVENT.id,
        "detail-type": "Order",
        "source": "shop",
        "account": "000000000000",
        "time": "2026-11-24T09:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:x"],
        "detail": {"total": 5},
    }


def test_rules_are_found_whatever_their_patterns_fix(town: Town) -> None:
    town.rule("both", {"source": ["shop"], "detail-type": ["Order", "Return"]}, "a")
    town.rule("source", {"source": ["shop", "other"]}, "b")
    town.rule("type", {"detail-type": ["Order"]}, "c")
    town.rule("neither", {"detail": {"total": [{"numeric": [">", 4]}]}}, "d", "e")
    town.rule("prefix", {"source": [{"prefix": "sh"}]}, "f")
    town.rule("other-source", {"source": ["other"]}, "x")
    town.rule("other-detail", {"source": ["shop"], "detail": {"total": [6]}}, "x")
    town.rule("off", {"source": ["shop"]}, "x", enabled=False)
    town.rule("withheld", {"detail-type": ["Order"]}, "x", withheld=("shop",))

    assert [target for _, target in town.emit(EVENT)] == ["a", "d", "e", "f", "b", "c"]


def test_a_changed_rule_counts_from_its_change_on_in_every_process(town: Town) -> None:
    town.rule("r", {"source": ["shop"]}, "a")
    assert town.emit(EVENT) == [("r", "a")]

    with Storage.open(town.storage.directory.root, lambda: NOW) as other:
        rule = Rule("r", '{"source": ["shop"]}', targets=(Target("t", "b"),))
        other.definitions.put("rule", "r", body_of(rule))

    assert town.emit(EVENT) == [("r", "b")]


def test_a_rule_of_a_transaction_that_is_taken_back_matches_nothing_afterwards(town: Town) -> None:
    with pytest.raises(InvalidValue), town.storage.database.write() as connection:
        town.rule("r", {"source": ["shop"]}, "a")
        town.bus.emit(connection, EVENT)
        raise InvalidValue("taken back")
    assert len(town.sent) == 1

    town.rule("other", {"source": ["elsewhere"]}, "a")

    assert town.emit(EVENT) == []


def test_what_is_sent_says_where_it_comes_from(town: Town) -> None:
    town.rule("r", {"source": ["shop"]}, "a")
    town.emit(EVENT)
    first = town.sent[0]
    town.emit(EVENT)

    assert (first.origin, first.name) == (PLACE.rule("r"), "r")
    assert json.loads(first.body)["detail"] == {"total": 5}
    assert (first.event.hops, first.time) == (1, NOW)
    assert town.sent[0].id == first.id


def test_an_event_that_runs_in_a_circle_is_dropped_and_told_of(town: Town) -> None:
    town.rule("r", {"source": ["shop"]}, "a")

    assert town.emit(replace(EVENT, hops=MAX_HOPS - 1)) == [("r", "a")]
    assert town.emit(replace(EVENT, hops=MAX_HOPS)) == []
    assert "5 rules have sent it on already" in town.told[0]


def test_a_target_that_is_gone_does_not_hold_up_the_others(town: Town) -> None:
    town.rule("r", {"source": ["shop"]}, "gone", "a")

    assert town.emit(EVENT) == [("r", "a")]
    assert town.told == ["rule r, target t0: there is no topic 'gone'"]
