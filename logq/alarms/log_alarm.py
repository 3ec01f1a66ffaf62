"""Log alarms: a query on a schedule, whose results are held against a threshold."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from logq.alarms import contributors, history, standing
from logq.alarms.contributors import Run, contributor_id, evolve, points_of, together
from logq.alarms.definition import Alarm, LogWatch
from logq.alarms.history import CONTRIBUTOR_STATE, Item
from logq.alarms.messages import Seen
from logq.alarms.reasons import reason, reason_data
from logq.alarms.roster import Rosters
from logq.alarms.state import State, evaluate
from logq.alarms.ticking import ERROR, FAILURE, PARTIAL, Ticking, Verdict
from logq.alarms.transition import Change
from logq.database import Database
from logq.errors import LogQError
from logq.metric import MINUTE
from logq.notification import Contributor, Datapoint

_LOG = logging.getLogger(__name__)
AT_ONCE = 2
"""Log alarms whose queries run at the same time."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The result of a query."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    dimensions: frozenset[str] = frozenset()
    """The columns by which an aggregation was grouped."""


class Ask(Protocol):
    """Runs a query with the rights of a log alarm."""

    def __call__(self, alarm: Alarm, text: str, start: int, end: int, limit: int) -> Answered:
        """Over the alarm's log groups, epoch milliseconds, both inclusive; raises LogQError."""
        ...


def run_of(watch: LogWatch, answered: Answered, time: int) -> tuple[Run, bool]:
    """The result of a run, and whether there were more series than are looked at."""
    if not answered.rows and not answered.dimensions and _counts(watch.aggregation):
        return Run(time, {contributor_id({}): ({}, 0.0)}), False
    at = next(
        (i for i, name in enumerate(answered.columns) if name not in answered.dimensions), None
    )
    values: dict[str, tuple[Mapping[str, str], float | None]] = {}
    for row in answered.rows[: contributors.MOST]:
        attributes = {
            name: "" if value is None else str(value)
            for name, value in zip(answered.columns, row, strict=True)
            if name in answered.dimensions
        }
        values[contributor_id(attributes)] = (
            attributes,
            _number(row[at]) if at is not None else None,
        )
    return Run(time, values), len(answered.rows) > contributors.MOST


def span(watch: LogWatch, moment: int) -> tuple[int, int]:
    """The time range of a run, epoch milliseconds, the end exclusive."""
    return (moment - watch.start_offset) * 1000, (moment - watch.end_offset) * 1000


