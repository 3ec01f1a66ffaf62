"""Tags, by ARN and in the older way by name."""

from __future__ import annotations

from logq.actions import tags
from logq.actions.context import Context
from logq.arns import group_name
from logq.errors import InvalidValue
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import Params, Result, operation


@operation("logs", "TagResource", noun="resource")
def tag_resource(context: Context, params: Params) -> Result:
    tags.tag_log_group(context, _group(params), params["tags"])
    return None


@operation("logs", "UntagResource", noun="resource")
def untag_resource(context: Context, params: Params) -> Result:
    tags.untag_log_group(context, _group(params), params["tagKeys"])
    return None


@operation("logs", "ListTagsForResource", noun="resource")
def list_tags_for_resource(context: Context, params: Params) -> Result:
    return {"tags": dict(tags.list_tags(context, _group(params)))}


@operation("logs", "TagLogGroup", action="logs:TagResource")
def tag_log_group(context: Context, params: Params) -> Result:
    tags.tag_log_group(context, params["logGroupName"], params["tags"])
    return None


@operation("logs", "UntagLogGroup", action="logs:UntagResource")
def untag_log_group(context: Context, params: Params) -> Result:
    tags.untag_log_group(context, params["logGroupName"], params["tags"])
    return None


@operation("logs", "ListTagsLogGroup", action="logs:ListTagsForResource")
def list_tags_log_group(context: Context, params: Params) -> Result:
    return {"tags": dict(tags.list_tags(context, params["logGroupName"]))}


def _group(params: Params) -> str:
    """The log group that an ARN names; raises WireError for the ARN of anything else."""
    arn = params["resourceArn"]
    if not arn.startswith("arn:"):
        raise WireError("InvalidParameterException", "The specified resource ARN is invalid.")
    try:
        return group_name(arn)
    except InvalidValue:
        raise WireError(
            "ResourceNotFoundException", "The specified resource does not exist."
        ) from None
