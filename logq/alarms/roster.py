"""The alarms and mute rules that are defined, read again only when they have changed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from logq.alarms import marks, mute, stored
from logq.alarms.composite import read_rule
from logq.alarms.definition import Alarm, CompositeWatch
from logq.alarms.mute import MuteRule
from logq.database import Database
from logq.model import Definition


class Definitions(Protocol):
    """Where definitions are kept."""

    def put(
        self, kind: str, name: str, body: Mapping[str, Any], *, expected: int | None = None
    ) -> Definition: ...

    def get(self, kind: str, name: str) -> Definition | None: ...

    def list(self, kind: str, *, prefix: str = "") -> tuple[Definition, ...]: ...

    def delete(self, kind: str, name: str) -> bool: ...


@dataclass(frozen=True)
class Roster:
    """Everything that is defined at one moment."""

    alarms: Mapping[str, Alarm]
    versions: Mapping[str, int]
    mutes: tuple[MuteRule, ...]

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """What each composite alarm is made of."""
        return {
            name: read_rule(alarm.watch.rule).children
            for name, alarm in self.alarms.items()
            if isinstance(alarm.watch, CompositeWatch)
        }

    @cached_property
    def parents(self) -> Mapping[str, Sequence[str]]:
        """The composite alarms that name each alarm in their rule."""
        found: dict[str, list[str]] = {}
        for name, children in self.children.items():
            for child in children:
                found.setdefault(child, []).append(name)
        return found

    @cached_property
    def suppressed(self) -> Mapping[str, Sequence[str]]:
        """The composite alarms that each alarm suppresses."""
        found: dict[str, list[str]] = {}
        for name, alarm in self.alarms.items():
            if isinstance(alarm.watch, CompositeWatch) and alarm.watch.suppressor is not None:
                found.setdefault(alarm.watch.suppressor, []).append(name)
        return found

    def muted(self, alarm: Alarm, now: int) -> bool:
        """Whether a mute rule holds an alarm back now (epoch milliseconds)."""
        return any(
            rule.until(now) is not None
            for rule in self.mutes
            if rule.targets(alarm.name, alarm.tags)
        )


class Rosters:
    """Gives the roster of this moment."""

    def __init__(self, database: Database, definitions: Definitions) -> None:
        self._database = database
        self._definitions = definitions
        self._lock = threading.Lock()
        self._last: tuple[int | None, Roster] | None = None

    def now(self) -> Roster:
        """What is defined now, as far as transactions have ended."""
        with self._database.read() as connection:
            mark = marks.mark(connection, marks.CHANGED)
        with self._lock:
            if self._last is not None and self._last[0] == mark:
                return self._last[1]
            roster = self.read()
            self._last = (mark, roster)  # of a later state at worst: then it is read once more
            return roster

    def read(self) -> Roster:
        """What is defined, read from the catalog."""
        found = self._definitions.list(stored.KIND)
        return Roster(
            {each.name: stored.alarm_of(each) for each in found},
            {each.name: each.version for each in found},
            tuple(mute.rule_of(each) for each in self._definitions.list(mute.KIND)),
        )
