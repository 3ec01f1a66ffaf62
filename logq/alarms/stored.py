"""Alarms as the JSON that is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from logq.alarms.definition import (
    Actions,
    Alarm,
    Check,
    CompositeWatch,
    LogWatch,
    MetricWatch,
    Propagation,
    Rights,
    WarmUp,
    Watch,
)
from logq.alarms.state import Missing
from logq.metric import DataQuery, Metric, MetricStat
from logq.model import Definition

KIND = "alarm"


def body_of(alarm: Alarm) -> dict[str, Any]:
    """What is stored of an alarm besides its name and times."""
    body = asdict(alarm)
    for known in ("name", "created", "updated"):
        del body[known]
    return {"type": alarm.type, **body}


def alarm_of(definition: Definition) -> Alarm:
    """The alarm that a definition holds."""
    body = definition.body
    warm_up = body["warm_up"]
    propagation = body["propagation"]
    actions = body["actions"]
    return Alarm(
        definition.name,
        _WATCHES[body["type"]](body["watch"]),
        body["description"],
        Actions(
            tuple(actions["ok"]),
            tuple(actions["alarm"]),
            tuple(actions["insufficient_data"]),
            actions["enabled"],
        ),
        body["tags"],
        WarmUp(**warm_up) if warm_up else None,
        Propagation(
            propagation["enabled"], tuple(propagation["included"]), tuple(propagation["excluded"])
        ),
        _rights(body["rights"]),
        definition.created,
        definition.updated,
    )


def _rights(body: Mapping[str, Any]) -> Rights:
    groups, named = body["groups"], body["definitions"]
    return Rights(
        None if groups is None else tuple(groups),
        None if named is None else {kind: tuple(names) for kind, names in named.items()},
    )


def _check(body: Mapping[str, Any]) -> Check:
    return Check(**{**body, "missing": Missing(body["missing"])})


def _metric(body: Mapping[str, Any]) -> Watch:
    queries = tuple(_query(each) for each in body["queries"])
    return MetricWatch(**{**body, "queries": queries, "check": _check(body["check"])})


def _log(body: Mapping[str, Any]) -> Watch:
    groups = tuple(body["groups"])
    return LogWatch(**{**body, "groups": groups, "check": _check(body["check"])})


def _composite(body: Mapping[str, Any]) -> Watch:
    return CompositeWatch(**body)


_WATCHES = {"metric": _metric, "log": _log, "composite": _composite}


def _query(body: Mapping[str, Any]) -> DataQuery:
    stat = body["stat"]
    return DataQuery(**{**body, "stat": _stat(stat) if stat else None})


def _stat(body: Mapping[str, Any]) -> MetricStat:
    metric = body["metric"]
    dimensions = tuple((name, value) for name, value in metric["dimensions"])
    return MetricStat(
        Metric(metric["namespace"], metric["name"], dimensions),
        body["stat"],
        body["period"],
        body["unit"],
    )
