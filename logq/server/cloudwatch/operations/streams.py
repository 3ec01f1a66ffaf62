"""Log streams."""

from __future__ import annotations

from typing import Any

from logq.actions import streams
from logq.actions.context import Context
from logq.model import LogStream
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.identifiers import group_of
from logq.server.cloudwatch.operation import Params, Result, operation

_PAGE = 50


@operation("logs", "CreateLogStream", noun="log stream")
def create_log_stream(context: Context, params: Params) -> Result:
    streams.create_log_stream(context, params["logGroupName"], params["logStreamName"])
    return None


@operation("logs", "DeleteLogStream", noun="log stream")
def delete_log_stream(context: Context, params: Params) -> Result:
    streams.delete_log_stream(context, params["logGroupName"], params["logStreamName"])
    return None


@operation("logs", "DescribeLogStreams")
def describe_log_streams(context: Context, params: Params) -> Result:
    group, prefix = group_of(params), params.get("logStreamNamePrefix")
    by_time = params.get("orderBy") == "LastEventTime"
    if by_time and prefix is not None:
        raise WireError(
            "InvalidParameterException",
            "Cannot order by LastEventTime with a logStreamNamePrefix.",
        )
    found = streams.describe_log_streams(context, group, prefix or "")
    page, token = tokens.page(
        "DescribeLogStreams",
        params,
        found,
        (lambda stream: [stream.last or 0, stream.name]) if by_time else _by_name,
        params.get("limit", _PAGE),
        descending=params.get("descending", False),
    )
    return {
        "logStreams": [_described(context, group, stream) for stream in page],
        "nextToken": token,
    }


def _by_name(stream: LogStream) -> list[Any]:
    return [stream.name]


def _described(context: Context, group: str, stream: LogStream) -> dict[str, Any]:
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        "firstEventTimestamp": stream.first,
        "lastEventTimestamp": stream.last,
        "lastIngestionTime": stream.last_ingestion,
        "arn": context.place.log_stream(group, stream.name),
        "storedBytes": 0,  # as CloudWatch since 2019
    }
