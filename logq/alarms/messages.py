"""What an alarm tells others: the body of a notification and the events of the bus.

In the forms of CloudWatch:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logq.alarms.comparison import COMPARISONS
from logq.alarms.definition import Alarm, CompositeWatch, LogWatch, MetricWatch
from logq.alarms.reasons import stamp
from logq.alarms.standing import Standing
from logq.alarms.state import State
from logq.arns import Place
from logq.metric import DataQuery, Metric, MetricStat
from logq.notification import Contributor, Datapoint, LogLine, Notification, Subject, Trigger

_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_REGIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "eu-north-1": "EU (Stockholm)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "sa-east-1": "South America (Sao Paulo)",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What an evaluation saw beyond the state: for people, not for deciding."""

    datapoints: tuple[Datapoint, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    log_lines: tuple[LogLine, ...] = ()
    children: Mapping[str, tuple[State, int]] | None = None
    """Of a composite alarm: ARN, state and time of the alarms that made it so."""


def notification(
    id: str, alarm: Alarm, before: Standing, after: Standing, place: Place, seen: Seen
) -> Notification:
    """What the topics of an alarm hear when it is in another state than before."""
    now = after.transitioned
    begun = (
        now
        if after.state == State.ALARM
        else before.transitioned
        if before.state == State.ALARM
        else None
    )
    tags = alarm.propagation.chosen(alarm.tags)
    return Notification(
        id,
        "alarm",
        after.state,
        before.state,
        after.reason,
        Subject(alarm.name, place.alarm(alarm.name), alarm.description, tags),
        now,
        begun,
        now if before.state == State.ALARM and after.state == State.OK else None,
        trigger(alarm),
        seen.datapoints,
        seen.contributors,
        seen.log_lines,
        message=json.dumps(body(alarm, before.state, after, place, seen), ensure_ascii=False),
    )


def trigger(alarm: Alarm) -> Trigger:
    """What an alarm watches."""
    watch = alarm.watch
    if isinstance(watch, CompositeWatch):
        return Trigger("composite", rule=watch.rule)
    check = watch.check
    sign = COMPARISONS[check.operator].sign
    if isinstance(watch, LogWatch):
        return Trigger(
            "log",
            query=watch.text,
            threshold=check.threshold,
            operator=sign,
            period=watch.every,
            m=check.m,
            n=check.n,
        )
    stat = watch.stat
    watched: dict[str, Any] = (
        {
            "namespace": stat.metric.namespace,
            "name": stat.metric.name,
            "dimensions": dict(stat.metric.dimensions),
            "statistic": stat.stat,
        }
        if stat is not None
        else {"label": watch.label, "queries": [query_of(each) for each in watch.queries]}
    )
    return Trigger(
        "metric",
        watched,
        threshold=check.threshold,
        operator=sign,
        period=watch.period,
        m=check.m,
        n=check.n,
    )


def body(
    alarm: Alarm, previous: State, standing: Standing, place: Place, seen: Seen
) -> dict[str, Any]:
    """The message as SNS gets it from CloudWatch."""
    watch = alarm.watch
    said: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description or None,
        "AWSAccountId": place.account,
    }
    if not isinstance(watch, CompositeWatch):
        said["AlarmConfigurationUpdatedTimestamp"] = stamp(alarm.updated)
    said |= {
        "NewStateValue": standing.state,
        "NewStateReason": standing.reason,
        "StateChangeTime": stamp(standing.transitioned),
        "Region": _REGIONS.get(place.region, place.region),
        "AlarmArn": place.alarm(alarm.name),
        "OldStateValue": previous,
        "OKActions": list(alarm.actions.ok),
        "AlarmActions": list(alarm.actions.alarm),
        "InsufficientDataActions": list(alarm.actions.insufficient_data),
    }
    if isinstance(watch, CompositeWatch):
        said["AlarmRule"] = watch.rule
        said["TriggeringChildren"] = [
            {"Arn": arn, "State": {"Value": state, "Timestamp": stamp(at)}}
            for arn, (state, at) in (seen.children or {}).items()
        ]
    elif isinstance(watch, LogWatch):
        said["LogGroups"] = list(watch.groups)
        said["QueryString"] = watch.text
        said["LogLines"] = [line.message for line in seen.log_lines]
    else:
        said["Trigger"] = _sns_trigger(watch)
    return said


def _sns_trigger(watch: MetricWatch) -> dict[str, Any]:
    check = watch.check
    tail = {
        "Period": watch.period,
        "EvaluationPeriods": check.n,
        "DatapointsToAlarm": check.m,
        "ComparisonOperator": check.operator,
        "Threshold": check.threshold,
        "TreatMissingData": check.missing,
        "EvaluateLowSampleCountPercentile": ""
        if watch.low_samples == "evaluate"
        else watch.low_samples,
    }
    stat = watch.stat
    if stat is None or not watch.plain:
        return {**tail, "Metrics": [query_of(each) for each in watch.queries]}
    plain = stat.stat in _STATISTICS
    return {
        "MetricName": stat.metric.name,
        "Namespace": stat.metric.namespace,
        "StatisticType": "Statistic" if plain else "ExtendedStatistic",
        **({"Statistic": _upper(stat.stat)} if plain else {"ExtendedStatistic": stat.stat}),
        "Unit": stat.unit,
        "Dimensions": [{"value": v, "name": n} for n, v in stat.metric.dimensions],
        **tail,
    }


