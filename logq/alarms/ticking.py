"""The evaluation of everything that is due, again and again.

Deciding comes first, for thousands of alarms from one read of the metrics; what has changed is
then written in a few transactions, each of which holds an alarm's state, history, event and
notifications together. Log lines for a notification are looked for between the two, for a bounded
time, and nobody who needs none waits for them.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from logq.alarms import history, marks, standing
from logq.alarms.definition import Alarm, CompositeWatch, LogWatch, MetricWatch
from logq.alarms.metric_alarm import Values, change_to, state_of, warming_up, windows_at
from logq.alarms.reasons import stamp
from logq.alarms.roster import Roster, Rosters
from logq.alarms.scheduler import Gap, Scheduler, gap
from logq.alarms.standing import Standing
from logq.alarms.state import State
from logq.alarms.transition import Change, Transitions
from logq.database import Database
from logq.errors import LogQError
from logq.failpoints import reach
from logq.metric import DataQuery, MetricStat, Window
from logq.notification import LogLine
from logq.units import format_duration

_LOG = logging.getLogger(__name__)
BATCH = 200
"""Changes in one transaction: others want to write too."""
LINES_SECONDS = 3.0
"""How long one tick looks for log lines at most."""
MOST_LINES = 5
ERROR, FAILURE, PARTIAL = "EVALUATION_ERROR", "EVALUATION_FAILURE", "PARTIAL_DATA"


class Series(Protocol):
    """Statistics and metric math over any windows."""

    def windows(self, asks: Sequence[tuple[MetricStat, Sequence[Window]]]) -> Sequence[Values]: ...

    def evaluate(
        self, queries: Sequence[DataQuery], windows: Sequence[Window]
    ) -> Mapping[str, Values]: ...

    def check_queries(self, queries: Sequence[DataQuery], *, alarm: bool = False) -> None: ...


class Lines(Protocol):
    """Finds the newest log events that made an alarm what it is."""

    def __call__(self, alarm: Alarm, start: int, end: int, most: int) -> Sequence[LogLine]:
        """Events between two times, epoch milliseconds, ``end`` exclusive; newest first."""
        ...


class RunLogAlarms(Protocol):
    """Evaluates log alarms, in its own time."""

    def __call__(self, alarms: Sequence[Alarm], moment: int) -> None: ...


Count = Callable[[str, float], object]
"""Counts for a metric of LogQ itself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an evaluation came to."""

    change: Change | None
    evaluation: str | None = None
    """What went wrong, in CloudWatch's words."""
    span: tuple[int, int] | None = None
    """Where the events lie that a notification may show, epoch milliseconds."""


