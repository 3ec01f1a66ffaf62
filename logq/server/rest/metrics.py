"""Metrics: samples in, series out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from logq.actions.metrics import delete_metrics, get_metric_data, list_metrics, put_metric_data
from logq.actions.tokens import read_token, write_token
from logq.errors import InvalidValue
from logq.metric import MINUTE, DataQuery, Datum, Metric, MetricStat, StatisticSet
from logq.server.service import Service

_FAR = 10**13
"""Epoch milliseconds after any that somebody means."""

Name = Annotated[str, Field(max_length=255)]
Dimensions = Annotated[dict[Name, str], Field(max_length=30, description="values by their names")]
Filters = Annotated[
    list[str],
    Query(
        alias="dimension",
        max_length=30,
        description="only metrics with this dimension: `name=value`, or `name` for any value",
    ),
]


class ListedMetric(BaseModel):
    """A metric that was measured."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    last: int = Field(description="when it was last measured, to the minute; epoch milliseconds")


class Metrics(BaseModel):
    """Metrics in the order of their names."""

    metrics: list[ListedMetric]
    next: str | None = Field(description="the `token` of what follows")


class Samples(BaseModel):
    """Samples of one metric at one time: values, or a statistic set."""

    model_config = ConfigDict(extra="forbid")

    namespace: Name
    name: Name
    dimensions: Dimensions = {}
    time: int | None = Field(
        default=None, ge=-_FAR, le=_FAR, description="epoch milliseconds; now if it is left out"
    )
    values: list[float] = Field(default=[], max_length=150)
    counts: list[float] = Field(
        default=[], max_length=150, description="how often each value was seen; once each if empty"
    )
    statistics: StatisticSet | None = None
    unit: str = "None"
    resolution: int = Field(default=MINUTE, description="60, or 1 for values by the second")


class NewData(BaseModel):
    """Samples to store."""

    model_config = ConfigDict(extra="forbid")

    data: list[Samples] = Field(max_length=1_000)


class AskedStat(BaseModel):
    """A statistic of a metric."""

    model_config = ConfigDict(extra="forbid")

    namespace: Name
    name: Name
    dimensions: Dimensions = {}
    stat: str = Field(max_length=100, description="such as `Sum`, `p99` or `TM(10%:90%)`")
    period: int = Field(ge=1, le=86_400, description="seconds")
    unit: str | None = None


class Asked(BaseModel):
    """One query of several that may refer to each other: a statistic or an expression."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern="^[a-z][A-Za-z0-9_]{0,254}$")
    stat: AskedStat | None = None
    expression: str | None = Field(default=None, max_length=2_048)
    period: int | None = Field(default=None, ge=1, le=86_400, description="of an expression")
    label: str | None = Field(default=None, max_length=1_024)
    returned: bool = Field(default=True, description="false: only for other expressions")


class Questions(BaseModel):
    """Queries and the time they are about."""

    model_config = ConfigDict(extra="forbid")

    queries: list[Asked] = Field(min_length=1, max_length=500)
    start: int = Field(ge=-_FAR, le=_FAR, description="epoch milliseconds")
    end: int = Field(ge=-_FAR, le=_FAR, description="epoch milliseconds, exclusive")


class Series(BaseModel):
    """A series that a query gives; a query for an array gives several."""

    id: str
    label: str
    period: int = Field(description="seconds")
    points: list[tuple[int, float]] = Field(
        description="the start of each period in epoch milliseconds, and its value, oldest first"
    )


class Answers(BaseModel):
    """The series of all queries that are to be returned."""

    series: list[Series]


class Deleted(BaseModel):
    """How many metrics were deleted."""

    deleted: int


def router(service: Service) -> APIRouter:
    """The routes below ``/metrics``."""
    routes = APIRouter(prefix="/metrics", tags=["metrics"])

    @routes.get("", summary="List metrics")
    def metrics(
        request: Request,
        filters: Filters = [],  # noqa: B006
        namespace: Annotated[str | None, Query(description="only those of it")] = None,
        name: Annotated[str | None, Query(description="only those of this name")] = None,
        recent: Annotated[
            bool, Query(description="only those of the last three hours, not two weeks")
        ] = False,
        limit: Annotated[int, Query(ge=1, le=10_000, description="at most so many")] = 1_000,
        token: Annotated[str | None, Query(description="`next` of the page before")] = None,
    ) -> Metrics:
        """The metrics that were measured lately."""
        context = service.context(request)
        dimensions = _filters(filters)
        found = list_metrics(context, namespace, name, dimensions, recent=recent)
        scope = ("metrics", namespace, name, sorted(filters), recent)
        first = int(read_token(scope, token)[0]) if token is not None else 0
        last = first + limit
        return Metrics(
            metrics=[
                ListedMetric(
                    namespace=known.metric.namespace,
                    name=known.metric.name,
                    dimensions=dict(known.metric.dimensions),
                    last=known.last * 1000,
                )
                for known in found[first:last]
            ],
            next=write_token(scope, (last,)) if last < len(found) else None,
        )

    @routes.post("", status_code=204, summary="Put samples")
    def put(request: Request, new: NewData) -> None:
        """Store samples, all or none."""
        context = service.context(request)
        now = context.logq.clock()
        put_metric_data(context, [_datum(each, now) for each in new.data])

    @routes.post("/data", summary="Read series")
    def data(request: Request, asked: Questions) -> Answers:
        """Statistics of metrics by period, and metric math over them."""
        found = get_metric_data(
            service.context(request),
            [_query(each) for each in asked.queries],
            asked.start // 1000,
            -(-asked.end // 1000),
        )
        return Answers(
            series=[
                Series(
                    id=each.id,
                    label=each.label,
                    period=each.period,
                    points=[(at * 1000, value) for at, value in sorted(each.points.items())],
                )
                for each in found
            ]
        )

    @routes.delete("", summary="Delete metrics")
    def delete(
        request: Request,
        namespace: Annotated[str, Query(description="the namespace of them all")],
        filters: Filters = [],  # noqa: B006
        name: Annotated[str | None, Query(description="only those of this name")] = None,
    ) -> Deleted:
        """Delete metrics with all their datapoints."""
        context = service.context(request)
        return Deleted(deleted=delete_metrics(context, namespace, name, _filters(filters)))

    return routes


def _filters(texts: list[str]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not name:
            raise InvalidValue(f"{text!r} names no dimension", hint="write name=value, or name")
        found.append((name, value if equals else None))
    return found


def _metric(given: Samples | AskedStat) -> Metric:
    return Metric(given.namespace, given.name, tuple(sorted(given.dimensions.items())))


def _datum(given: Samples, now: int) -> Datum:
    return Datum(
        _metric(given),
        (now if given.time is None else given.time) // 1000,
        tuple(given.values),
        tuple(given.counts),
        given.statistics,
        given.unit,
        given.resolution,
    )


def _query(given: Asked) -> DataQuery:
    stat = None
    if (asked := given.stat) is not None:
        stat = MetricStat(_metric(asked), asked.stat, asked.period, asked.unit)
    return DataQuery(given.id, stat, given.expression, given.period, given.label, given.returned)
