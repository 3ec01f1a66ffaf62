"""Metric filters and subscription filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from logq.actions import metric_filters, subscription_filters
from logq.actions.context import Context
from logq.actions.subscription_filters import SubscriptionFilter
from logq.declared.kind import Body, Field, Key, Kind, register
from logq.declared.targets import address, arn_of
from logq.metrics.filter import MetricFilter

_METRIC = ("pattern", "namespace", "metric", "value", "default", "unit")


def _metric_filters(context: Context) -> Mapping[Key, Body]:
    return {
        (one.group, one.name): {
            **{name: getattr(one.filter, name) for name in _METRIC},
            "dimensions": dict(one.filter.dimensions),
        }
        for one in metric_filters.describe_metric_filters(context)
    }


def _put_metric_filter(context: Context, key: Key, body: Body, before: Body | None) -> None:
    group, name = key
    metric_filters.put_metric_filter(context, group, name, MetricFilter(**body))


def _delete_metric_filter(context: Context, key: Key) -> None:
    metric_filters.delete_metric_filter(context, *key)


def _subscriptions(context: Context) -> Mapping[Key, Body]:
    found: dict[Key, Body] = {}
    for group in context.logq.storage.groups.names():
        arn = context.place.log_group(group)
        if not context.may("logs:DescribeSubscriptionFilters", arn):
            continue
        for one in subscription_filters.describe_subscription_filters(context, group):
            stored = one.filter
            found[group, one.name] = {
                "pattern": stored.pattern,
                "destination": address(context, stored.destination, stored.shown),
                "role": stored.role,
                "distribution": stored.distribution,
            }
    return found


def _normal(context: Context, body: Body) -> Body:
    return {**body, "destination": arn_of(context, body["destination"])}


def _put_subscription(context: Context, key: Key, body: Body, before: Body | None) -> None:
    group, name = key
    wanted: dict[str, Any] = dict(body)
    subscription_filters.put_subscription_filter(context, group, name, SubscriptionFilter(**wanted))


def _delete_subscription(context: Context, key: Key) -> None:
    subscription_filters.delete_subscription_filter(context, *key)


register(
    Kind(
        "metric filter",
        "metric_filters",
        2,
        (
            Field("pattern", "text", needed=True),
            Field("namespace", "text", needed=True),
            Field("metric", "text", needed=True),
            Field("value", "text", "1", summary="a number, or a reference like $.latency"),
            Field("default", "number"),
            Field("unit", "text", "None"),
            Field("dimensions", "map", {}),
        ),
        _metric_filters,
        _put_metric_filter,
        _delete_metric_filter,
        grouped=True,
    )
)
register(
    Kind(
        "subscription filter",
        "subscription_filters",
        5,
        (
            Field("pattern", "text", ""),
            Field(
                "destination",
                "any",
                needed=True,
                summary='an ARN, an https:// address, "bus", or {topic = ...}, {group = ...}',
            ),
            Field("role", "text"),
            Field("distribution", "text", "ByLogStream"),
        ),
        _subscriptions,
        _put_subscription,
        _delete_subscription,
        grouped=True,
        normal=_normal,
    )
)
