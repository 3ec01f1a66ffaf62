"""Alarms and mute rules between their values here and the shapes of CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from logq.alarms.alarms import Described
from logq.alarms.definition import (
    Actions,
    Alarm,
    Check,
    CompositeWatch,
    LogWatch,
    MetricWatch,
    Propagation,
    WarmUp,
    Watch,
)
from logq.alarms.history import Item
from logq.alarms.messages import query_from, query_of
from logq.alarms.mute import MuteRule
from logq.alarms.schedule import format_rate, parse_rate
from logq.alarms.state import Missing
from logq.arns import Place, group_name
from logq.errors import InvalidValue
from logq.metric import DataQuery, Metric, MetricStat

_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
Params = Mapping[str, Any]


def metric_of(params: Params) -> Metric:
    """The metric that MetricName, Namespace and Dimensions name."""
    dimensions = tuple(sorted((d["Name"], d["Value"]) for d in params.get("Dimensions", ())))
    return Metric(params["Namespace"], params["MetricName"], dimensions)


def alarm_of(params: Params, watch: Watch) -> Alarm:
    """An alarm from what the three Put operations have in common."""
    warm_up = params.get("WarmUpConfiguration")
    tags = params.get("ActionConfiguration", {}).get("AlarmTagsPropagation", {"Enabled": True})
    return Alarm(
        params["AlarmName"],
        watch,
        params.get("AlarmDescription", ""),
        Actions(
            tuple(params.get("OKActions", ())),
            tuple(params.get("AlarmActions", ())),
            tuple(params.get("InsufficientDataActions", ())),
            params.get("ActionsEnabled", True),
        ),
        tags_of(params.get("Tags", ())),
        WarmUp(
            warm_up["WarmUpPeriodDurationInMinutes"],
            warm_up.get("OnlyStartEvaluatingAfterWarmUpPeriodEnds", False),
        )
        if warm_up
        else None,
        Propagation(
            tags["Enabled"],
            tuple(tags.get("IncludedTagKeys", ())),
            tuple(tags.get("ExcludedTagKeys", ())),
        ),
    )


def metric_watch(params: Params) -> MetricWatch:
    """What PutMetricAlarm asks to be watched; raises InvalidValue."""
    if "EvaluationCriteria" in params:
        raise InvalidValue("alarms on PromQL are not available", hint="name a metric")
    if ("MetricName" in params) == ("Metrics" in params):
        raise InvalidValue("an alarm names either MetricName or Metrics")
    plain = "MetricName" in params
    if plain:
        if ("Statistic" in params) == ("ExtendedStatistic" in params):
            raise InvalidValue("Must specify either Statistic or ExtendedStatistic")
        for name in ("Namespace", "Period"):
            _needed(params, name)
        statistic = params.get("Statistic") or params["ExtendedStatistic"]
        period = params["Period"]
        stat = MetricStat(metric_of(params), statistic, period, params.get("Unit"))
        queries: tuple[DataQuery, ...] = (DataQuery("m1", stat),)
    else:
        queries = tuple(query_from(each) for each in params["Metrics"])
        periods = [each.stat.period for each in queries if each.stat] + [
            each.period for each in queries if each.period
        ]
        if not periods:
            raise InvalidValue("the queries of the alarm name no metric and no period")
        period = periods[0]
    window = params.get("EvaluationWindow", {}).get("WallClockWindow")
    return MetricWatch(
        queries,
        _check(params, "EvaluationPeriods", "DatapointsToAlarm"),
        period,
        plain,
        params.get("EvaluateLowSampleCountPercentile", "evaluate"),
        None if window is None else window.get("Timezone", "UTC"),
    )


def log_watch(params: Params) -> LogWatch:
    """What PutLogAlarm asks to be watched; raises InvalidValue."""
    wanted = params["ScheduledQueryConfiguration"]
    schedule = wanted["ScheduleConfiguration"]
    return LogWatch(
        wanted["QueryString"],
        tuple(group_name(each) for each in wanted.get("LogGroupIdentifiers", ())),
        wanted["AggregationExpression"],
        _check(params, "QueryResultsToEvaluate", "QueryResultsToAlarm"),
        parse_rate(schedule["ScheduleExpression"]),
        schedule["StartTimeOffset"],
        schedule.get("EndTimeOffset", 0),
        params.get("ActionLogLineCount", 0),
    )


def composite_watch(params: Params, name_of: Any) -> CompositeWatch:
    """What PutCompositeAlarm asks to be watched; raises InvalidValue."""
    suppressor = params.get("ActionsSuppressor")
    times = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
    if suppressor is not None:
        for name in times:
            _needed(params, name)
    wait, extension = (params.get(name, 0) for name in times)
    return CompositeWatch(
        params["AlarmRule"], None if suppressor is None else name_of(suppressor), wait, extension
    )


def _check(params: Params, n: str, m: str) -> Check:
    for name in (n, "Threshold", "ComparisonOperator"):
        _needed(params, name)
    treat = params.get("TreatMissingData", "missing")
    if treat not in list(Missing):
        raise InvalidValue(
            f"the value {treat} is not supported for TreatMissingData parameter. Supported values "
            "are [breaching, notBreaching, ignore, missing]"
        )
    periods = params[n]
    return Check(
        params["ComparisonOperator"],
        params["Threshold"],
        periods,
        params.get(m, periods),
        Missing(treat),
    )


def _needed(params: Params, name: str) -> None:
    if name not in params:
        raise InvalidValue(f"the parameter {name} must be given")


def tags_of(given: Any) -> dict[str, str]:
    """Tags from a list of keys and values."""
    return {tag["Key"]: tag["Value"] for tag in given}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """The inverse of ``tags_of``."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def moment(ms: int | None) -> datetime | None:
    """A time as the models want it."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


# ---- what is shown


def shown(described: Described, place: Place) -> dict[str, Any]:
    """An alarm in the shape MetricAlarm, CompositeAlarm or LogAlarm."""
    alarm, standing = described.alarm, described.standing
    said: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmArn": place.alarm(alarm.name),
        "AlarmDescription": alarm.description or None,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.updated),
        "ActionsEnabled": alarm.actions.enabled,
        "OKActions": alarm.actions.ok,
        "AlarmActions": alarm.actions.alarm,
        "InsufficientDataActions": alarm.actions.insufficient_data,
        "StateValue": standing.state,
        "StateReason": standing.reason,
        "StateReasonData": standing.reason_data,
        "StateUpdatedTimestamp": moment(standing.updated),
        "StateTransitionedTimestamp": moment(standing.transitioned),
    }
    if alarm.propagation != Propagation():
        said["ActionConfiguration"] = _propagation(alarm.propagation)
    watch = alarm.watch
    if isinstance(watch, CompositeWatch):
        return {**said, **_composite(watch, place, described.suppressed_by)}
    said["EvaluationState"] = standing.evaluation
    if alarm.warm_up is not None:
        said["WarmUpConfiguration"] = {
            "WarmUpPeriodDurationInMinutes": alarm.warm_up.minutes,
            "OnlyStartEvaluatingAfterWarmUpPeriodEnds": alarm.warm_up.whole,
        }
    return {**said, **(_log(watch) if isinstance(watch, LogWatch) else _metric(watch))}


def _propagation(propagation: Propagation) -> dict[str, Any]:
    return {
        "AlarmTagsPropagation": {
            "Enabled": propagation.enabled,
            "IncludedTagKeys": propagation.included or None,
            "ExcludedTagKeys": propagation.excluded or None,
        }
    }


def _composite(watch: CompositeWatch, place: Place, by: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {"AlarmRule": watch.rule}
    if watch.suppressor is not None:
        said |= {
            "ActionsSuppressor": place.alarm(watch.suppressor),
            "ActionsSuppressorWaitPeriod": watch.wait,
            "ActionsSuppressorExtensionPeriod": watch.extension,
            "ActionsSuppressedBy": by,
        }
    return said


def _log(watch: LogWatch) -> dict[str, Any]:
    check = watch.check
    return {
        "ScheduledQueryConfiguration": {
            "QueryString": watch.query,
            "LogGroupIdentifiers": watch.groups,
            "ScheduleConfiguration": {
                "ScheduleExpression": format_rate(watch.every),
                "StartTimeOffset": watch.start_offset,
                "EndTimeOffset": watch.end_offset,
            },
            "AggregationExpression": watch.aggregation,
        },
        "QueryResultsToEvaluate": check.n,
        "QueryResultsToAlarm": check.m,
        "Threshold": check.threshold,
        "ComparisonOperator": check.operator,
        "TreatMissingData": check.missing,
        "ActionLogLineCount": watch.lines,
    }


def _metric(watch: MetricWatch) -> dict[str, Any]:
    check = watch.check
    said: dict[str, Any] = {
        "EvaluationPeriods": check.n,
        "DatapointsToAlarm": check.m,
        "Threshold": check.threshold,
        "ComparisonOperator": check.operator,
        "TreatMissingData": check.missing,
    }
    if watch.zone is not None:
        said["EvaluationWindow"] = {"WallClockWindow": {"Timezone": watch.zone}}
    stat = watch.stat
    if stat is None or not watch.plain:
        return {**said, "Metrics": [query_of(each) for each in watch.queries]}
    plain = stat.stat in _STATISTICS
    return {
        **said,
        "MetricName": stat.metric.name,
        "Namespace": stat.metric.namespace,
        "Dimensions": [{"Name": name, "Value": value} for name, value in stat.metric.dimensions],
        "Statistic" if plain else "ExtendedStatistic": stat.stat,
        "Period": stat.period,
        "Unit": stat.unit,
        "EvaluateLowSampleCountPercentile": None if plain else watch.low_samples,
    }


def shown_item(item: Item) -> dict[str, Any]:
    """An item in the shape AlarmHistoryItem."""
    return {
        "AlarmName": item.alarm,
        "AlarmContributorId": item.contributor,
        "AlarmType": item.alarm_type,
        "Timestamp": moment(item.time),
        "HistoryItemType": item.type,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
        "AlarmContributorAttributes": item.attributes,
    }


def mute_rule_of(params: Params) -> MuteRule:
    """What PutAlarmMuteRule asks for."""
    schedule = params["Rule"]["Schedule"]
    targets = params.get("MuteTargets", {})
    return MuteRule(
        params["Name"],
        schedule["Expression"],
        schedule["Duration"],
        schedule.get("Timezone", "UTC"),
        tuple(targets.get("AlarmNames", ())),
        start=_ms(params.get("StartDate")),
        expire=_ms(params.get("ExpireDate")),
        description=params.get("Description", ""),
        own_tags=tags_of(params.get("Tags", ())),
    )


def shown_rule(rule: MuteRule, place: Place, now: int) -> dict[str, Any]:
    """A mute rule in the shape of GetAlarmMuteRule's answer."""
    return {
        "Name": rule.name,
        "AlarmMuteRuleArn": place.mute_rule(rule.name),
        "Description": rule.description or None,
        "Rule": {
            "Schedule": {
                "Expression": rule.expression,
                "Duration": rule.duration,
                "Timezone": rule.zone,
            }
        },
        "MuteTargets": {"AlarmNames": rule.names} if rule.names else None,
        "StartDate": moment(rule.start),
        "ExpireDate": moment(rule.expire),
        "Status": rule.status(now),
        "LastUpdatedTimestamp": moment(rule.updated),
        "MuteType": rule.type,
    }


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
