"""Alarms: definitions, states and history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from logq.actions import alarm_states, alarm_tags, alarms
from logq.actions.context import Context
from logq.alarms.composite import alarm_name
from logq.alarms.history import Search
from logq.errors import InvalidValue, NotFound
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.alarm_shapes import (
    alarm_of,
    composite_watch,
    log_watch,
    metric_of,
    metric_watch,
    moment,
    shown,
    shown_item,
    tag_list,
    tags_of,
)
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.faults import said
from logq.server.cloudwatch.operation import Params, Result, operation

_PAGE = 50
_TYPES = {"MetricAlarm": "metric", "CompositeAlarm": "composite", "LogAlarm": "log"}
_LISTS = {"metric": "MetricAlarms", "composite": "CompositeAlarms", "log": "LogAlarms"}


@contextmanager
def _checked(missing: str = "ResourceNotFound") -> Iterator[None]:
    """What is wrong with an alarm, as CloudWatch calls it."""
    try:
        yield
    except NotFound as error:
        raise WireError(missing, said(error)) from None
    except InvalidValue as error:
        raise WireError("ValidationException", said(error)) from None


@operation("cloudwatch", "PutMetricAlarm")
def put_metric_alarm(context: Context, params: Params) -> Result:
    with _checked():
        alarms.put_metric_alarm(context, alarm_of(params, metric_watch(params)))
    return None


@operation("cloudwatch", "PutCompositeAlarm")
def put_composite_alarm(context: Context, params: Params) -> Result:
    with _checked():
        watch = composite_watch(params, alarm_name)
        alarms.put_composite_alarm(context, alarm_of(params, watch))
    return None


@operation("cloudwatch", "PutLogAlarm")
def put_log_alarm(context: Context, params: Params) -> Result:
    with _checked("ValidationException"):
        alarms.put_log_alarm(context, alarm_of(params, log_watch(params)))
    return None


@operation("cloudwatch", "DescribeAlarms")
def describe_alarms(context: Context, params: Params) -> Result:
    if "AlarmNames" in params and "AlarmNamePrefix" in params:
        raise WireError("ValidationException", "AlarmNames and AlarmNamePrefix exclude each other.")
    types = params.get("AlarmTypes") or ["MetricAlarm"]
    found = alarms.describe_alarms(
        context,
        names=params.get("AlarmNames"),
        prefix=params.get("AlarmNamePrefix", ""),
        types=[_TYPES[each] for each in types],
        state=params.get("StateValue"),
        action_prefix=params.get("ActionPrefix"),
        children_of=_named(params, "ChildrenOfAlarmName"),
        parents_of=_named(params, "ParentsOfAlarmName"),
    )
    with _tokens():
        page, token = tokens.page(
            "DescribeAlarms",
            params,
            found,
            lambda each: [each.alarm.name],
            params.get("MaxRecords", _PAGE),
            token="NextToken",
        )
    answer: dict[str, object] = {
        _LISTS[_TYPES[kind]]: [
            shown(each, context.place) for each in page if each.alarm.type == _TYPES[kind]
        ]
        for kind in types
    }
    return {**answer, "NextToken": token}


def _named(params: Params, parameter: str) -> str | None:
    return alarm_name(params[parameter]) if parameter in params else None


@contextmanager
def _tokens() -> Iterator[None]:
    try:
        yield
    except InvalidValue:
        raise WireError("InvalidNextToken", "The specified NextToken is invalid.") from None


@operation("cloudwatch", "DescribeAlarmsForMetric")
def describe_alarms_for_metric(context: Context, params: Params) -> Result:
    found = alarms.describe_alarms_for_metric(
        context,
        metric_of(params),
        statistic=params.get("Statistic") or params.get("ExtendedStatistic"),
        period=params.get("Period"),
        unit=params.get("Unit"),
    )
    return {"MetricAlarms": [shown(each, context.place) for each in found]}


@operation("cloudwatch", "DescribeAlarmHistory")
def describe_alarm_history(context: Context, params: Params) -> Result:
    start, end = params.get("StartDate"), params.get("EndDate")
    after = None
    if "NextToken" in params:
        with _tokens():
            time, id = tokens.read("DescribeAlarmHistory", params, params["NextToken"])
            after = (time, id)
    wanted = Search(
        params.get("AlarmName"),
        params.get("HistoryItemType"),
        tuple(params.get("AlarmTypes", ())),
        params.get("AlarmContributorId"),
        None if start is None else round(start.timestamp() * 1000),
        None if end is None else round(end.timestamp() * 1000),
        params.get("ScanBy") == "TimestampAscending",
        after,
    )
    limit = params.get("MaxRecords", 100)
    found, last = alarms.describe_alarm_history(context, wanted, limit=limit)
    token = tokens.write("DescribeAlarmHistory", params, [last.time, last.id]) if last else None
    return {"AlarmHistoryItems": [shown_item(each) for each in found], "NextToken": token}


@operation("cloudwatch", "DescribeAlarmContributors")
def describe_alarm_contributors(context: Context, params: Params) -> Result:
    with _checked("ResourceNotFoundException"):
        found = alarms.describe_alarm_contributors(context, params["AlarmName"])
    with _tokens():
        page, token = tokens.page(
            "DescribeAlarmContributors",
            params,
            found,
            lambda each: [each.id],
            100,
            token="NextToken",
        )
    return {
        "AlarmContributors": [
            {
                "ContributorId": each.id,
                "ContributorAttributes": dict(each.attributes),
                "StateReason": each.reason,
                "StateTransitionedTimestamp": moment(each.transitioned),
            }
            for each in page
        ],
        "NextToken": token,
    }


@operation("cloudwatch", "DeleteAlarms")
def delete_alarms(context: Context, params: Params) -> Result:
    with _checked():
        alarms.delete_alarms(context, params["AlarmNames"])
    return None


@operation("cloudwatch", "SetAlarmState")
def set_alarm_state(context: Context, params: Params) -> Result:
    try:
        alarm_states.set_alarm_state(
            context,
            params["AlarmName"],
            params["StateValue"],
            params["StateReason"],
            data=params.get("StateReasonData"),
        )
    except InvalidValue as error:
        raise WireError("InvalidFormatFault", said(error)) from None
    return None


@operation("cloudwatch", "EnableAlarmActions")
def enable_alarm_actions(context: Context, params: Params) -> Result:
    alarm_states.enable_alarm_actions(context, params["AlarmNames"])
    return None


@operation("cloudwatch", "DisableAlarmActions")
def disable_alarm_actions(context: Context, params: Params) -> Result:
    alarm_states.disable_alarm_actions(context, params["AlarmNames"])
    return None


@operation("cloudwatch", "TagResource")
def tag_resource(context: Context, params: Params) -> Result:
    with _known():
        alarm_tags.tag_alarm(context, params["ResourceARN"], tags_of(params["Tags"]))
    return {}


@operation("cloudwatch", "UntagResource")
def untag_resource(context: Context, params: Params) -> Result:
    with _known():
        alarm_tags.untag_alarm(context, params["ResourceARN"], params["TagKeys"])
    return {}


@operation("cloudwatch", "ListTagsForResource")
def list_tags_for_resource(context: Context, params: Params) -> Result:
    with _known():
        tags = alarm_tags.list_alarm_tags(context, params["ResourceARN"])
    return {"Tags": tag_list(tags)}


@contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise WireError("ResourceNotFoundException", said(error)) from None
