"""What watches a data directory: metrics, alarms, events and notifications, wired to each other."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from logq.arns import Place
from logq.errors import InvalidValue, LogQError
from logq.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.alarms.alarms import Alarms
    from logq.alarms.definition import Alarm
    from logq.alarms.log_alarm import Answered, Ask
    from logq.appending import Accept
    from logq.events.bus import Bus
    from logq.events.forwarding import Forwarding
    from logq.events.schedules import Schedules
    from logq.metrics.counting import Counting
    from logq.metrics.metrics import Metrics
    from logq.metrics.own import Own
    from logq.model import Change
    from logq.notify.notify import Notify
    from logq.query.reading import Reader
    from logq.storage import Storage
    from logq.storage.events import Effect, Watch


_MINUTE, _SOON = 60_000, 500
_STEPS = 5
"""How much of the upkeep of metrics is done without a pause."""


class Monitoring:
    """The engines that watch one data directory; each is built when it is first asked for."""

    def __init__(
        self,
        storage: Storage,
        clock: Callable[[], int],
        settings: Settings,
        place: Place,
        key: Callable[[str], bytes],
        report: Callable[[str], None],
        accept: Accept,
        reader: Callable[[], Reader],
    ) -> None:
        """``key`` derives a key for a purpose; ``report`` tells what was not done."""
        self.ask: Ask = _nobody
        """Runs the queries of log alarms; set by whoever has worker processes."""
        self.nudge: Callable[[], None] = lambda: None
        """Has the rounds look at once what is due, where they are made."""
        self._reader = reader
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._place = place
        self._key = key
        self._report = report
        self._accept = accept
        self.notifications: dict[str, int] = {}
        """How many were ``Delivered``, have ``Failed`` once, or are ``Dead``, since the start."""

    @cached_property
    def metrics(self) -> Metrics:
        """Datapoints and their statistics."""
        from logq.metrics.metrics import Metrics

        return Metrics(self._storage.database, self._clock, self._settings)

    @cached_property
    def counting(self) -> Counting:
        """The metric filters at work."""
        from logq.metrics.counting import Counting

        storage = self._storage
        return Counting(
            storage.groups,
            storage.definitions,
            storage.database,
            lambda connection, data: self.metrics.add(connection, data),  # which loads its language
            self._clock,
            self.own.count,
        )

    @cached_property
    def own(self) -> Own:
        """What LogQ counts of itself."""
        from logq.metrics import cells
        from logq.metrics.own import Own

        return Own(self._storage.database, self._clock, cells.add)

    def keep(self, now: int) -> int:
        """Store what LogQ counted of itself and look after old datapoints; when to come again.

        Epoch milliseconds. Nothing in it takes long: what is left is done the next time.
        """
        self.own.publish()
        for _ in range(_STEPS):
            if not self.metrics.upkeep(now):
                return now // _MINUTE * _MINUTE + _MINUTE
        return now + _SOON

    @cached_property
    def watch(self) -> Watch:
        """What looks at every batch of events that is accepted."""
        return watching([self.counting.watch, self.forwarding.watch, self.own.watch])

    @cached_property
    def notify(self) -> Notify:
        """Topics, subscriptions and the outbox."""
        from logq.appending import Appending
        from logq.notify.notify import Around, Notify

        around = Around(
            Appending(self._storage, self._accept),
            lambda connection, event: self.bus.emit(connection, event),
            self._count_notifications,
            lambda arn: self.alarms.muted(arn.rpartition(":alarm:")[2]),
            matches=_matches,
            public_url=self._settings.public_url,
            allow=self._settings.notify_allow,
        )
        return Notify(
            self._storage.definitions,
            self._storage.database,
            self._clock,
            self._place,
            lambda: self._key("notifications"),
            around,
        )

    @cached_property
    def bus(self) -> Bus:
        """Events and the rules that send them on."""
        from logq.dispatch import Dispatch
        from logq.events.bus import Bus

        dispatch = Dispatch(
            lambda: self.notify, lambda connection, data: self.metrics.add(connection, data)
        )
        return Bus(
            self._storage.definitions,
            self._place,
            self._clock,
            dispatch,
            self._report,
            self.own.count,
        )

    @cached_property
    def schedules(self) -> Schedules:
        """Rules that run by the clock."""
        from logq.events.schedules import Schedules

        return Schedules(self._storage.definitions, self._storage.database, self.bus, self._place)

    @cached_property
    def forwarding(self) -> Forwarding:
        """Subscription filters."""
        from logq.events.forwarding import Forwarding

        return Forwarding(
            self._storage.definitions, self.bus, self._place, self._clock, self._report
        )

    def _count_notifications(self, outcome: str, amount: int) -> None:
        self.notifications[outcome] = self.notifications.get(outcome, 0) + amount
        self.own.count(f"Notifications{outcome}", {}, amount)

    @cached_property
    def alarms(self) -> Alarms:
        """Alarms, their states and mute rules."""
        from logq.alarms.alarms import Alarms
        from logq.evidence import evidence

        storage = self._storage
        return Alarms(
            storage.database,
            storage.definitions,
            self._clock,
            self._place,
            self.metrics,
            self.bus.emit,
            self.notify.publish,
            lambda *asked: self.ask(*asked),
            evidence(lambda *asked: self.ask(*asked), self._reader, storage.definitions),
            self.notify.forget,
            delay=self._settings.evaluation_delay * 1000,
            count=lambda name, amount: self.own.count(name, {}, amount),
        )

    def close(self) -> None:
        """End what runs beside the callers, and store what was counted if that is possible."""
        if "alarms" in self.__dict__:
            self.alarms.close()
        if "own" in self.__dict__:
            with suppress(LogQError):
                self.own.publish(whole=True)

    def changed(self, connection: sqlite3.Connection, change: Change) -> None:
        """A log group or a definition was changed, in the transaction of ``connection``."""
        from logq.events.watched import CONFIG, QUIET, changed

        if change.kind not in QUIET and self.bus.wants(CONFIG):
            self.bus.emit(connection, changed(change, self._place, self._clock()))


def _nobody(alarm: Alarm, text: str, start: int, end: int, limit: int) -> Answered:
    raise InvalidValue("nobody runs queries here", hint="run 'logq serve'")


def _matches(pattern: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    from logq.events.pattern import parse_event_pattern

    return parse_event_pattern(json.dumps(pattern)).matches(document)


def watching(watches: Sequence[Watch]) -> Watch:
    """Several watches as one; the effects of all are one effect."""

    def watch(group: str, batch: pa.Table) -> Effect | None:
        effects = [effect for each in watches if (effect := each(group, batch)) is not None]
        if not effects:
            return None

        def together(connection: sqlite3.Connection) -> None:
            for effect in effects:
                effect(connection)

        return together

    return watch