def query_of(query: DataQuery) -> dict[str, Any]:
    """One query of a metric math alarm, as CloudWatch writes it."""
    said: dict[str, Any] = {"Id": query.id}
    if query.stat is not None:
        metric = query.stat.metric
        said["MetricStat"] = {
            "Metric": {
                "MetricName": metric.name,
                "Namespace": metric.namespace,
                "Dimensions": [{"Name": n, "Value": v} for n, v in metric.dimensions],
            },
            "Period": query.stat.period,
            "Stat": query.stat.stat,
        }
        if query.stat.unit is not None:
            said["MetricStat"]["Unit"] = query.stat.unit
    else:
        said["Expression"] = query.expression
    if query.label is not None:
        said["Label"] = query.label
    if query.period is not None:
        said["Period"] = query.period
    return {**said, "ReturnData": query.returned}


def query_from(said: Mapping[str, Any]) -> DataQuery:
    """The inverse of ``query_of``."""
    stat = said.get("MetricStat")
    read = None
    if stat is not None:
        metric = stat["Metric"]
        dimensions = tuple(sorted((d["Name"], d["Value"]) for d in metric.get("Dimensions", ())))
        read = MetricStat(
            Metric(metric["Namespace"], metric["MetricName"], dimensions),
            stat["Stat"],
            stat["Period"],
            stat.get("Unit"),
        )
    return DataQuery(
        said["Id"],
        read,
        said.get("Expression"),
        said.get("Period"),
        said.get("Label"),
        said.get("ReturnData", True),
    )


def _upper(stat: str) -> str:
    return "SAMPLE_COUNT" if stat == "SampleCount" else stat.upper()


# ---- events of the bus


def state_detail(alarm: Alarm, before: Standing, after: Standing) -> dict[str, Any]:
    """The detail of an event "CloudWatch Alarm State Change"."""
    return {
        "alarmName": alarm.name,
        "state": _state(after, after.evaluation),
        "previousState": _state(before),
        "configuration": _configuration(alarm),
    }


def configuration_detail(
    alarm: Alarm, operation: str, standing: Standing, previous: Alarm | None
) -> dict[str, Any]:
    """The detail of an event "CloudWatch Alarm Configuration Change"."""
    detail = {
        "alarmName": alarm.name,
        "operation": operation,
        "state": _state(standing),
        "configuration": _whole(alarm),
    }
    return {**detail, "previousConfiguration": _whole(previous)} if previous else detail


def _whole(alarm: Alarm) -> dict[str, Any]:
    said = {
        **_configuration(alarm),
        "alarmName": alarm.name,
        "description": alarm.description,
        "actionsEnabled": alarm.actions.enabled,
        "timestamp": stamp(alarm.updated),
        "okActions": list(alarm.actions.ok),
        "alarmActions": list(alarm.actions.alarm),
        "insufficientDataActions": list(alarm.actions.insufficient_data),
    }
    if isinstance(alarm.watch, CompositeWatch):
        return said
    check = alarm.watch.check
    return {
        **said,
        "evaluationPeriods": check.n,
        "datapointsToAlarm": check.m,
        "threshold": check.threshold,
        "comparisonOperator": check.operator,
        "treatMissingData": check.missing,
    }


def _state(standing: Standing, evaluation: str | None = None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "value": standing.state,
        "reason": standing.reason,
        "timestamp": stamp(standing.transitioned),
    }
    if standing.reason_data is not None:
        said["reasonData"] = standing.reason_data
    if evaluation is not None:
        said["evaluationState"] = evaluation
    if standing.held.timer is not None:
        said["actionsSuppressedBy"] = standing.held.timer
    return said


def _configuration(alarm: Alarm) -> dict[str, Any]:
    watch = alarm.watch
    said: dict[str, Any] = {"description": alarm.description} if alarm.description else {}
    if isinstance(watch, CompositeWatch):
        said["alarmRule"] = watch.rule
        if watch.suppressor is not None:
            said["actionsSuppressor"] = watch.suppressor
            said["actionsSuppressorWaitPeriod"] = watch.wait
            said["actionsSuppressorExtensionPeriod"] = watch.extension
    elif isinstance(watch, LogWatch):
        said["query"] = {"text": watch.text, "logGroups": list(watch.groups)}
    else:
        said["metrics"] = [_metric(each) for each in watch.queries]
    return said


def _metric(query: DataQuery) -> dict[str, Any]:
    said: dict[str, Any] = {"id": query.id}
    if query.stat is not None:
        metric = query.stat.metric
        said["metricStat"] = {
            "metric": {
                "namespace": metric.namespace,
                "name": metric.name,
                "dimensions": dict(metric.dimensions),
            },
            "period": query.stat.period,
            "stat": query.stat.stat,
        }
    else:
        said["expression"] = query.expression
    if query.label is not None:
        said["label"] = query.label
    return {**said, "returnData": query.returned}
