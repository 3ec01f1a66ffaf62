"""Metrics: samples in, series out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from logq.actions import metrics
from logq.actions.context import Context
from logq.errors import InvalidValue, LimitExceeded, QueryError
from logq.metric import MINUTE, DataQuery, Datum, Metric, MetricStat, StatisticSet
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.faults import said
from logq.server.cloudwatch.operation import Params, Result, operation

if TYPE_CHECKING:
    from logq.metrics.data import Result as Series

_PAGE = 500
_POINTS = 100_800
_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_ONE_OF = ("Value", "Values", "StatisticValues")
_COMBINATION = "InvalidParameterCombinationException"
_VALUE = "InvalidParameterValueException"


@operation("cloudwatch", "PutMetricData", noun="metric")
def put_metric_data(context: Context, params: Params) -> Result:
    now = context.logq.clock() // 1000
    given = list(params.get("MetricData", ()))
    for entity in params.get("EntityMetricData", ()):
        given += entity.get("MetricData", ())
    data = [_datum(params["Namespace"], number, each, now) for number, each in enumerate(given, 1)]
    try:
        metrics.put_metric_data(context, data)
    except LimitExceeded as error:
        raise WireError(_VALUE, said(error)) from None
    return None


def _datum(namespace: str, number: int, given: Mapping[str, Any], now: int) -> Datum:
    """A datum of a call; raises WireError in the words of AWS."""
    name = f"MetricData.member.{number}"
    kinds = [kind for kind in _ONE_OF if kind in given]
    if len(kinds) > 1:
        first, second = (f"{name}.{kind}" for kind in kinds[:2])
        raise WireError(
            _COMBINATION,
            f"The parameters {first} and {second} are mutually exclusive and you have specified "
            "both.",
        )
    if not kinds:
        raise WireError(
            "MissingRequiredParameterException",
            f"At least one of the parameters {', '.join(f'{name}.{k}' for k in _ONE_OF)} must be "
            "specified.",
        )
    values = given.get("Values", [given["Value"]] if "Value" in given else [])
    counts = given.get("Counts", [])
    if counts and len(counts) != len(values):
        raise WireError(
            _VALUE, f"The parameters {name}.Values and {name}.Counts must be of the same size."
        )
    for kind, numbers in (("Value", values), ("Counts", counts)):
        for each in numbers:
            if each != each:
                raise WireError(_VALUE, f"The value NaN for parameter {name}.{kind} is invalid.")
    statistics = given.get("StatisticValues")
    when = given.get("Timestamp")
    return Datum(
        _metric(namespace, given),
        now if when is None else _seconds(when),
        tuple(values),
        tuple(counts),
        StatisticSet(
            statistics["SampleCount"],
            statistics["Sum"],
            statistics["Minimum"],
            statistics["Maximum"],
        )
        if statistics
        else None,
        given.get("Unit", "None"),
        given.get("StorageResolution", MINUTE),
    )


def _metric(namespace: str, given: Mapping[str, Any]) -> Metric:
    pairs = ((each["Name"], each["Value"]) for each in given.get("Dimensions", ()))
    return Metric(namespace, given["MetricName"], tuple(sorted(pairs)))


def _seconds(moment: datetime) -> int:
    """A time without its fraction of a second."""
    return int(moment.timestamp() // 1)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@operation("cloudwatch", "GetMetricData", noun="metric")
def get_metric_data(context: Context, params: Params) -> Result:
    start, end = _seconds(params["StartTime"]), _seconds(params["EndTime"])
    if end < start:
        raise WireError(
            "ValidationException", "The parameter EndTime must be greater than StartTime."
        )
    if end == start:
        raise WireError(
            "ValidationException", "The parameter StartTime must not equal parameter EndTime."
        )
    queries = [_query(each) for each in params["MetricDataQueries"]]
    try:
        found = metrics.get_metric_data(context, queries, start, end)
    except (QueryError, InvalidValue, LimitExceeded) as error:
        raise WireError("ValidationException", said(error)) from None
    newest_first = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    place = [0, 0]
    if "NextToken" in params:
        try:
            place = tokens.read("GetMetricData", _lasting(params), params["NextToken"])
        except InvalidValue as error:
            raise WireError("InvalidNextToken", said(error)) from None
    most = max(1, params.get("MaxDatapoints", _POINTS))
    results, following = _page(found, place, most, newest_first=newest_first)
    token = tokens.write("GetMetricData", _lasting(params), following) if following else None
    return {"MetricDataResults": results, "NextToken": token, "Messages": []}


def _lasting(params: Params) -> Params:
    """What has to stay the same from page to page."""
    kept = {name: str(value) for name, value in params.items() if name != "MaxDatapoints"}
    return {**kept, "NextToken": ""}


def _query(given: Mapping[str, Any]) -> DataQuery:
    if not _ID.fullmatch(given["Id"]):
        raise WireError(
            "ValidationException",
            f"The value {given['Id']} for parameter Id is not matching the expected pattern "
            f"^{_ID.pattern}$.",
        )
    stat = given.get("MetricStat")
    if stat and not {"Namespace", "MetricName"} <= stat["Metric"].keys():
        raise WireError(
            "ValidationException",
            f"The parameter MetricDataQueries.member.{given['Id']}.MetricStat.Metric must have "
            "Namespace and MetricName.",
        )
    return DataQuery(
        given["Id"],
        MetricStat(
            _metric(stat["Metric"]["Namespace"], stat["Metric"]),
            stat["Stat"],
            stat["Period"],
            stat.get("Unit"),
        )
        if stat
        else None,
        given.get("Expression"),
        given.get("Period"),
        given.get("Label"),
        given.get("ReturnData", True),
    )


def _page(
    found: Sequence[Series], place: Sequence[int], most: int, *, newest_first: bool
) -> tuple[list[dict[str, Any]], list[int] | None]:
    """The results from a place on, as many as hold ``most`` points, and the place behind them."""
    number, skipped = place
    results = []
    for at, series in enumerate(found[number:], number):
        points = sorted(series.points.items(), reverse=newest_first)[skipped:]
        taken = points[:most]
        whole = len(taken) == len(points)
        results.append(
            {
                "Id": series.id,
                "Label": series.label,
                "Timestamps": [_moment(time) for time, _ in taken],
                "Values": [value for _, value in taken],
                "StatusCode": "Complete" if whole else "PartialData",
            }
        )
        if not whole:
            return results, [at, skipped + len(taken)]
        most -= len(taken)
        skipped = 0
        if most <= 0 and at + 1 < len(found):
            return results, [at + 1, 0]
    return results, None


@operation("cloudwatch", "GetMetricStatistics", noun="metric")
def get_metric_statistics(context: Context, params: Params) -> Result:
    start, end = _seconds(params["StartTime"]), _seconds(params["EndTime"])
    basic, extended = params.get("Statistics"), params.get("ExtendedStatistics")
    if (basic is None) == (extended is None):
        raise WireError(_COMBINATION, "Must specify either Statistics or ExtendedStatistics")
    if start >= end:
        raise WireError(_VALUE, "The parameter StartTime must be less than the parameter EndTime.")
    period = params["Period"]
    asked = -(-(end - start) // period)
    if asked > metrics.MOST_POINTS:
        raise WireError(
            _COMBINATION,
            f"You have requested up to {asked} datapoints, which exceeds the limit of "
            f"{metrics.MOST_POINTS}. You may reduce the datapoints requested by increasing Period, "
            "or decreasing the time range.",
        )
    found = metrics.get_metric_statistics(
        context,
        _metric(params["Namespace"], params),
        basic or extended or [],
        period,
        start,
        end,
        params.get("Unit"),
    )
    return {
        "Label": params["MetricName"],
        "Datapoints": [
            {
                "Timestamp": _moment(point.time),
                "Unit": point.unit,
                **(point.values if basic else {"ExtendedStatistics": point.values}),
            }
            for point in found
        ],
    }


@operation("cloudwatch", "ListMetrics", noun="metric")
def list_metrics(context: Context, params: Params) -> Result:
    found = metrics.list_metrics(
        context,
        params.get("Namespace"),
        params.get("MetricName"),
        [(each["Name"], each.get("Value")) for each in params.get("Dimensions", ())],
        recent="RecentlyActive" in params,
    )
    try:
        page, token = tokens.page(
            "ListMetrics",
            params,
            [known.metric for known in found],
            lambda metric: [metric.namespace, metric.name, [list(d) for d in metric.dimensions]],
            _PAGE,
            token="NextToken",
        )
    except InvalidValue:
        raise WireError(_VALUE, "Request parameter NextToken is invalid") from None
    return {"Metrics": list(_listed(page)), "NextToken": token}


def _listed(page: Iterable[Metric]) -> Iterator[dict[str, Any]]:
    for metric in page:
        yield {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
        }
