"""Index policies: kept and shown."""

from __future__ import annotations

from typing import Any

from logq.actions import index_policies
from logq.actions.context import Context
from logq.actions.index_policies import IndexPolicy
from logq.arns import group_name
from logq.server.cloudwatch.operation import Params, Result, operation

_NOUN = "index policy"


@operation("logs", "PutIndexPolicy", noun=_NOUN)
def put_index_policy(context: Context, params: Params) -> Result:
    group = group_name(params["logGroupIdentifier"])
    policy = index_policies.put_index_policy(context, group, params["policyDocument"])
    return {"indexPolicy": _described(context, policy)}


@operation("logs", "DescribeIndexPolicies", noun=_NOUN)
def describe_index_policies(context: Context, params: Params) -> Result:
    found = index_policies.describe_index_policies(context, _groups(params))
    return {"indexPolicies": [_described(context, policy) for policy in found]}


@operation("logs", "DescribeFieldIndexes", noun=_NOUN)
def describe_field_indexes(context: Context, params: Params) -> Result:
    found = index_policies.describe_field_indexes(context, _groups(params))
    if "CUSTOM" not in params.get("indexCategories", ("CUSTOM",)):
        found = ()
    return {
        "fieldIndexes": [
            {
                "logGroupIdentifier": context.place.log_group(policy.group),
                "fieldIndexName": name,
                "lastScanTime": policy.updated,
                "type": "FIELD_INDEX",
                "indexCategory": "CUSTOM",
            }
            for policy in found
            for name in policy.fields
        ]
    }


@operation("logs", "DeleteIndexPolicy", noun=_NOUN)
def delete_index_policy(context: Context, params: Params) -> Result:
    index_policies.delete_index_policy(context, group_name(params["logGroupIdentifier"]))
    return None


def _groups(params: Params) -> list[str]:
    return [group_name(identifier) for identifier in params["logGroupIdentifiers"]]


def _described(context: Context, policy: IndexPolicy) -> dict[str, Any]:
    return {
        "logGroupIdentifier": context.place.log_group(policy.group),
        "lastUpdateTime": policy.updated,
        "policyDocument": policy.document,
        "source": "LOG_GROUP",
    }
