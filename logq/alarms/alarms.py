"""Alarms as one object: what people define, ask for and set; and the tick that evaluates."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from logq.alarms import contributors, history, marks, mute, standing, stored
from logq.alarms.composite import circle, read_rule
from logq.alarms.contributors import Contributor
from logq.alarms.definition import Alarm, CompositeWatch, MetricWatch
from logq.alarms.history import Item, Search
from logq.alarms.log_alarm import AT_ONCE, Ask, LogAlarms
from logq.alarms.messages import Seen
from logq.alarms.mute import MuteRule, check_mute_rule
from logq.alarms.reasons import composite_data, created_reason, updated_reason
from logq.alarms.roster import Definitions, Roster, Rosters
from logq.alarms.standing import Standing
from logq.alarms.state import State
from logq.alarms.ticking import Count, Lines, Series, Ticking
from logq.alarms.transition import Change, Emit, Publish, Transitions
from logq.alarms.validation import check_alarm, check_tags
from logq.arns import Place
from logq.database import Database
from logq.errors import InvalidValue, NotFound, Protected

MOST_PARENTS = 150

Forget = Callable[[sqlite3.Connection, str], None]
"""Told of the ARN of an alarm that is deleted, in the transaction that does it."""


@dataclass(frozen=True, slots=True)
class Described:
    """An alarm and where it stands."""

    alarm: Alarm
    standing: Standing
    suppressed_by: str | None = None
    """What holds its actions back: ``Alarm``, ``WaitPeriod`` or ``ExtensionPeriod``."""


class Alarms:
    """The alarms of a data directory."""

    def __init__(
        self,
        database: Database,
        definitions: Definitions,
        clock: Callable[[], int],
        place: Place,
        series: Series,
        emit: Emit,
        publish: Publish,
        ask: Ask,
        lines: Lines,
        forget: Forget = lambda connection, arn: None,
        *,
        delay: int = 5_000,
        count: Count = lambda name, amount: None,
    ) -> None:
        """``delay`` is how long (ms) after the end of a period it is evaluated; ``count``
        counts for LogQ's own metrics.
        """
        self._forget = forget
        self._database = database
        self._definitions = definitions
        self._clock = clock
        self._place = place
        self._series = series
        self._rosters = Rosters(database, definitions)
        self._transitions = Transitions(database, place, emit, publish)
        self._log_alarms = LogAlarms(database, self._rosters, ask, clock)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="log-alarms")
        self._ticking = Ticking(
            database,
            self._rosters,
            self._transitions,
            series,
            lines,
            self._start_log_alarms,
            delay=delay,
            count=count,
        )

    def _start_log_alarms(self, alarms: Sequence[Alarm], moment: int) -> None:
        self._log_alarms.start(alarms, moment, self._ticking, self._threads)

    def close(self) -> None:
        """End what runs; queries that wait are not begun."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def muted(self, name: str) -> bool:
        """Whether a mute rule holds an alarm back now."""
        roster = self._rosters.now()
        alarm = roster.alarms.get(name)
        return alarm is not None and roster.muted(alarm, self._clock())

    # ---- definitions

    def put(self, alarm: Alarm) -> Described:
        """Make an alarm, or replace its definition and keep its state; raises InvalidValue."""
        check_alarm(alarm)
        if isinstance(alarm.watch, MetricWatch) and alarm.watch.stat is None:
            self._series.check_queries(alarm.watch.queries, alarm=True)
        with self._database.write() as connection:
            self._check_references(alarm)
            old = self._definitions.get(stored.KIND, alarm.name)
            previous = stored.alarm_of(old) if old else None
            if previous is not None:
                alarm = _update_of(previous, alarm)
            made = self._definitions.put(stored.KIND, alarm.name, stored.body_of(alarm))
            alarm = stored.alarm_of(made)
            marks.changed(connection)
            now = self._clock()
            present = standing.find(connection, alarm.name) or standing.initial(alarm.name, now)
            present = replace(present, version=made.version)
            standing.store(connection, present)
            operation = "create" if previous is None else "update"
            self._transitions.configured(connection, alarm, operation, present, previous, now)
            if isinstance(alarm.watch, CompositeWatch):
                self._evaluate_composite(connection, alarm, made.version, previous is None, now)
            present = standing.find(connection, alarm.name) or present
        return Described(alarm, present)

    def _check_references(self, alarm: Alarm) -> None:
        watch = alarm.watch
        if not isinstance(watch, CompositeWatch):
            return
        roster = self._rosters.read()
        children = read_rule(watch.rule).children
        named = [*children, *([watch.suppressor] if watch.suppressor else [])]
        missing = [name for name in named if name not in roster.alarms and name != alarm.name]
        if missing:
            raise InvalidValue(
                f"there is no alarm {missing[0]!r}, which the rule names",
                hint="put that alarm first; names with spaces stand between double quotes",
            )
        way = circle(alarm.name, {**roster.children, alarm.name: children})
        if way:
            raise InvalidValue(
                f"the composite alarm would depend on itself: {' -> '.join(way)}",
                hint="take one of them out of a rule",
            )
        for child in children:
            parents = {*roster.parents.get(child, ()), alarm.name}
            if len(parents) > MOST_PARENTS:
                raise InvalidValue(f"an alarm is in the rules of at most {MOST_PARENTS} others")

    def _evaluate_composite(
        self, connection: sqlite3.Connection, alarm: Alarm, version: int, new: bool, now: int
    ) -> None:
        assert isinstance(alarm.watch, CompositeWatch)
        roster = self._with(alarm, version)
        rule = read_rule(alarm.watch.rule)
        known = standing.states(connection, rule.children)
        holds = rule.holds({child: known[child].state for child in known})
        state = State.ALARM if holds else State.OK
        children = self._transitions.triggering(known, state, list(known.values()))
        say = created_reason if new else updated_reason
        reason = say(self._place.alarm(alarm.name), state)
        change = Change(alarm, state, reason, composite_data(children), Seen(children=children))
        if self._transitions.change(connection, change, roster, now) is not None:
            self._transitions.settle(connection, {alarm.name: state}, roster, now)

    def _with(self, alarm: Alarm, version: int) -> Roster:
        roster = self._rosters.read()
        return Roster(
            {**roster.alarms, alarm.name: alarm},
            {**roster.versions, alarm.name: version},
            roster.mutes,
        )

    def get(self, name: str) -> Described:
        """An alarm; raises NotFound."""
        found = self.find(name)
        if found is None:
            raise _unknown(name)
        return found

    def find(self, name: str) -> Described | None:
        """An alarm, or None."""
        with self._database.read() as connection:
            present = standing.find(connection, name)
        found = self._definitions.get(stored.KIND, name)
        if found is None or present is None:
            return None
        return self._described(stored.alarm_of(found), present, {})

    def describe(self) -> list[Described]:
        """All alarms in order of their names."""
        roster = self._rosters.now()
        with self._database.read() as connection:
            present = standing.everything(connection)
        return [
            self._described(alarm, present[name], present)
            for name, alarm in sorted(roster.alarms.items())
            if name in present
        ]

    def _described(
        self, alarm: Alarm, present: Standing, others: Mapping[str, Standing]
    ) -> Described:
        watch = alarm.watch
        if not isinstance(watch, CompositeWatch) or watch.suppressor is None:
            return Described(alarm, present)
        suppressor = others.get(watch.suppressor)
        if suppressor is None:
            with self._database.read() as connection:
                suppressor = standing.find(connection, watch.suppressor)
        by = present.held.by(suppressor.state if suppressor else None)
        return Described(alarm, present, by)

    def children(self) -> Mapping[str, tuple[str, ...]]:
        """What each composite alarm is made of."""
        return self._rosters.now().children

    def delete(self, name: str) -> bool:
        """Delete an alarm, but not its history; whether it was there.

        Raises Protected if a composite alarm names it.
        """
        with self._database.write() as connection:
            found = self._definitions.get(stored.KIND, name)
            present = standing.find(connection, name)
            if found is None or present is None:
                return False
            roster = self._rosters.read()
            users = [*roster.parents.get(name, ()), *roster.suppressed.get(name, ())]
            if users:
                raise Protected(
                    f"the alarm {name!r} is named by the composite alarm {users[0]!r}",
                    hint="delete or change that one first",
                )
            self._definitions.delete(stored.KIND, name)
            standing.forget(connection, name)
            self._forget(connection, self._place.alarm(name))
            marks.changed(connection)
            alarm = stored.alarm_of(found)
            now = self._clock()
            self._transitions.configured(connection, alarm, "delete", present, None, now)
        return True

    def change(self, name: str, change: Callable[[Alarm], Alarm]) -> Alarm:
        """Change something of an alarm; raises NotFound and InvalidValue."""
        with self._database.write() as connection:
            found = self._definitions.get(stored.KIND, name)
            present = standing.find(connection, name)
            if found is None or present is None:
                raise _unknown(name)
            previous = stored.alarm_of(found)
            alarm = change(previous)
            check_tags(len(alarm.tags))
            if alarm == previous:
                return alarm
            made = self._definitions.put(stored.KIND, name, stored.body_of(alarm))
            standing.store(connection, replace(present, version=made.version))
            marks.changed(connection)
            alarm = stored.alarm_of(made)
            self._transitions.configured(
                connection, alarm, "update", present, previous, self._clock()
            )
        return alarm

    def enable(self, name: str, enabled: bool) -> None:
        """Let an alarm tell its topics of changes, or not; raises NotFound."""

        def switch(alarm: Alarm) -> Alarm:
            return replace(alarm, actions=replace(alarm.actions, enabled=enabled))

        self.change(name, switch)

    # ---- states

    def set_state(self, name: str, state: State, reason: str, data: str | None = None) -> None:
        """Put an alarm into a state until it is evaluated next; raises NotFound."""
        roster = self._rosters.now()
        alarm = roster.alarms.get(name)
        if alarm is None:
            raise _unknown(name)
        now = self._clock()
        with self._database.write() as connection:
            change = Change(alarm, state, reason, data)
            if self._transitions.change(connection, change, roster, now) is not None:
                self._transitions.settle(connection, {name: state}, roster, now)

    def history(self, wanted: Search, most: int) -> list[Item]:
        """What alarms did, also those that were deleted."""
        with self._database.read() as connection:
            return history.find(connection, wanted, most)

    def history_behind(self, id: int, most: int) -> list[Item]:
        """The items of all histories that were written after one, in their order."""
        with self._database.read() as connection:
            return history.behind(connection, id, most)

    def contributors(self, name: str) -> list[Contributor]:
        """The series of a log alarm; raises NotFound."""
        self.get(name)
        with self._database.read() as connection:
            return list(contributors.load(connection, name).values())

    def tick(self, now: int) -> int:
        """Evaluate what is due; when to be called next, epoch milliseconds."""
        return self._ticking.tick(now)

    # ---- mute rules

    def put_mute(self, rule: MuteRule) -> MuteRule:
        """Make or replace a mute rule; raises InvalidValue."""
        check_mute_rule(rule)
        with self._database.write() as connection:
            made = self._definitions.put(mute.KIND, rule.name, mute.body_of(rule))
            marks.changed(connection)
        return mute.rule_of(made)

    def get_mute(self, name: str) -> MuteRule:
        """A mute rule; raises NotFound."""
        found = self._definitions.get(mute.KIND, name)
        if found is None:
            raise NotFound(f"there is no mute rule {name!r}", hint="'logq alarms mute' lists them")
        return mute.rule_of(found)

    def list_mutes(self) -> list[MuteRule]:
        """All mute rules in order of their names."""
        return [mute.rule_of(each) for each in self._definitions.list(mute.KIND)]

    def delete_mute(self, name: str) -> bool:
        """Delete a mute rule; whether it was there. What it kept back is told at the next tick."""
        with self._database.write() as connection:
            there = self._definitions.delete(mute.KIND, name)
            marks.changed(connection)
        return there


def _update_of(previous: Alarm, new: Alarm) -> Alarm:
    """What replaces an alarm: tags stay, and how far it looks back; raises InvalidValue."""
    if previous.type != new.type:
        raise InvalidValue(
            f"{new.name!r} is a {previous.type} alarm already",
            hint="choose another name, or delete that one first",
        )
    watch = new.watch
    if isinstance(watch, MetricWatch) and isinstance(previous.watch, MetricWatch):
        watch = replace(watch, extra=previous.watch.extra)
    return replace(new, watch=watch, tags=previous.tags)


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no alarm {name!r}", hint="'logq alarms list' lists them")
