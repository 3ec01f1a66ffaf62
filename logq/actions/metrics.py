"""Actions on metrics: samples that come in, and what is read of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.errors import InvalidValue, LimitExceeded
from logq.metric import DataQuery, Datum, Metric, MetricStat

if TYPE_CHECKING:
    from logq.metrics.data import Result
    from logq.metrics.names import Known

MOST_DATA = 1_000
MOST_QUERIES = 500
MOST_POINTS = 1_440
RECENT_SECONDS = 3 * 3_600
OWN = ("LogQ/", "AWS/")
"""What namespaces that nobody else writes to begin with."""
GROUP_DIMENSION = "LogGroupName"


@dataclass(frozen=True, slots=True)
class Point:
    """Statistics of one period and unit."""

    time: int
    """Epoch seconds."""
    unit: str
    values: dict[str, float]
    """By the name of the statistic."""


@action("cloudwatch:PutMetricData", Access.DATA_WRITE, hide=("data",))
def put_metric_data(context: Context, data: Sequence[Datum]) -> None:
    """Store samples of metrics, all or none.

    Raises AccessDenied, InvalidValue and LimitExceeded.
    """
    for namespace in sorted({datum.metric.namespace for datum in data}):
        conditions = {"cloudwatch:namespace": namespace}
        context.require("cloudwatch:PutMetricData", "*", conditions=conditions)
        if namespace.startswith(OWN):
            raise InvalidValue(
                f"the namespace {namespace} is reserved",
                hint=f"choose one that does not begin with {' or '.join(OWN)}",
            )
    if not data:
        context.require("cloudwatch:PutMetricData", "*")
    if len(data) > MOST_DATA:
        raise LimitExceeded(
            f"a call brings {MOST_DATA:,} metrics at most, not {len(data):,}",
            hint="divide them among several calls",
        )
    context.logq.monitoring.metrics.put(data)


@action("cloudwatch:GetMetricData", Access.DATA_READ)
def get_metric_data(
    context: Context, queries: Sequence[DataQuery], start: int, end: int
) -> list[Result]:
    """Series of metrics and of expressions over them, oldest point first.

    Epoch seconds, ``end`` is exclusive. Raises AccessDenied, InvalidValue, LimitExceeded and
    QueryError.
    """
    context.require("cloudwatch:GetMetricData", "*")
    if len(queries) > MOST_QUERIES:
        raise LimitExceeded(f"a call has {MOST_QUERIES} queries at most, not {len(queries)}")
    if start >= end:
        raise InvalidValue("the time range ends before it begins")
    for query in queries:
        if query.stat is not None:
            _require(context, query.stat.metric)
    return context.logq.monitoring.metrics.data(
        queries, start, end, lambda metric: _visible(context, metric)
    )


@action("cloudwatch:GetMetricStatistics", Access.DATA_READ)
def get_metric_statistics(
    context: Context,
    metric: Metric,
    stats: Sequence[str],
    period: int,
    start: int,
    end: int,
    unit: str | None = None,
) -> list[Point]:
    """Statistics of one metric by period, and by unit if none is named.

    Epoch seconds, ``end`` is exclusive. Raises AccessDenied, InvalidValue and LimitExceeded.
    """
    context.require("cloudwatch:GetMetricStatistics", "*")
    _require(context, metric)
    asked = -(-(end - start) // max(period, 1))
    if asked > MOST_POINTS:
        raise LimitExceeded(
            f"{asked:,} datapoints are more than {MOST_POINTS:,}",
            hint="choose a longer period or a shorter time",
        )
    metrics = context.logq.monitoring.metrics
    metrics.check(stats, period)
    there = metrics.units(metric, start, end, period)
    units = sorted(there) if unit is None else [unit]
    wanted = [MetricStat(metric, stat, period, each) for each in units for stat in stats]
    by_place: dict[tuple[int, str], dict[str, float]] = {}
    for stat, values in zip(wanted, metrics.statistics(wanted, start, end), strict=True):
        for at, value in values.items():
            by_place.setdefault((at, stat.unit or ""), {})[stat.stat] = value.value
    return [Point(at, each, values) for (at, each), values in sorted(by_place.items())]


@action("cloudwatch:ListMetrics", Access.MANAGEMENT_READ)
def list_metrics(
    context: Context,
    namespace: str | None = None,
    name: str | None = None,
    dimensions: Sequence[tuple[str, str | None]] = (),
    *,
    recent: bool = False,
) -> list[Known]:
    """Metrics of the last two weeks, or if ``recent`` of three hours, in the order of their names.

    A metric has all the ``dimensions``, with their values where one is given. Raises AccessDenied.
    """
    context.require("cloudwatch:ListMetrics", "*")
    since = context.logq.clock() // 1000 - RECENT_SECONDS if recent else None
    found = context.logq.monitoring.metrics.list_metrics(namespace, name, dimensions, since)
    return [known for known in found if _visible(context, known.metric)]


@action("logq:DeleteMetrics", Access.MANAGEMENT_WRITE)
def delete_metrics(
    context: Context,
    namespace: str,
    name: str | None = None,
    dimensions: Sequence[tuple[str, str | None]] = (),
) -> int:
    """Delete metrics with all their datapoints, and tell how many there were.

    ``namespace``, ``name`` and ``dimensions`` choose them as in a list, however old they are.
    Raises AccessDenied.
    """
    conditions = {"cloudwatch:namespace": namespace}
    context.require("logq:DeleteMetrics", "*", conditions=conditions)
    metrics = context.logq.monitoring.metrics
    found = metrics.list_metrics(namespace, name, dimensions, since=0)
    return metrics.delete([each.metric for each in found if _visible(context, each.metric)])


def _group(metric: Metric) -> str | None:
    """The log group that a metric of LogQ itself is about."""
    if not metric.namespace.startswith("LogQ/"):
        return None
    return dict(metric.dimensions).get(GROUP_DIMENSION)


def _visible(context: Context, metric: Metric) -> bool:
    """Whether the caller may know of the log group that a metric of LogQ itself is about."""
    group = _group(metric)
    return group is None or context.may("logs:DescribeLogGroups", context.place.log_group(group))


def _require(context: Context, metric: Metric) -> None:
    group = _group(metric)
    if group is not None:
        context.require("logs:DescribeLogGroups", context.place.log_group(group))
