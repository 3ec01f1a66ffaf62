"""The action of trying an alarm on stored data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.reading import QUERY, readable, reads, usable
from logq.alarms.definition import Alarm, CompositeWatch, LogWatch, MetricWatch
from logq.alarms.stored import body_of
from logq.alarms.validation import check_alarm
from logq.audit.call import Access
from logq.errors import InvalidValue
from logq.metrics.filter import KIND, MetricFilter
from logq.work.job import Job

LONGEST_MS = 455 * 86_400_000


@action("logq:BacktestAlarm", Access.DATA_READ)
def backtest_alarm(
    context: Context,
    alarm: Alarm,
    *,
    start: int,
    end: int,
    groups: Sequence[str] = (),
    pattern: str | None = None,
    value: str = "1",
) -> Mapping[str, Any]:
    """What an alarm would have done between two times, epoch milliseconds; as the job ``backtest``.

    With log groups, an alarm on a metric is counted from their events: through ``pattern``, or else
    through the metric filters that feed its metric. Asks for ``logs:StartQuery`` on all log groups
    that are read. Raises InvalidValue and Throttled.
    """
    check_alarm(alarm)
    if not start < end <= start + LONGEST_MS:
        raise InvalidValue("a backtest goes from a time to a later one, at most 455 days on")
    watch = alarm.watch
    if isinstance(watch, CompositeWatch):
        raise InvalidValue(
            "a composite alarm has no data of its own", hint="try the alarms in its rule"
        )
    filters: list[tuple[str, Mapping[str, Any]]] = []
    named, text = [*groups], ""
    if isinstance(watch, LogWatch):
        text = watch.text
        named += [*watch.groups, *reads(context, text)]
    else:
        context.require("cloudwatch:GetMetricData", "*")
        filters = _filters(context, watch, groups, pattern, value)
    params = {
        "name": alarm.name,
        "body": body_of(alarm),
        "start": start,
        "end": end,
        "filters": filters,
        "readable": readable(context, named),
        "usable": usable(context, text),
    }
    answer = context.pool.start(Job("backtest", params), context.caller.name)
    header = answer.header
    for _ in answer.chunks():
        pass  # there are none: the job is over
    return header


def _filters(
    context: Context,
    watch: MetricWatch,
    groups: Sequence[str],
    pattern: str | None,
    value: str,
) -> list[tuple[str, Mapping[str, Any]]]:
    """The metric filters that the events of log groups go through."""
    stat = watch.stat
    if pattern is not None:
        if not groups or stat is None:
            raise InvalidValue("a pattern needs log groups and an alarm on a single metric")
        made = MetricFilter(pattern, stat.metric.namespace, stat.metric.name, value)
        return [(group, asdict(made)) for group in groups]
    metrics = {
        (each.stat.metric.namespace, each.stat.metric.name)
        for each in watch.queries
        if each.stat is not None
    }
    found: list[tuple[str, Mapping[str, Any]]] = [
        (group, dict(each.body))
        for group in groups
        for each in context.logq.storage.definitions.list(KIND, group=group)
        if (each.body["namespace"], each.body["metric"]) in metrics
        and context.may(QUERY, context.place.log_group(group))
    ]
    if groups and not found:
        raise InvalidValue(
            "no metric filter of these log groups feeds the alarm's metric",
            hint="give a pattern, or leave the log groups out to use stored metrics",
        )
    return found