class Ticking:
    """Evaluates what is due."""

    def __init__(
        self,
        database: Database,
        rosters: Rosters,
        transitions: Transitions,
        series: Series,
        lines: Lines,
        run_log_alarms: RunLogAlarms,
        *,
        delay: int,
        count: Count = lambda name, amount: None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._rosters = rosters
        self._transitions = transitions
        self._series = series
        self._lines = lines
        self._run_log_alarms = run_log_alarms
        self._scheduler = Scheduler(delay)
        self._count = count
        self._timer = timer

    def tick(self, now: int) -> int:
        """Evaluate what is due at ``now``; when to be called next. Epoch milliseconds."""
        roster = self._rosters.now()
        self._scheduler.follow(roster.alarms, roster.versions, now)
        with self._database.read() as connection:
            last = marks.mark(connection, marks.TICKED)
            timers = standing.timed(connection, now)
            kept = standing.muted(connection)
            next_timer = standing.next_timer(connection)
        self._wake(roster, timers, kept, now)
        late = max(0, now - self._scheduler.next(now))
        due = [roster.alarms[name] for name in self._scheduler.due(now)]
        if due:
            missed = gap(last, now)
            if missed is not None:
                self._note(due, missed)
            moment = self._scheduler.moment(now)
            self._count("AlarmEvaluations", len(due))
            self._count("AlarmEvaluationLag", late / 1000)
            self._metrics(due, roster, moment, now)
            logs = [alarm for alarm in due if isinstance(alarm.watch, LogWatch)]
            if logs:
                self._run_log_alarms(logs, moment)
            with self._database.write() as connection:
                marks.set_mark(connection, marks.TICKED, now)
                if last is None or last // 3_600_000 != now // 3_600_000:
                    history.expire(connection, now)
        upcoming = self._scheduler.next(now)
        return min(upcoming, next_timer) if next_timer and next_timer > now else upcoming

    def _wake(self, roster: Roster, timers: list[Standing], kept: list[Standing], now: int) -> None:
        """Run what waited for a suppressor, and tell what mute rules kept."""
        for present in timers:
            alarm = roster.alarms.get(present.name)
            if alarm is not None:
                with self._database.write() as connection:
                    self._transitions.expired(connection, alarm, roster, now)
        for present in kept:
            alarm = roster.alarms.get(present.name)
            if alarm is not None and not roster.muted(alarm, now):
                with self._database.write() as connection:
                    self._transitions.release(connection, alarm, roster, now)

    def _metrics(self, due: Sequence[Alarm], roster: Roster, moment: int, now: int) -> None:
        with self._database.read() as connection:
            present = standing.everything(connection)
        watched = [
            (alarm, alarm.watch, windows_at(alarm.watch, moment))
            for alarm in due
            if isinstance(alarm.watch, MetricWatch) and alarm.name in present
        ]
        verdicts = []
        for (alarm, watch, windows), values in zip(watched, self._read(watched), strict=True):
            before = present[alarm.name]
            verdict = self._decide(alarm, watch, windows, values, before, now)
            if verdict.change is not None or verdict.evaluation != before.evaluation:
                verdicts.append((alarm, verdict))
        self.settle(verdicts, roster, now)

    def _decide(
        self,
        alarm: Alarm,
        watch: MetricWatch,
        windows: Sequence[Window],
        values: Values | str,
        before: Standing,
        now: int,
    ) -> Verdict:
        if isinstance(values, str):
            return Verdict(None, values)
        if warming_up(alarm.warm_up, alarm.created, watch.check.n, values, now):
            return Verdict(None)
        state, slots = state_of(watch, values)
        if state is None or state == before.state:
            return Verdict(None)
        change = change_to(alarm, watch, state, windows, values, slots, now)
        newest = windows[-watch.check.n :]
        return Verdict(change, None, (newest[0].start * 1000, newest[-1].end * 1000))

    def _read(
        self, watched: Sequence[tuple[Alarm, MetricWatch, tuple[Window, ...]]]
    ) -> list[Values | str]:
        """The values of each, or what went wrong; those of single metrics in one call."""
        values: list[Values | str] = [FAILURE] * len(watched)
        plain = [
            (place, (watch.stat, windows))
            for place, (_, watch, windows) in enumerate(watched)
            if watch.stat is not None
        ]
        try:
            found = self._series.windows([ask for _, ask in plain]) if plain else []
            for (place, _), each in zip(plain, found, strict=True):
                values[place] = each
        except Exception:
            _LOG.exception("the metrics of %d alarms could not be read", len(plain))
        for place, (alarm, watch, windows) in enumerate(watched):
            if watch.stat is None:
                values[place] = self._math(alarm, watch, windows)
        return values

    def _math(self, alarm: Alarm, watch: MetricWatch, windows: Sequence[Window]) -> Values | str:
        wanted = next(query.id for query in watch.queries if query.returned)
        try:
            return self._series.evaluate(watch.queries, windows)[wanted]
        except LogQError as error:
            _LOG.warning("the alarm %s cannot be evaluated: %s", alarm.name, error.message)
            return ERROR
        except Exception:
            _LOG.exception("the alarm %s could not be evaluated", alarm.name)
            return FAILURE

    def settle(self, verdicts: Sequence[tuple[Alarm, Verdict]], roster: Roster, now: int) -> None:
        """Write what evaluations came to: first what needs no log lines."""
        quick: list[tuple[Alarm, Verdict]] = []
        slow: list[tuple[Alarm, Verdict]] = []
        for each in verdicts:
            (slow if self._wants_lines(*each, roster, now) else quick).append(each)
        self._write(quick, roster, now)
        until = self._timer() + LINES_SECONDS
        shown = [
            (alarm, self._with_lines(alarm, verdict) if self._timer() < until else verdict)
            for alarm, verdict in slow
        ]
        self._write(shown, roster, now)

    def _wants_lines(self, alarm: Alarm, verdict: Verdict, roster: Roster, now: int) -> bool:
        watch, change = alarm.watch, verdict.change
        if change is None or change.state != State.ALARM or verdict.span is None:
            return False
        if isinstance(watch, CompositeWatch) or (isinstance(watch, LogWatch) and not watch.lines):
            return False
        actions = alarm.actions
        return actions.enabled and bool(actions.alarm) and not roster.muted(alarm, now)

    def _with_lines(self, alarm: Alarm, verdict: Verdict) -> Verdict:
        watch, change = alarm.watch, verdict.change
        assert change is not None and verdict.span is not None
        assert not isinstance(watch, CompositeWatch)
        most = watch.lines if isinstance(watch, LogWatch) else MOST_LINES
        try:
            lines = tuple(self._lines(alarm, *verdict.span, most))
        except Exception as error:  # whatever it is, the alarm goes out
            _LOG.warning("no log lines for the alarm %s: %s", alarm.name, error)
            return verdict
        seen = replace(change.seen, log_lines=lines)
        return replace(verdict, change=replace(change, seen=seen))

    def _write(self, verdicts: Sequence[tuple[Alarm, Verdict]], roster: Roster, now: int) -> None:
        for start in range(0, len(verdicts), BATCH):
            with self._database.write() as connection:
                touched: dict[str, State] = {}
                for alarm, verdict in verdicts[start : start + BATCH]:
                    present = standing.find(connection, alarm.name)
                    if present is None or present.version != roster.versions[alarm.name]:
                        continue  # deleted or defined anew since it was read
                    if present.evaluation != verdict.evaluation:
                        present = replace(present, evaluation=verdict.evaluation, updated=now)
                        standing.store(connection, present)
                    change = verdict.change
                    if change is not None and self._transitions.change(
                        connection, change, roster, now
                    ):
                        touched[alarm.name] = change.state
                if touched:
                    self._transitions.settle(connection, touched, roster, now)
                reach("alarms.before-batch-commit")
            reach("alarms.after-batch-commit")

    def _note(self, due: Sequence[Alarm], missed: Gap) -> None:
        """The gap in the history of every alarm that it concerns."""
        text = (
            f"Alarm was not evaluated for {format_duration(missed.end - missed.start)}, "
            f"from {stamp(missed.start)} to {stamp(missed.end)}"
        )
        data = json.dumps(
            {"version": "1.0", "gap": {"start": stamp(missed.start), "end": stamp(missed.end)}}
        )
        length = (missed.end - missed.start) // 1000
        with self._database.write() as connection:
            for alarm in due:
                watch = alarm.watch
                every = watch.every if isinstance(watch, LogWatch) else 0
                every = max(every, watch.period) if isinstance(watch, MetricWatch) else every
                if alarm.created < missed.start and length > 2 * every:
                    item = history.item(alarm, missed.end, history.STATE, text, data)
                    history.add(connection, item)
