"""Metric filters."""

from __future__ import annotations

from typing import Any

from logq.actions import metric_filters
from logq.actions.context import Context
from logq.actions.metric_filters import StoredFilter
from logq.metrics.filter import MetricFilter
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import Params, Result, operation

_PAGE = 50


@operation("logs", "PutMetricFilter", noun="metric filter")
def put_metric_filter(context: Context, params: Params) -> Result:
    (wanted,) = params["metricTransformations"]
    metric_filters.put_metric_filter(
        context,
        params["logGroupName"],
        params["filterName"],
        MetricFilter(
            params["filterPattern"],
            wanted["metricNamespace"],
            wanted["metricName"],
            wanted["metricValue"],
            wanted.get("defaultValue"),
            wanted.get("unit", "None"),
            wanted.get("dimensions", {}),
            params.get("applyOnTransformedLogs", False),
            params.get("fieldSelectionCriteria"),
            tuple(params.get("emitSystemFieldDimensions", ())),
        ),
    )
    return None


@operation("logs", "DescribeMetricFilters", noun="metric filter")
def describe_metric_filters(context: Context, params: Params) -> Result:
    group, prefix = params.get("logGroupName"), params.get("filterNamePrefix")
    name, namespace = params.get("metricName"), params.get("metricNamespace")
    by_metric = name is not None or namespace is not None
    if (name is None) != (namespace is None) or (by_metric and group is not None):
        raise WireError(
            "InvalidParameterException",
            "Describe Metric Filters request must contain either logGroupName or metricName and "
            "metricNamespace",
        )
    if prefix is not None and group is None:
        raise WireError(
            "InvalidParameterException", "filterNamePrefix can only be used with logGroupName."
        )
    found = [
        one
        for one in metric_filters.describe_metric_filters(context, group, prefix or "")
        if not by_metric or (one.filter.metric, one.filter.namespace) == (name, namespace)
    ]
    page, token = tokens.page(
        "DescribeMetricFilters",
        params,
        found,
        lambda one: [one.name, one.group],
        params.get("limit", _PAGE),
    )
    return {"metricFilters": [_described(one) for one in page], "nextToken": token}


@operation("logs", "DeleteMetricFilter", noun="metric filter")
def delete_metric_filter(context: Context, params: Params) -> Result:
    metric_filters.delete_metric_filter(context, params["logGroupName"], params["filterName"])
    return None


@operation("logs", "TestMetricFilter", noun="metric filter")
def test_metric_filter(context: Context, params: Params) -> Result:
    found = metric_filters.test_metric_filter(
        context, params["filterPattern"], params["logEventMessages"]
    )
    return {
        "matches": [
            {
                "eventNumber": match.event_number,
                "eventMessage": match.message,
                "extractedValues": dict(match.extracted),
            }
            for match in found
        ]
    }


def _described(one: StoredFilter) -> dict[str, Any]:
    stored = one.filter
    return {
        "filterName": one.name,
        "filterPattern": stored.pattern,
        "logGroupName": one.group,
        "creationTime": one.created,
        "metricTransformations": [
            {
                "metricName": stored.metric,
                "metricNamespace": stored.namespace,
                "metricValue": stored.value,
                "defaultValue": stored.default,
                "dimensions": dict(stored.dimensions) or None,
                "unit": stored.unit,
            }
        ],
        "applyOnTransformedLogs": stored.transformed,
        "fieldSelectionCriteria": stored.criteria,
        "emitSystemFieldDimensions": list(stored.system_fields) or None,
    }
