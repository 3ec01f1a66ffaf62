"""What an alarm would have done: the same decisions over stored data, with another clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from logq.alarms.contributors import Contributor, Run, contributor_id, evolve, points_of, together
from logq.alarms.definition import Alarm, LogWatch, MetricWatch
from logq.alarms.log_alarm import Answered, run_of, single
from logq.alarms.metric_alarm import change_to, state_of, windows_at
from logq.alarms.reasons import reason
from logq.alarms.state import State, evaluate
from logq.alarms.ticking import Series
from logq.alarms.windows import interval
from logq.errors import InvalidValue
from logq.metric import Value, Window

MOST_RUNS = 3_000
"""Queries that one backtest runs, where they cannot be joined to one."""

Query = Callable[[str, int, int], Answered]
"""Runs a query over a time range, epoch milliseconds, both inclusive."""


@dataclass(frozen=True, slots=True)
class Step:
    """A change of state that would have been."""

    time: int
    """Epoch milliseconds."""
    before: State
    after: State
    reason: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """What an alarm would have done between two times."""

    start: int
    end: int
    """Epoch milliseconds."""
    steps: tuple[Step, ...]
    points: tuple[tuple[int, float | None], ...]
    """The newest value of each evaluation, at the start of its period, epoch milliseconds."""

    @property
    def pages(self) -> int:
        """How often it would have gone off."""
        return sum(step.after == State.ALARM for step in self.steps)

    @property
    def alarm_ms(self) -> int:
        """How long it would have been in ALARM."""
        ends = [*(step.time for step in self.steps[1:]), self.end]
        return sum(
            end - step.time
            for step, end in zip(self.steps, ends, strict=True)
            if step.after == State.ALARM
        )


def replay_metric(alarm: Alarm, start: int, end: int, series: Series) -> Backtest:
    """An alarm on metrics between two times, epoch milliseconds; every series is read once."""
    watch = alarm.watch
    assert isinstance(watch, MetricWatch)
    every = interval(watch.period, watch.check.n)
    moments = range(-(-start // 1000 // every) * every, end // 1000 + 1, every)
    slots = [windows_at(watch, moment) for moment in moments]
    windows = tuple(dict.fromkeys(window for each in slots for window in each))
    values = dict(zip(windows, _read(watch, windows, series), strict=True))
    state = State.INSUFFICIENT_DATA
    steps: list[Step] = []
    points: dict[int, float | None] = {}
    for moment, looked in zip(moments, slots, strict=True):
        seen = [values[window] for window in looked]
        newest = seen[-1]
        points[looked[-1].start * 1000] = None if newest is None else newest.value
        found, classes = state_of(watch, seen)
        if found is None or found == state:
            continue
        change = change_to(alarm, watch, found, looked, seen, classes, moment * 1000)
        steps.append(Step(moment * 1000, state, found, change.reason))
        state = found
    return Backtest(start, end, tuple(steps), tuple(sorted(points.items())))


def _read(watch: MetricWatch, windows: Sequence[Window], series: Series) -> Sequence[Value | None]:
    if watch.stat is not None:
        (found,) = series.windows([(watch.stat, windows)])
        return found
    wanted = next(query.id for query in watch.queries if query.returned)
    ordered = sorted(windows, key=lambda window: window.start)
    by_window: dict[Window, Value | None] = dict(
        zip(ordered, series.evaluate(watch.queries, ordered)[wanted], strict=True)
    )
    return [by_window[window] for window in windows]


def replay_log(alarm: Alarm, start: int, end: int, query: Query) -> Backtest:
    """A log alarm between two times, epoch milliseconds."""
    watch = alarm.watch
    assert isinstance(watch, LogWatch)
    check = watch.check
    runs: list[Run] = []
    state = State.INSUFFICIENT_DATA
    steps: list[Step] = []
    points: list[tuple[int, float | None]] = []
    series: dict[str, Contributor] = {}
    for run in _runs(watch, start, end, query):
        runs = [*runs, run][-check.n :]
        one = contributor_id({})
        if single(watch):
            shown = points_of(one, runs, check)
            found = evaluate([each.slot for each in shown], check.n, check.m, check.missing)
        else:
            after = evolve(series, runs, check, run.time * 1000)
            found = together(after)
            ringing = [each.id for each in after.values() if each.state == State.ALARM]
            shown = points_of(ringing[0] if ringing else next(iter(after), one), runs, check)
            series = after
        points.append((run.time * 1000, shown[-1].value))
        if found is not None and found != state:
            steps.append(Step(run.time * 1000, state, found, reason(found, shown, check)))
            state = found
    return Backtest(start, end, tuple(steps), tuple(points))


def _runs(watch: LogWatch, start: int, end: int, query: Query) -> Iterator[Run]:
    every = watch.every
    moments = range(-(-start // 1000 // every) * every, end // 1000 + 1, every)
    whole = watch.start_offset - watch.end_offset == every and watch.end_offset % every == 0
    if whole and "|" not in watch.aggregation and moments:
        yield from _in_one_query(watch, moments, query)
        return
    if len(moments) > MOST_RUNS:
        raise InvalidValue(
            f"{len(moments)} runs of the query are more than {MOST_RUNS}",
            hint="shorten the time, or let each run look at the time since the one before",
        )
    for moment in moments:
        first, last = moment - watch.start_offset, moment - watch.end_offset
        yield run_of(watch, query(watch.text, first * 1000, last * 1000 - 1), moment)[0]


def _in_one_query(watch: LogWatch, moments: range, query: Query) -> Iterator[Run]:
    """The results of all runs from one query, grouped by the time range of each."""
    every = watch.every
    head, by, keys = _split(watch.aggregation)
    bins = f"bin({every}s)"
    grouped = f"{head} by {bins}{f', {keys}' if by else ''}"
    text = replace(watch, aggregation=grouped).text
    first = (moments[0] - watch.start_offset) * 1000
    last = (moments[-1] - watch.end_offset) * 1000 - 1
    answered = query(text, first, last)
    place = answered.columns.index(bins)
    columns = tuple(name for name in answered.columns if name != bins)
    rows: dict[int, list[list[object]]] = {}
    for row in answered.rows:
        cells = [cell for index, cell in enumerate(row) if index != place]
        rows.setdefault(int(row[place]) // 1000, []).append(cells)
    dimensions = answered.dimensions - {bins}
    for moment in moments:
        found = rows.get(moment - watch.start_offset, [])
        yield run_of(watch, Answered(columns, found, dimensions), moment)[0]


def _split(aggregation: str) -> tuple[str, bool, str]:
    """What is reckoned, and by what, from ``avg(latency) by host``."""
    lower = aggregation.lower()
    place = lower.rfind(" by ")
    if place < 0:
        return aggregation, False, ""
    return aggregation[:place], True, aggregation[place + 4 :]
