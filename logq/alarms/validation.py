"""The rules that a new alarm must keep."""

from __future__ import annotations

import re

from logq.alarms.comparison import STATIC
from logq.alarms.definition import Alarm, Check, CompositeWatch, LogWatch, MetricWatch
from logq.alarms.state import State
from logq.alarms.windows import DAY, FAST_PERIODS, HOUR, WALL_PERIODS, WEEK, wall_zone
from logq.errors import InvalidValue
from logq.metric import MINUTE

MOST_ACTIONS = 5
MOST_TAGS = 50
MOST_METRICS = 10
MOST_WARM_UP = 2_880
MOST_GROUPS = 50
MOST_LINES = 50
MOST_RUNS = 100
MOST_OFFSET = 2_592_000
MOST_SECONDS = 7_200_000
"""Of waiting for a suppressor: no rule of CloudWatch, but what a clock can hold."""

_STATISTIC = re.compile(
    r"SampleCount|Average|Sum|Minimum|Maximum|IQM|(?:p|tc|tm|ts|wm)(?:\d{1,2}(?:\.\d{0,10})?|100)"
    r"|(?:TM|TC|TS|WM|PR)\((?:-?\d+(?:\.\d*)?%?)?:(?:-?\d+(?:\.\d*)?%?)?\)"
)
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,255}")
_TOPIC = re.compile(r"arn:[^:]*:sns:[^:]*:[^:]*:[^:]+")


def check_alarm(alarm: Alarm) -> None:
    """Raise InvalidValue unless the alarm can be stored."""
    check_name(alarm.name)
    if len(alarm.description) > 1_024:
        raise InvalidValue("a description has at most 1024 characters")
    check_tags(len(alarm.tags))
    for state in State:
        named = alarm.actions.of(state)
        if len(named) > MOST_ACTIONS:
            raise InvalidValue(f"a state has at most {MOST_ACTIONS} actions, not {len(named)}")
        for arn in named:
            if not _TOPIC.fullmatch(arn):
                raise InvalidValue(
                    f"{arn!r} is not the ARN of a topic",
                    hint="alarms notify topics: arn:aws:sns:REGION:ACCOUNT:NAME",
                )
    if alarm.warm_up is not None and not 1 <= alarm.warm_up.minutes <= MOST_WARM_UP:
        raise InvalidValue(f"a warm-up lasts 1 to {MOST_WARM_UP} minutes")
    if alarm.propagation.included and alarm.propagation.excluded:
        raise InvalidValue("tag keys are either included or excluded, not both")
    if isinstance(alarm.watch, MetricWatch):
        _metric(alarm.watch)
    elif isinstance(alarm.watch, LogWatch):
        _log(alarm.watch)
    else:
        _composite(alarm.watch)


def check_name(name: str) -> None:
    """Raise InvalidValue unless an alarm can be called so."""
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            "the name of an alarm has 1 to 255 characters and no control characters among them"
        )


def check_tags(count: int) -> None:
    """Raise InvalidValue for more tags than an alarm can have."""
    if count > MOST_TAGS:
        raise InvalidValue(f"an alarm has at most {MOST_TAGS} tags")


def check_statistic(stat: str) -> None:
    """Raise InvalidValue unless there is such a statistic."""
    bare = stat.endswith("(:)")
    if bare or not _STATISTIC.fullmatch(stat):
        raise InvalidValue(
            f"there is no statistic {stat!r}",
            hint="Average, Sum, Minimum, Maximum, SampleCount, p99, tm95, TM(10%:90%), PR(:300)",
        )


def _check(check: Check) -> None:
    if check.operator not in STATIC:
        raise InvalidValue(
            f"the comparison {check.operator!r} is not available",
            hint=f"use one of {', '.join(STATIC)}; there are no anomaly detection bands yet",
        )
    if abs(check.threshold) == float("inf") or check.threshold != check.threshold:
        raise InvalidValue("the threshold must be a finite number")
    if check.n < 1:
        raise InvalidValue("an alarm looks at one period at least")
    if not 1 <= check.m <= check.n:
        raise InvalidValue(
            f"{check.m} datapoints of {check.n} periods cannot be",
            hint="the datapoints to alarm are 1 to the number of periods",
        )


