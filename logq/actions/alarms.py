"""Actions on alarms: what watches metrics, log groups and other alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.reading import QUERY, readable, reads, usable
from logq.alarms.definition import Alarm, CompositeWatch, LogWatch, MetricWatch, Rights
from logq.alarms.history import ALARM_TYPES, Item, Search
from logq.alarms.state import State
from logq.audit.call import Access
from logq.errors import InvalidValue, NotFound, Protected
from logq.metric import Metric

if TYPE_CHECKING:
    from logq.alarms.alarms import Described
    from logq.alarms.contributors import Contributor

W = TypeVar("W", MetricWatch, CompositeWatch, LogWatch)

_PUBLISH = "sns:Publish"
DESCRIBE = "cloudwatch:DescribeAlarms"
_EVERYTHING = Search()


@action("cloudwatch:PutMetricAlarm", Access.MANAGEMENT_WRITE)
def put_metric_alarm(context: Context, alarm: Alarm) -> Described:
    """Make or replace an alarm on a metric or on metric math; raises InvalidValue."""
    _allowed(context, "cloudwatch:PutMetricAlarm", alarm)
    watch = _of(alarm, MetricWatch)
    return _put(context, replace(alarm, rights=Rights(_fed_by(context, watch))))


@action("cloudwatch:PutCompositeAlarm", Access.MANAGEMENT_WRITE)
def put_composite_alarm(context: Context, alarm: Alarm) -> Described:
    """Make or replace an alarm on the states of other alarms; raises InvalidValue."""
    _allowed(context, "cloudwatch:PutCompositeAlarm", alarm)
    _of(alarm, CompositeWatch)
    return _put(context, alarm)


@action("cloudwatch:PutLogAlarm", Access.MANAGEMENT_WRITE)
def put_log_alarm(context: Context, alarm: Alarm) -> Described:
    """Make or replace an alarm on a query; it reads later what its writer may read now.

    Raises InvalidValue, UnknownLogGroup and QueryError.
    """
    from logq.query.request import read

    _allowed(context, "cloudwatch:PutLogAlarm", alarm)
    watch = _of(alarm, LogWatch)
    groups = readable(context, [*watch.groups, *reads(context, watch.text)])
    logq = context.logq
    for group in watch.groups:
        logq.storage.groups.format(group)  # it must be there
    read(watch.text, list(watch.groups), 0, 1, None, logq.clock(), logq.settings)
    named = usable(context, watch.text)
    definitions = None if named is None else {kind: tuple(each) for kind, each in named.items()}
    rights = Rights(groups, definitions)
    return _put(context, replace(alarm, rights=rights))


def put_alarm(context: Context, alarm: Alarm) -> Described:
    """Make or replace an alarm of any type, as one of the three actions."""
    actions = {
        "metric": put_metric_alarm,
        "composite": put_composite_alarm,
        "log": put_log_alarm,
    }
    return actions[alarm.type](context, alarm)


@action(DESCRIBE, Access.MANAGEMENT_READ)
def describe_alarms(
    context: Context,
    *,
    names: Sequence[str] | None = None,
    prefix: str = "",
    types: Sequence[str] = ("metric", "composite", "log"),
    state: str | None = None,
    action_prefix: str | None = None,
    children_of: str | None = None,
    parents_of: str | None = None,
) -> tuple[Described, ...]:
    """The alarms that the caller may see and that fit all conditions, by name."""
    alarms = context.logq.monitoring.alarms
    children = alarms.children()
    below = None if children_of is None else frozenset(children.get(children_of, ()))
    return tuple(
        each
        for each in alarms.describe()
        if (names is None or each.alarm.name in names)
        and (below is None or each.alarm.name in below)
        and each.alarm.name.startswith(prefix)
        and each.alarm.type in types
        and (state is None or each.standing.state == state)
        and (action_prefix is None or _acts(each.alarm, action_prefix))
        and (parents_of is None or parents_of in children.get(each.alarm.name, ()))
        and may_see(context, DESCRIBE, each.alarm.name, each.alarm.groups)
    )


@action("cloudwatch:DescribeAlarmsForMetric", Access.MANAGEMENT_READ)
def describe_alarms_for_metric(
    context: Context,
    metric: Metric,
    *,
    statistic: str | None = None,
    period: int | None = None,
    unit: str | None = None,
) -> tuple[Described, ...]:
    """The alarms on one metric, without those on metric math, by name."""
    permission = "cloudwatch:DescribeAlarmsForMetric"
    return tuple(
        each
        for each in context.logq.monitoring.alarms.describe()
        if isinstance(each.alarm.watch, MetricWatch)
        and (stat := each.alarm.watch.stat) is not None
        and stat.metric == metric
        and (statistic is None or stat.stat == statistic)
        and (period is None or stat.period == period)
        and (unit is None or stat.unit == unit)
        and may_see(context, permission, each.alarm.name)
    )


@action("cloudwatch:DescribeAlarmHistory", Access.MANAGEMENT_READ)
def describe_alarm_history(
    context: Context, wanted: Search = _EVERYTHING, *, limit: int = 100
) -> tuple[list[Item], Item | None]:
    """What alarms did, newest first, and the item behind which there is more.

    Alarms that were deleted still have their history.
    """
    permission = "cloudwatch:DescribeAlarmHistory"
    if not 1 <= limit <= 1_000:
        raise InvalidValue(f"a page has 1 to 1000 items, not {limit}")
    found: list[Item] = []
    while True:
        page = context.logq.monitoring.alarms.history(wanted, limit + 1)
        for item in page:
            if len(found) == limit:
                return found, found[-1]
            if may_see(context, permission, item.alarm, item.groups):
                found.append(item)
        if len(page) <= limit:
            return found, None
        wanted = replace(wanted, after=(page[-1].time, page[-1].id))


@action("cloudwatch:DescribeAlarmContributors", Access.MANAGEMENT_READ)
def describe_alarm_contributors(context: Context, name: str) -> tuple[Contributor, ...]:
    """The series of an alarm that are in ALARM; raises NotFound."""
    permission = "cloudwatch:DescribeAlarmContributors"
    context.require(permission, context.place.alarm(name))
    alarms = context.logq.monitoring.alarms
    alarm = alarms.get(name).alarm
    context.require(QUERY, *(context.place.log_group(group) for group in alarm.groups))
    return tuple(each for each in alarms.contributors(name) if each.state == State.ALARM)


@action("cloudwatch:DeleteAlarms", Access.MANAGEMENT_WRITE)
def delete_alarms(context: Context, names: Sequence[str]) -> int:
    """Delete alarms and say how many were there; raises Protected if a composite needs one.

    What is wrong with one does not keep the others.
    """
    context.require("cloudwatch:DeleteAlarms", *(context.place.alarm(name) for name in names))
    alarms = context.logq.monitoring.alarms
    composites = [name for name in dict.fromkeys(names) if name in alarms.children()]
    if len(composites) > 1:
        raise InvalidValue("one call deletes at most one composite alarm")
    refused: Protected | None = None
    deleted = 0
    for name in dict.fromkeys([*composites, *names]):
        try:
            deleted += alarms.delete(name)
        except Protected as error:
            refused = refused or error
    if refused is not None:
        raise refused
    return deleted


def get_alarm(context: Context, name: str) -> Described:
    """One alarm, as ``describe_alarms`` shows it; raises NotFound."""
    for each in describe_alarms(context, names=[name]):
        return each
    raise NotFound(f"there is no alarm {name!r}", hint="'logq alarms list' lists them")


def may_see(context: Context, permission: str, name: str, groups: Sequence[str] = ()) -> bool:
    """Whether the caller may be shown an alarm, which may tell of what is in log groups."""
    place = context.place
    return context.may(permission, place.alarm(name)) and all(
        context.may(QUERY, place.log_group(group)) for group in groups
    )


def wire_type(alarm: Alarm) -> str:
    """The type as CloudWatch calls it."""
    return ALARM_TYPES[alarm.type]


def _allowed(context: Context, permission: str, alarm: Alarm) -> None:
    place = context.place
    context.require(permission, place.alarm(alarm.name))
    topics = {arn for state in State for arn in alarm.actions.of(state)}
    context.require(_PUBLISH, *sorted(topics))  # it speaks there in its writer's name


def _of(alarm: Alarm, kind: type[W]) -> W:
    if not isinstance(alarm.watch, kind):
        raise InvalidValue(f"{alarm.name!r} is defined as a {alarm.type} alarm")
    return alarm.watch


def _put(context: Context, alarm: Alarm) -> Described:
    made = context.logq.monitoring.alarms.put(alarm)
    context.logq.monitoring.nudge()
    return made


def _fed_by(context: Context, watch: MetricWatch) -> tuple[str, ...] | None:
    """The log groups whose events count into a metric, as far as they may be read."""
    if context.caller.kind == "administrator":
        return None
    metrics = {
        (each.stat.metric.namespace, each.stat.metric.name)
        for each in watch.queries
        if each.stat is not None
    }
    groups = {
        each.group
        for each in context.logq.storage.definitions.list("metric_filter")
        if (each.body["namespace"], each.body["metric"]) in metrics and each.group is not None
    }
    return tuple(
        group for group in sorted(groups) if context.may(QUERY, context.place.log_group(group))
    )


def _acts(alarm: Alarm, prefix: str) -> bool:
    return any(arn.startswith(prefix) for state in State for arn in alarm.actions.of(state))
