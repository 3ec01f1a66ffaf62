"""Metric alarms: which windows they look at, and what the values in them mean."""

from __future__ import annotations

from collections.abc import Sequence

from logq.alarms.comparison import classify
from logq.alarms.definition import Alarm, MetricWatch, WarmUp
from logq.alarms.messages import Seen
from logq.alarms.reasons import Point, reason, reason_data
from logq.alarms.state import Slot, State, evaluate, fewest_samples
from logq.alarms.transition import Change
from logq.alarms.windows import DAY, FAST_PERIODS, HOUR, interval, sliding, wall_clock, wall_zone
from logq.metric import MINUTE, Value, Window
from logq.notification import Datapoint

Values = Sequence[Value | None]

_KEPT_FAST, _KEPT_MINUTES, _KEPT_LONG = 3 * HOUR, 15 * DAY, 63 * DAY
"""How long points below a minute, of a minute and of five are there."""


def windows_at(watch: MetricWatch, now: int) -> tuple[Window, ...]:
    """The windows of an evaluation, oldest first; ``now`` is epoch seconds."""
    n = watch.check.n
    if watch.zone is not None:
        return wall_clock(now, watch.period, n, wall_zone(watch.zone))
    end = now - now % interval(watch.period, n)
    return sliding(end, watch.period, _range(watch))


def _range(watch: MetricWatch) -> int:
    """How many windows: N and some more, as far as data of that resolution is kept."""
    n = watch.check.n
    kept = _KEPT_LONG if watch.period % 300 == 0 else _KEPT_MINUTES
    kept = _KEPT_FAST if watch.period in FAST_PERIODS else kept
    return max(n, min(n + watch.extra, kept // watch.period))


def state_of(watch: MetricWatch, values: Values) -> tuple[State | None, list[Slot]]:
    """The state that values (newest last) lead to; None to retain the one before."""
    check = watch.check
    slots = [
        Slot.MISSING if value is None else classify(value.value, check.operator, check.threshold)
        for value in values
    ]
    if watch.low_samples == "ignore" and watch.stat is not None:
        least = fewest_samples(watch.stat.stat)
        if any(value is not None and value.samples < least for value in values):
            return None, slots
    return evaluate(slots, check.n, check.m, check.missing), slots


def change_to(
    alarm: Alarm,
    watch: MetricWatch,
    state: State,
    windows: Sequence[Window],
    values: Values,
    slots: Sequence[Slot],
    now: int,
) -> Change:
    """The change to a state, with its reasons; ``now`` is epoch milliseconds."""
    points = [
        Point(window.start, value.value, value.samples, slot)
        if value is not None
        else Point(window.start, None)
        for window, value, slot in zip(windows, values, slots, strict=True)
    ]
    stat = watch.stat
    statistic, unit = (stat.stat, stat.unit) if stat is not None else (None, None)
    data = reason_data(now, points, watch.check, watch.period, statistic, unit)
    shown = tuple(Datapoint(point.start * 1000, point.value) for point in points)
    return Change(alarm, state, reason(state, points, watch.check), data, Seen(shown))


def warming_up(warm_up: WarmUp | None, created: int, n: int, values: Values, now: int) -> bool:
    """Whether an alarm says nothing yet; times are epoch milliseconds."""
    if warm_up is None or now >= created + warm_up.minutes * MINUTE * 1000:
        return False
    return warm_up.whole or sum(value is not None for value in values) < n