def _metric(watch: MetricWatch) -> None:
    _check(watch.check)
    period, n = watch.period, watch.check.n
    if period not in FAST_PERIODS and (period < 1 or period % MINUTE):
        raise InvalidValue(
            f"a period of {period} seconds is not available",
            hint="Period must be 10, 20, 30 or a multiple of 60",
        )
    most = DAY if period < HOUR else WEEK
    if period * n > most:
        raise InvalidValue(
            f"{n} periods of {period} seconds are longer than {most} seconds",
            hint="a day is the most, or a week for periods of an hour and more",
        )
    if watch.low_samples not in ("evaluate", "ignore"):
        raise InvalidValue("few samples are either evaluated or ignored: evaluate, ignore")
    if watch.zone is not None:
        wall_zone(watch.zone)
        if period not in WALL_PERIODS:
            raise InvalidValue(
                f"a wall clock window has no period of {period} seconds",
                hint=f"it has one of {', '.join(map(str, WALL_PERIODS))}",
            )
    _queries(watch)


def _queries(watch: MetricWatch) -> None:
    ids = [each.id for each in watch.queries]
    if len(set(ids)) < len(ids):
        raise InvalidValue("two queries of the alarm have the same id")
    if sum(each.returned for each in watch.queries) != 1:
        raise InvalidValue(
            "exactly one query of an alarm returns data",
            hint="set ReturnData to false for the others",
        )
    metrics = [each.stat for each in watch.queries if each.stat is not None]
    if len(metrics) > MOST_METRICS or len(watch.queries) - len(metrics) > MOST_METRICS:
        raise InvalidValue(f"an alarm has at most {MOST_METRICS} metrics and as many expressions")
    for each in watch.queries:
        if (each.stat is None) == (each.expression is None):
            raise InvalidValue(f"the query {each.id!r} is either a metric or an expression")
        if not watch.plain and not re.fullmatch(r"[a-z][a-zA-Z0-9_]{0,254}", each.id):
            raise InvalidValue(
                f"{each.id!r} is no id of a query",
                hint="letters, digits and underscores, first a lower case letter",
            )
        if (each.expression or "").upper().lstrip().startswith("SEARCH"):
            raise InvalidValue("an alarm cannot SEARCH metrics: it watches one series")
    for stat in metrics:
        check_statistic(stat.stat)
        if stat.period != watch.period:
            raise InvalidValue("all metrics of an alarm have the same period")


def _log(watch: LogWatch) -> None:
    _check(watch.check)
    if watch.check.n > MOST_RUNS:
        raise InvalidValue(f"at most {MOST_RUNS} results of a query are looked at")
    if not 1 <= len(watch.groups) <= MOST_GROUPS:
        raise InvalidValue(f"a log alarm asks 1 to {MOST_GROUPS} log groups")
    if any("*" in group for group in watch.groups):
        raise InvalidValue("a log alarm names its log groups, without *")
    if not watch.aggregation.strip() or len(watch.aggregation) > 2_048:
        raise InvalidValue("an aggregation has 1 to 2048 characters, for example count(*)")
    if len(watch.query) > 10_000:
        raise InvalidValue("a query has at most 10000 characters")
    if watch.every < MINUTE or watch.every % MINUTE:
        raise InvalidValue("a query runs every minute or every several minutes, not oftener")
    if not 0 <= watch.end_offset < watch.start_offset <= MOST_OFFSET:
        raise InvalidValue(
            "the time range of the query ends before it begins",
            hint="0 <= end offset < start offset <= 2592000 seconds",
        )
    if not 0 <= watch.lines <= MOST_LINES:
        raise InvalidValue(f"a notification has 0 to {MOST_LINES} log lines")


def _composite(watch: CompositeWatch) -> None:
    if not 1 <= len(watch.rule) <= 10_240:
        raise InvalidValue("an alarm rule has 1 to 10240 characters")
    if not (0 <= watch.wait <= MOST_SECONDS and 0 <= watch.extension <= MOST_SECONDS):
        raise InvalidValue("the times of waiting for a suppressor are seconds, not below 0")
