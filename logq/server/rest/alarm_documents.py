"""An alarm as the REST API takes and shows it, and as files hold it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from logq.alarms.alarms import Described
from logq.alarms.comparison import COMPARISONS, SIGNS
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
from logq.alarms.state import Missing
from logq.arns import Place, group_name
from logq.errors import InvalidValue
from logq.metric import DataQuery, Metric, MetricStat

Seconds = Annotated[int, Field(ge=0, le=7_200_000)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
_STRICT = ConfigDict(extra="forbid")


class MetricPart(BaseModel):
    """A statistic of a metric."""

    model_config = _STRICT

    namespace: str = Field(min_length=1, max_length=255)
    name: str = Field(min_length=1, max_length=255)
    dimensions: dict[str, str] = Field(default={}, max_length=30)
    statistic: str = Field(default="Sum", max_length=100, description="`Sum`, `p99`, `TM(:90%)`")
    unit: str | None = Field(default=None, max_length=30)


class QueryPart(BaseModel):
    """A metric or an expression of metric math."""

    model_config = _STRICT

    id: str = Field(min_length=1, max_length=255)
    metric: MetricPart | None = None
    expression: str | None = Field(default=None, max_length=2_048)
    label: str | None = Field(default=None, max_length=1_024)
    returned: bool = Field(default=True, description="exactly one query of an alarm is returned")


class LogPart(BaseModel):
    """A query on a schedule."""

    model_config = _STRICT

    query: str = Field(default="", max_length=10_000, description="what comes before the stats")
    groups: list[str] = Field(min_length=1, max_length=50, description="log groups, without `*`")
    aggregation: str = Field(
        default="count(*)", max_length=2_048, description="what stands behind `stats`"
    )
    start_offset: Annotated[int, Field(ge=1, le=2_592_000)] | None = Field(
        default=None,
        description="seconds before each run at which its time range begins; else the period",
    )
    end_offset: Annotated[int, Field(ge=0, le=2_592_000)] = 0
    lines: int = Field(default=5, ge=0, le=50, description="most log lines of a notification")


class CompositePart(BaseModel):
    """A rule over other alarms."""

    model_config = _STRICT

    rule: str = Field(min_length=1, max_length=10_240, description="`ALARM(a) AND NOT OK(b)`")
    suppressor: str | None = Field(
        default=None, max_length=1_600, description="an alarm that holds the actions back"
    )
    wait: Seconds = 0
    extension: Seconds = 0


class ActionsPart(BaseModel):
    """The topics, by name or ARN, that hear of each state."""

    model_config = _STRICT

    alarm: list[str] = Field(default=[], max_length=5)
    ok: list[str] = Field(default=[], max_length=5)
    insufficient_data: list[str] = Field(default=[], max_length=5)
    enabled: bool = True


class WarmUpPart(BaseModel):
    """The time after it was made in which an alarm says nothing."""

    model_config = _STRICT

    minutes: int = Field(ge=1, le=2_880)
    whole: bool = Field(default=False, description="also when its window is full before")


class PropagationPart(BaseModel):
    """Which of the tags notifications carry."""

    model_config = _STRICT

    enabled: bool = True
    included: list[str] = Field(default=[], max_length=50)
    excluded: list[str] = Field(default=[], max_length=50)


class AlarmDocument(BaseModel):
    """What an alarm watches: exactly one of `metric`, `queries`, `log` and `composite`."""

    model_config = _STRICT

    description: str = Field(default="", max_length=1_024)
    metric: MetricPart | None = None
    queries: list[QueryPart] | None = Field(default=None, max_length=20)
    log: LogPart | None = None
    composite: CompositePart | None = None
    operator: Literal[">", ">=", "<", "<="] = ">"
    threshold: Finite | None = Field(default=None, description="all but composite alarms have one")
    period: int = Field(
        default=60, ge=1, le=604_800, description="seconds; of a log alarm between its runs"
    )
    periods: int = Field(default=1, ge=1, le=60_480, description="how many are looked at: N")
    datapoints: Annotated[int, Field(ge=1, le=60_480)] | None = Field(
        default=None, description="how many of them must breach: M; else all"
    )
    missing: Missing = Missing.MISSING
    low_samples: Literal["evaluate", "ignore"] = "evaluate"
    zone: str | None = Field(
        default=None, max_length=50, description="align the periods to the clock of a time zone"
    )
    actions: ActionsPart = ActionsPart()
    tags: dict[str, str] = Field(default={}, max_length=50)
    warm_up: WarmUpPart | None = None
    propagation: PropagationPart = PropagationPart()

    def alarm(self, name: str, place: Place) -> Alarm:
        """The alarm that it describes; raises InvalidValue."""
        actions, warm_up, tags = self.actions, self.warm_up, self.propagation
        return Alarm(
            name,
            self._watch(),
            self.description,
            Actions(
                _topics(actions.ok, place),
                _topics(actions.alarm, place),
                _topics(actions.insufficient_data, place),
                actions.enabled,
            ),
            self.tags,
            WarmUp(warm_up.minutes, warm_up.whole) if warm_up else None,
            Propagation(tags.enabled, tuple(tags.included), tuple(tags.excluded)),
        )

    def _watch(self) -> Watch:
        given = [
            part
            for part in ("metric", "queries", "log", "composite")
            if getattr(self, part) is not None
        ]
        if len(given) != 1:
            raise InvalidValue(
                "an alarm watches exactly one thing, not "
                + (" and ".join(given) if given else "nothing"),
                hint="give one of metric, queries, log and composite",
            )
        if self.composite is not None:
            part = self.composite
            suppressor = part.suppressor and part.suppressor.rpartition(":alarm:")[2]
            return CompositeWatch(part.rule, suppressor, part.wait, part.extension)
        if self.threshold is None:
            raise InvalidValue("the alarm has no threshold", hint="threshold = 5")
        check = Check(
            SIGNS[self.operator].name,
            self.threshold,
            self.periods,
            self.periods if self.datapoints is None else self.datapoints,
            self.missing,
        )
        if self.log is not None:
            return LogWatch(
                self.log.query,
                tuple(group_name(each) for each in self.log.groups),
                self.log.aggregation,
                check,
                self.period,
                self.period if self.log.start_offset is None else self.log.start_offset,
                self.log.end_offset,
                self.log.lines,
            )
        queries = (
            [_query(each, self.period) for each in self.queries or ()]
            if self.metric is None
            else [DataQuery("m1", _stat(self.metric, self.period))]
        )
        plain = self.metric is not None
        return MetricWatch(tuple(queries), check, self.period, plain, self.low_samples, self.zone)


def _topics(given: list[str], place: Place) -> tuple[str, ...]:
    return tuple(each if each.startswith("arn:") else place.topic(each) for each in given)


def _stat(part: MetricPart, period: int) -> MetricStat:
    metric = Metric(part.namespace, part.name, tuple(sorted(part.dimensions.items())))
    return MetricStat(metric, part.statistic, period, part.unit)


def _query(part: QueryPart, period: int) -> DataQuery:
    stat = None if part.metric is None else _stat(part.metric, period)
    own = period if part.expression is not None else None
    return DataQuery(part.id, stat, part.expression, own, part.label, part.returned)


# ---- what is shown


class AlarmState(BaseModel):
    """Where an alarm stands; times are epoch milliseconds."""

    value: Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
    reason: str
    reason_data: str | None = Field(description="JSON, as CloudWatch writes it")
    updated: int
    transitioned: int = Field(description="when the value last changed")
    evaluation: str | None = Field(description="what is wrong with its evaluation")
    suppressed_by: str | None = Field(description="what holds its actions back")
    muted: bool = Field(description="whether a mute rule keeps this state from its topics")


class ShownAlarm(BaseModel):
    """An alarm and its state."""

    name: str
    arn: str
    type: Literal["metric", "log", "composite"]
    state: AlarmState
    definition: AlarmDocument
    created: int
    updated: int


def shown(described: Described, place: Place) -> ShownAlarm:
    """An alarm as the API shows it."""
    alarm, standing = described.alarm, described.standing
    return ShownAlarm.model_validate(
        {
            "name": alarm.name,
            "arn": place.alarm(alarm.name),
            "type": alarm.type,
            "state": {
                "value": standing.state,
                "reason": standing.reason,
                "reason_data": standing.reason_data,
                "updated": standing.updated,
                "transitioned": standing.transitioned,
                "evaluation": standing.evaluation,
                "suppressed_by": described.suppressed_by,
                "muted": standing.muted_from is not None,
            },
            "definition": document(alarm),
            "created": alarm.created,
            "updated": alarm.updated,
        }
    )


def document(alarm: Alarm) -> AlarmDocument:
    """The inverse of ``AlarmDocument.alarm``."""
    actions, watch = alarm.actions, alarm.watch
    said: dict[str, object] = {
        "description": alarm.description,
        "actions": {
            "alarm": actions.alarm,
            "ok": actions.ok,
            "insufficient_data": actions.insufficient_data,
            "enabled": actions.enabled,
        },
        "tags": dict(alarm.tags),
        "propagation": {
            "enabled": alarm.propagation.enabled,
            "included": alarm.propagation.included,
            "excluded": alarm.propagation.excluded,
        },
    }
    if alarm.warm_up is not None:
        said["warm_up"] = {"minutes": alarm.warm_up.minutes, "whole": alarm.warm_up.whole}
    if isinstance(watch, CompositeWatch):
        said["composite"] = {
            "rule": watch.rule,
            "suppressor": watch.suppressor,
            "wait": watch.wait,
            "extension": watch.extension,
        }
        return AlarmDocument.model_validate(said)
    said |= _checked(watch.check)
    if isinstance(watch, LogWatch):
        said["period"] = watch.every
        said["log"] = {
            "query": watch.query,
            "groups": watch.groups,
            "aggregation": watch.aggregation,
            "start_offset": watch.start_offset,
            "end_offset": watch.end_offset,
            "lines": watch.lines,
        }
        return AlarmDocument.model_validate(said)
    said |= {"period": watch.period, "low_samples": watch.low_samples, "zone": watch.zone}
    if watch.stat is not None and watch.plain:
        said["metric"] = _metric(watch.stat)
    else:
        said["queries"] = [
            {
                "id": each.id,
                "metric": None if each.stat is None else _metric(each.stat),
                "expression": each.expression,
                "label": each.label,
                "returned": each.returned,
            }
            for each in watch.queries
        ]
    return AlarmDocument.model_validate(said)


def _checked(check: Check) -> dict[str, object]:
    return {
        "operator": COMPARISONS[check.operator].sign,
        "threshold": check.threshold,
        "periods": check.n,
        "datapoints": check.m,
        "missing": check.missing,
    }


def _metric(stat: MetricStat) -> dict[str, object]:
    return {
        "namespace": stat.metric.namespace,
        "name": stat.metric.name,
        "dimensions": dict(stat.metric.dimensions),
        "statistic": stat.stat,
        "unit": stat.unit,
    }
