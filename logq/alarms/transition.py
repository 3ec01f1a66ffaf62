"""An alarm changes its state: state, history, event and notifications, all or nothing.

What is here runs inside a transaction of the caller. Times are epoch milliseconds.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from logq.alarms import history, messages, standing
from logq.alarms.composite import read_rule, upwards
from logq.alarms.definition import Alarm, CompositeWatch
from logq.alarms.messages import Seen
from logq.alarms.reasons import composite_data, composite_reason
from logq.alarms.roster import Roster
from logq.alarms.standing import Standing
from logq.alarms.state import State
from logq.arns import Place
from logq.database import Database
from logq.errors import LogQError
from logq.event import Event
from logq.failpoints import reach
from logq.notification import Notification

STATE_CHANGE = "CloudWatch Alarm State Change"
CONFIGURATION_CHANGE = "CloudWatch Alarm Configuration Change"
SOURCE = "aws.cloudwatch"


class Emit(Protocol):
    """Gives an event to the bus, in a transaction."""

    def __call__(self, connection: sqlite3.Connection, event: Event) -> object: ...


class Publish(Protocol):
    """Gives a notification to a topic, in a transaction; raises NotFound."""

    def __call__(
        self, connection: sqlite3.Connection, topic_arn: str, notification: Notification
    ) -> object: ...


@dataclass(frozen=True, slots=True)
class Change:
    """A state that an evaluation came to."""

    alarm: Alarm
    state: State
    reason: str
    data: str | None
    seen: Seen = Seen()


class Transitions:
    """Changes states, and tells everybody who wants to know."""

    def __init__(self, database: Database, place: Place, emit: Emit, publish: Publish) -> None:
        self._database = database
        self._place = place
        self._emit = emit
        self._publish = publish

    def change(
        self, connection: sqlite3.Connection, change: Change, roster: Roster, now: int
    ) -> Standing | None:
        """Put an alarm into another state; None if it is in that state, or gone, already.

        Composite alarms above it follow by ``settle``.
        """
        alarm = change.alarm
        before = standing.find(connection, alarm.name)
        if before is None or before.state == change.state:
            return None
        after = before.moved(change.state, change.reason, change.data, now)
        reach("alarms.before-state")
        standing.store(connection, after)
        reach("alarms.after-state")
        history.add(connection, history.state_item(before, after, alarm))
        detail = messages.state_detail(alarm, before, after)
        self._emit(connection, self._event(alarm.name, STATE_CHANGE, now, detail))
        self._act(connection, alarm, before, after, change.seen, roster, now)
        self._as_suppressor(connection, alarm.name, before.state, change.state, roster, now)
        reach("alarms.before-commit")
        return before

    def settle(
        self,
        connection: sqlite3.Connection,
        touched: Mapping[str, State],
        roster: Roster,
        now: int,
    ) -> None:
        """Evaluate the composite alarms above alarms that have changed."""
        moved = dict(touched)
        for name in upwards(touched, roster.parents):
            alarm = roster.alarms[name]
            assert isinstance(alarm.watch, CompositeWatch)
            rule = read_rule(alarm.watch.rule)
            known = standing.states(connection, rule.children)
            holds = rule.holds({child: known[child].state for child in known})
            state = State.ALARM if holds else State.OK
            cause = [known[child] for child in rule.children if child in moved and child in known]
            if not cause:
                continue
            last = max(cause, key=lambda each: each.transitioned)
            children = self.triggering(known, state, cause)
            change = Change(
                alarm,
                state,
                composite_reason(self._place.alarm(last.name), last.state, last.transitioned),
                composite_data(children),
                Seen(children=children),
            )
            if self.change(connection, change, roster, now) is not None:
                moved[name] = state

    def triggering(
        self, known: Mapping[str, Standing], state: State, cause: list[Standing]
    ) -> Mapping[str, tuple[State, int]]:
        """The alarms that made a composite alarm what it is, by ARN."""
        ringing = [each for each in known.values() if each.state == State.ALARM]
        shown = ringing if state == State.ALARM and ringing else cause
        return {self._place.alarm(s.name): (s.state, s.transitioned) for s in shown}

    def configured(
        self,
        connection: sqlite3.Connection,
        alarm: Alarm,
        operation: str,
        present: Standing,
        previous: Alarm | None,
        now: int,
    ) -> None:
        """An alarm was made, changed or deleted: ``create``, ``update`` or ``delete``."""
        words = {"create": "created", "update": "updated", "delete": "deleted"}[operation]
        detail = messages.configuration_detail(alarm, operation, present, previous)
        data = history.fitting({"version": "1.0", "type": operation.title(), **detail})
        text = f'Alarm "{alarm.name}" {words}'
        history.add(connection, history.item(alarm, now, history.CONFIGURATION, text, data))
        self._emit(connection, self._event(alarm.name, CONFIGURATION_CHANGE, now, detail))

    def release(
        self, connection: sqlite3.Connection, alarm: Alarm, roster: Roster, now: int
    ) -> None:
        """Tell what a mute rule has kept back, if it is still so and nothing mutes any more."""
        present = standing.find(connection, alarm.name)
        if present is None or present.muted_from is None or roster.muted(alarm, now):
            return
        since = replace(present, state=present.muted_from)
        present = replace(present, muted_from=None)
        standing.store(connection, present)
        if since.state != present.state and alarm.actions.enabled:
            self._tell(connection, alarm, since, present, Seen(), now)

    def expired(
        self, connection: sqlite3.Connection, alarm: Alarm, roster: Roster, now: int
    ) -> None:
        """Run what waited for a suppressor, if its time has come."""
        present = standing.find(connection, alarm.name)
        if present is None:
            return
        held, act = present.held.expired(now)
        if held == present.held:
            return
        present = replace(present, held=held)
        standing.store(connection, present)
        if act and alarm.actions.enabled:
            opposite = State.OK if present.state == State.ALARM else State.ALARM
            before = replace(present, state=opposite)
            self._tell_unless_muted(connection, alarm, before, present, Seen(), roster, now)

    def _act(
        self,
        connection: sqlite3.Connection,
        alarm: Alarm,
        before: Standing,
        after: Standing,
        seen: Seen,
        roster: Roster,
        now: int,
    ) -> None:
        watch = alarm.watch
        if not alarm.actions.enabled:
            return
        if isinstance(watch, CompositeWatch) and watch.suppressor is not None:
            suppressor = standing.find(connection, watch.suppressor)
            state = suppressor.state if suppressor else None
            held = after.held.transitioned(state, now, watch.wait * 1000)
            held, at_once = held.expired(now)
            after = replace(after, held=held)
            standing.store(connection, after)
            if not at_once:
                return
        self._tell_unless_muted(connection, alarm, before, after, seen, roster, now)

    def _as_suppressor(
        self,
        connection: sqlite3.Connection,
        name: str,
        before: State,
        after: State,
        roster: Roster,
        now: int,
    ) -> None:
        for composite in roster.suppressed.get(name, ()):
            watch = roster.alarms[composite].watch
            present = standing.find(connection, composite)
            if present is not None and isinstance(watch, CompositeWatch):
                held = present.held.suppressor_moved(before, after, now, watch.extension * 1000)
                standing.store(connection, replace(present, held=held))

    def _tell_unless_muted(
        self,
        connection: sqlite3.Connection,
        alarm: Alarm,
        before: Standing,
        after: Standing,
        seen: Seen,
        roster: Roster,
        now: int,
    ) -> None:
        if roster.muted(alarm, now):
            kept = after.muted_from or before.state
            standing.store(connection, replace(after, muted_from=kept))
            return
        if after.muted_from is not None:  # its window has ended in between
            standing.store(connection, replace(after, muted_from=None))
        self._tell(connection, alarm, before, after, seen, now)

    def _tell(
        self,
        connection: sqlite3.Connection,
        alarm: Alarm,
        before: Standing,
        after: Standing,
        seen: Seen,
        now: int,
    ) -> None:
        for topic in alarm.actions.of(after.state):
            said = messages.notification(str(uuid.uuid4()), alarm, before, after, self._place, seen)
            failed = None
            try:
                with self._database.write() as inner:
                    self._publish(inner, topic, said)
            except LogQError as error:
                failed = error.message
            summary = (
                f"Failed to execute action {topic}: {failed}"
                if failed
                else f"Successfully executed action {topic}"
            )
            data = {
                "actionState": "Failed" if failed else "Succeeded",
                "stateUpdateTimestamp": after.transitioned,
                "notificationResource": topic,
                "notificationId": said.id,
                **({"error": failed} if failed else {}),
            }
            text = json.dumps(data, ensure_ascii=False)
            history.add(connection, history.item(alarm, now, history.ACTION, summary, text))

    def _event(self, alarm: str, type: str, now: int, detail: Mapping[str, object]) -> Event:
        return Event(
            str(uuid.uuid4()), SOURCE, type, now, detail, resources=(self._place.alarm(alarm),)
        )