class LogAlarms:
    """Evaluates log alarms beside the others, a few at a time."""

    def __init__(
        self, database: Database, rosters: Rosters, ask: Ask, clock: Callable[[], int]
    ) -> None:
        self._database = database
        self._rosters = rosters
        self._ask = ask
        self._clock = clock
        self._running: set[str] = set()

    def start(
        self, alarms: Sequence[Alarm], moment: int, ticking: Ticking, threads: ThreadPoolExecutor
    ) -> None:
        """Evaluate these, each unless its last evaluation still runs; waits for none."""
        for alarm in alarms:
            if alarm.name not in self._running:
                self._running.add(alarm.name)
                threads.submit(self._guarded, alarm, moment, ticking)

    def _guarded(self, alarm: Alarm, moment: int, ticking: Ticking) -> None:
        try:
            self.evaluate(alarm, moment, ticking)
        except Exception:
            _LOG.exception("the log alarm %s could not be evaluated", alarm.name)
        finally:
            self._running.discard(alarm.name)

    def evaluate(self, alarm: Alarm, moment: int, ticking: Ticking) -> None:
        """Run the query of an alarm and write what comes of it; ``moment`` is epoch seconds."""
        watch = alarm.watch
        assert isinstance(watch, LogWatch)
        moment -= moment % MINUTE
        start, end = span(watch, moment)
        try:
            answered = self._ask(alarm, watch.text, start, end - 1, contributors.MOST + 1)
        except LogQError as error:
            _LOG.warning("the query of the alarm %s fails: %s", alarm.name, error.message)
            self._settle(ticking, alarm, Verdict(None, ERROR))
            return
        except Exception:
            _LOG.exception("the query of the alarm %s failed", alarm.name)
            self._settle(ticking, alarm, Verdict(None, FAILURE))
            return
        run, partial = run_of(watch, answered, moment)
        self._settle(ticking, alarm, self._judge(alarm, watch, run, PARTIAL if partial else None))

    def _judge(self, alarm: Alarm, watch: LogWatch, run: Run, evaluation: str | None) -> Verdict:
        now, check = self._clock(), watch.check
        with self._database.write() as connection:
            present = standing.find(connection, alarm.name)
            if present is None:
                return Verdict(None)
            contributors.add_run(connection, alarm.name, run, check.n)
            runs = contributors.last_runs(connection, alarm.name, check.n)
            one = contributor_id({})
            if all(set(each.values) <= {one} for each in runs) and single(watch):
                points = points_of(one, runs, check)
                state = evaluate([p.slot for p in points], check.n, check.m, check.missing)
                breaching: tuple[Contributor, ...] = ()
            else:
                before = contributors.load(connection, alarm.name)
                after = evolve(before, runs, check, now)
                contributors.store(connection, alarm.name, after)
                for each in after.values():
                    old = before.get(each.id)
                    if old is None or old.state != each.state:
                        history.add(connection, _moved(alarm, old, each))
                state = together(after)
                ringing = [each for each in after.values() if each.state == State.ALARM]
                points = points_of(
                    ringing[0].id if ringing else next(iter(after), one), runs, check
                )
                breaching = tuple(Contributor(each.attributes, each.value) for each in ringing)
        if warming(alarm, len(runs), now) or state is None or state == present.state:
            return Verdict(None, evaluation)
        data = reason_data(now, [p for p in points if p.start], check, watch.every)
        text = reason(state, points, check)
        if len(breaching) > 1:
            text = f"{len(breaching)} contributors are in ALARM. {text}"[:1_023]
        shown = tuple(Datapoint(p.start * 1000, p.value) for p in points if p.start)
        change = Change(alarm, state, text, data, Seen(shown, breaching))
        return Verdict(change, evaluation, span(watch, run.time))

    def _settle(self, ticking: Ticking, alarm: Alarm, verdict: Verdict) -> None:
        roster = self._rosters.now()
        if alarm.name in roster.alarms:
            ticking.settle([(alarm, verdict)], roster, self._clock())


def warming(alarm: Alarm, runs: int, now: int) -> bool:
    """Whether a log alarm says nothing yet."""
    warm_up = alarm.warm_up
    if warm_up is None or now >= alarm.created + warm_up.minutes * MINUTE * 1000:
        return False
    assert isinstance(alarm.watch, LogWatch)
    return warm_up.whole or runs < alarm.watch.check.n


def _moved(
    alarm: Alarm, old: contributors.Contributor | None, new: contributors.Contributor
) -> Item:
    before = old.state if old else State.INSUFFICIENT_DATA
    data = history.fitting(
        {
            "version": "1.0",
            "oldState": {"stateValue": before},
            "newState": {"stateValue": new.state, "stateReason": new.reason},
        }
    )
    text = f"Alarm contributor updated from {before} to {new.state}"
    return Item(
        new.transitioned,
        alarm.name,
        "LogAlarm",
        CONTRIBUTOR_STATE,
        text,
        data,
        new.id,
        new.attributes,
        alarm.groups,
    )


def single(watch: LogWatch) -> bool:
    """Whether the aggregation names no fields to group by."""
    return " by " not in f" {watch.aggregation.partition('|')[0].lower()} "


def _counts(aggregation: str) -> bool:
    return aggregation.strip().lower().startswith("count(")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if number - number == 0 else None
