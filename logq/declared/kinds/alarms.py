"""Alarms on metrics, on queries and on other alarms, and mute rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from logq.actions import alarm_tags, alarms, mute_rules
from logq.actions.context import Context
from logq.alarms.comparison import COMPARISONS, SIGNS
from logq.alarms.definition import (
    Actions,
    Alarm,
    Check,
    CompositeWatch,
    LogWatch,
    MetricWatch,
    WarmUp,
    Watch,
)
from logq.alarms.mute import MuteRule
from logq.alarms.state import Missing
from logq.declared.kind import Body, Field, Key, Kind, register
from logq.errors import InvalidValue
from logq.metric import DataQuery, Metric, MetricStat

_CHECK = (
    Field("operator", "text", ">", summary="> >= < <="),
    Field("threshold", "number", needed=True),
    Field("period", "whole", 60, summary="seconds"),
    Field("periods", "whole", 1, summary="how many are looked at: N"),
    Field("datapoints", "whole", summary="how many of them must breach: M; else all"),
    Field("missing", "text", "missing", summary="missing, ignore, breaching or notBreaching"),
)
_ALL = (
    Field("description", "text", ""),
    Field(
        "actions",
        "any",
        {},
        summary="topics that hear: {alarm = [...], ok = [...], insufficient_data = [...]}",
    ),
    Field("tags", "map", {}),
    Field("warm_up", "any", summary="{minutes = 10}"),
)
_STATES = ("alarm", "ok", "insufficient_data")


def _part(given: Any, what: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """An object inside of an alarm with everything that it may have."""
    if not isinstance(given, dict):
        raise InvalidValue(f"{what} is an object", hint=f"with {', '.join(defaults)}")
    if unknown := sorted(given.keys() - defaults.keys()):
        raise InvalidValue(f"{what} has no {unknown[0]}", hint=f"it has {', '.join(defaults)}")
    return {**defaults, **given}


def _actions(context: Context, body: Body) -> Actions:
    part = _part(body["actions"], "actions", {**{state: [] for state in _STATES}, "enabled": True})
    topics = {
        state: tuple(
            one if one.startswith("arn:") else context.place.topic(one)
            for one in _texts(part, state)
        )
        for state in _STATES
    }
    return Actions(topics["ok"], topics["alarm"], topics["insufficient_data"], part["enabled"])


def _texts(part: Mapping[str, Any], name: str) -> Sequence[str]:
    value = part[name]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidValue(f"{name} must be a list of texts")
    return value


def _check(body: Body) -> Check:
    sign = body["operator"]
    if sign not in SIGNS and sign not in COMPARISONS:
        raise InvalidValue(f"{sign!r} is no operator of alarms", hint="use one of > >= < <=")
    if body["missing"] not in [*Missing]:
        raise InvalidValue(
            f"{body['missing']!r} is no treatment of missing data",
            hint=f"use one of {', '.join(Missing)}",
        )
    name = SIGNS[sign].name if sign in SIGNS else sign
    m = body["periods"] if body["datapoints"] is None else body["datapoints"]
    return Check(name, body["threshold"], body["periods"], m, Missing(body["missing"]))


_METRIC: Mapping[str, Any] = {
    "namespace": None,
    "name": None,
    "dimensions": {},
    "statistic": "Sum",
    "unit": None,
}
_QUERY: Mapping[str, Any] = {
    "id": None,
    "metric": None,
    "expression": None,
    "label": None,
    "returned": True,
}


def _stat(given: Any, period: int) -> MetricStat:
    part = _part(given, "a metric", _METRIC)
    if not isinstance(part["namespace"], str) or not isinstance(part["name"], str):
        raise InvalidValue("a metric has a namespace and a name")
    if not isinstance(part["dimensions"], dict):
        raise InvalidValue("dimensions are an object of texts")
    dimensions = tuple(sorted((name, str(value)) for name, value in part["dimensions"].items()))
    metric = Metric(part["namespace"], part["name"], dimensions)
    return MetricStat(metric, str(part["statistic"]), period, part["unit"])


def _query(given: Any, period: int) -> DataQuery:
    part = _part(given, "a query of an alarm", _QUERY)
    stat = None if part["metric"] is None else _stat(part["metric"], period)
    own = period if part["expression"] is not None else None
    return DataQuery(
        str(part["id"]), stat, part["expression"], own, part["label"], part["returned"]
    )


def _metric_watch(body: Body) -> Watch:
    if (body["metric"] is None) == (not body["queries"]):
        raise InvalidValue("an alarm has either a metric or queries")
    period = body["period"]
    queries = tuple(_query(one, period) for one in body["queries"])
    plain = body["metric"] is not None
    if plain:
        queries = (DataQuery("m1", _stat(body["metric"], period)),)
    low = body["low_samples"]
    return MetricWatch(queries, _check(body), period, plain, low, body["zone"])


def _log_watch(body: Body) -> Watch:
    offset = body["period"] if body["start_offset"] is None else body["start_offset"]
    return LogWatch(
        body["query"],
        tuple(body["groups"]),
        body["aggregation"],
        _check(body),
        body["period"],
        offset,
        body["end_offset"],
        body["lines"],
    )


def _composite_watch(body: Body) -> Watch:
    suppressor = body["suppressor"] and body["suppressor"].rpartition(":alarm:")[2]
    return CompositeWatch(body["rule"], suppressor, body["wait"], body["extension"])


def _alarm(context: Context, name: str, body: Body, watch: Watch) -> Alarm:
    warm_up = None
    if body["warm_up"] is not None:
        part = _part(body["warm_up"], "warm_up", {"minutes": None, "whole": False})
        if not isinstance(part["minutes"], int):
            raise InvalidValue("a warm-up has minutes")
        warm_up = WarmUp(part["minutes"], bool(part["whole"]))
    return Alarm(name, watch, body["description"], _actions(context, body), body["tags"], warm_up)


def _body(alarm: Alarm) -> Body:
    actions = alarm.actions
    body: dict[str, Any] = {
        "description": alarm.description,
        "actions": {
            "alarm": list(actions.alarm),
            "ok": list(actions.ok),
            "insufficient_data": list(actions.insufficient_data),
            "enabled": actions.enabled,
        },
        "tags": dict(alarm.tags),
        "warm_up": None,
    }
    if alarm.warm_up is not None:
        body["warm_up"] = {"minutes": alarm.warm_up.minutes, "whole": alarm.warm_up.whole}
    match alarm.watch:
        case CompositeWatch() as watch:
            return body | {
                "rule": watch.rule,
                "suppressor": watch.suppressor,
                "wait": watch.wait,
                "extension": watch.extension,
            }
        case LogWatch() as watch:
            return (
                body
                | _checked(watch.check, watch.every)
                | {
                    "query": watch.query,
                    "groups": list(watch.groups),
                    "aggregation": watch.aggregation,
                    "start_offset": watch.start_offset,
                    "end_offset": watch.end_offset,
                    "lines": watch.lines,
                }
            )
        case watch:
            plain = watch.plain and watch.stat is not None
            return (
                body
                | _checked(watch.check, watch.period)
                | {
                    "metric": _metric(watch.stat) if plain and watch.stat else None,
                    "queries": [] if plain else [_shown(one) for one in watch.queries],
                    "low_samples": watch.low_samples,
                    "zone": watch.zone,
                }
            )


def _checked(check: Check, period: int) -> dict[str, Any]:
    return {
        "operator": COMPARISONS[check.operator].sign or check.operator,
        "threshold": float(check.threshold),
        "period": period,
        "periods": check.n,
        "datapoints": check.m,
        "missing": check.missing.value,
    }


def _metric(stat: MetricStat) -> dict[str, Any]:
    return {
        "namespace": stat.metric.namespace,
        "name": stat.metric.name,
        "dimensions": dict(stat.metric.dimensions),
        "statistic": stat.stat,
        "unit": stat.unit,
    }


def _shown(query: DataQuery) -> dict[str, Any]:
    return {
        "id": query.id,
        "metric": None if query.stat is None else _metric(query.stat),
        "expression": query.expression,
        "label": query.label,
        "returned": query.returned,
    }


def _delete(context: Context, key: Key) -> None:
    alarms.delete_alarms(context, [key[0]])


def _kind(
    name: str,
    section: str,
    order: int,
    type: str,
    fields: tuple[Field, ...],
    watch: Callable[[Body], Watch],
) -> None:
    """Register one type of alarm."""

    def there(context: Context) -> Mapping[Key, Body]:
        found = alarms.describe_alarms(context, types=(type,))
        return {(one.alarm.name,): _body(one.alarm) for one in found}

    def normal(context: Context, body: Body) -> Body:
        return _body(_alarm(context, "alarm", body, watch(body)))

    def put(context: Context, key: Key, body: Body, before: Body | None) -> None:
        alarms.put_alarm(context, _alarm(context, key[0], body, watch(body)))
        if before is not None and before["tags"] != body["tags"]:
            arn = context.place.alarm(key[0])
            if gone := sorted(before["tags"].keys() - body["tags"].keys()):
                alarm_tags.untag_alarm(context, arn, gone)
            alarm_tags.tag_alarm(context, arn, body["tags"])

    register(Kind(name, section, order, (*fields, *_ALL), there, put, _delete, normal=normal))


_kind(
    "alarm",
    "alarms",
    6,
    "metric",
    (
        Field("metric", "any", summary="{namespace, name, dimensions, statistic, unit}"),
        Field("queries", "list", [], summary="metrics and expressions, in place of one metric"),
        *_CHECK,
        Field("low_samples", "text", "evaluate"),
        Field("zone", "text"),
    ),
    _metric_watch,
)
_kind(
    "log alarm",
    "log_alarms",
    6,
    "log",
    (
        Field("groups", "texts", needed=True),
        Field("query", "text", "", summary="what comes before the stats"),
        Field("aggregation", "text", "count(*)"),
        *_CHECK,
        Field("start_offset", "whole"),
        Field("end_offset", "whole", 0),
        Field("lines", "whole", 5),
    ),
    _log_watch,
)
_kind(
    "composite alarm",
    "composite_alarms",
    7,
    "composite",
    (
        Field("rule", "text", needed=True, summary="ALARM(a) AND NOT OK(b)"),
        Field("suppressor", "text"),
        Field("wait", "whole", 0, summary="seconds"),
        Field("extension", "whole", 0, summary="seconds"),
    ),
    _composite_watch,
)


def _mutes(context: Context) -> Mapping[Key, Body]:
    return {
        (rule.name,): {
            "schedule": rule.expression,
            "duration": rule.duration,
            "zone": rule.zone,
            "alarms": list(rule.names),
            "prefix": rule.prefix,
            "tags": dict(rule.tags),
            "description": rule.description,
        }
        for rule in mute_rules.list_mute_rules(context)
    }


def _put_mute(context: Context, key: Key, body: Body, before: Body | None) -> None:
    mute_rules.put_mute_rule(
        context,
        MuteRule(
            key[0],
            body["schedule"],
            body["duration"],
            body["zone"],
            tuple(body["alarms"]),
            body["prefix"],
            body["tags"],
            description=body["description"],
        ),
    )


def _delete_mute(context: Context, key: Key) -> None:
    mute_rules.delete_mute_rule(context, key[0])


register(
    Kind(
        "mute rule",
        "mute_rules",
        8,
        (
            Field("schedule", "text", needed=True, summary="cron(0 2 * * *), at(...)"),
            Field("duration", "text", needed=True, summary="ISO 8601: PT2H"),
            Field("zone", "text", "UTC"),
            Field("alarms", "texts", []),
            Field("prefix", "text"),
            Field("tags", "map", {}, summary="alarms that have all of these"),
            Field("description", "text", ""),
        ),
        _mutes,
        _put_mute,
        _delete_mute,
    )
)
