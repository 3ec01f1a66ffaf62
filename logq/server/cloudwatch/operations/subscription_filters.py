"""Subscription filters."""

from __future__ import annotations

from typing import Any

from logq.actions import subscription_filters
from logq.actions.context import Context
from logq.actions.subscription_filters import StoredSubscription, SubscriptionFilter
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import Params, Result, operation

_PAGE = 50


@operation("logs", "PutSubscriptionFilter", noun="subscription filter")
def put_subscription_filter(context: Context, params: Params) -> Result:
    if not params["destinationArn"].startswith(("arn:", "https://", "http://")):
        raise WireError("InvalidParameterException", "The destination ARN is invalid.")
    subscription_filters.put_subscription_filter(
        context,
        params["logGroupName"],
        params["filterName"],
        SubscriptionFilter(
            params["filterPattern"],
            params["destinationArn"],
            params.get("roleArn"),
            params.get("distribution", "ByLogStream"),
            params.get("applyOnTransformedLogs", False),
            params.get("fieldSelectionCriteria"),
            tuple(params.get("emitSystemFields", ())),
        ),
    )
    return None


@operation("logs", "DescribeSubscriptionFilters", noun="subscription filter")
def describe_subscription_filters(context: Context, params: Params) -> Result:
    found = subscription_filters.describe_subscription_filters(
        context, params["logGroupName"], params.get("filterNamePrefix", "")
    )
    page, token = tokens.page(
        "DescribeSubscriptionFilters",
        params,
        found,
        lambda one: [one.name],
        params.get("limit", _PAGE),
    )
    return {"subscriptionFilters": [_described(one) for one in page], "nextToken": token}


@operation("logs", "DeleteSubscriptionFilter", noun="subscription filter")
def delete_subscription_filter(context: Context, params: Params) -> Result:
    subscription_filters.delete_subscription_filter(
        context, params["logGroupName"], params["filterName"]
    )
    return None


def _described(one: StoredSubscription) -> dict[str, Any]:
    stored = one.filter
    return {
        "filterName": one.name,
        "logGroupName": one.group,
        "filterPattern": stored.pattern,
        "destinationArn": stored.shown or stored.destination,
        "roleArn": stored.role,
        "distribution": stored.distribution,
        "applyOnTransformedLogs": stored.transformed,
        "creationTime": one.created,
        "fieldSelectionCriteria": stored.criteria,
        "emitSystemFields": list(stored.system_fields) or None,
    }
