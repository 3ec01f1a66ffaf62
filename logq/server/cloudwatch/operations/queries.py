"""Queries: start, fetch, stop, list. Times are in seconds here, and only here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from logq.actions import queries, records
from logq.actions.context import Context
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.identifiers import group_of
from logq.server.cloudwatch.operation import Params, Result, operation

if TYPE_CHECKING:
    from logq.actions.queries import Rows

_NOUN = "query"
_GROUPS = ("logGroupName", "logGroupNames", "logGroupIdentifiers")
_SOURCE = re.compile(r"\s*\|?\s*(?:source\b|\$)", re.IGNORECASE)
"""Saved queries may name log groups, too."""
_MILLISECONDS_FROM = 10**11
"""Larger times are no seconds of our age: the caller means milliseconds."""


@operation("logs", "StartQuery")
def start_query(context: Context, params: Params) -> Result:
    if params.get("queryLanguage", "CWLI") != "CWLI":
        raise _invalid("LogQ runs queries of the language CWLI only.")
    text = params["queryString"]
    given = [name for name in _GROUPS if params.get(name)]
    if len(given) != 1 and not (not given and _SOURCE.match(text)):
        raise _invalid(
            "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given, "
            "or a query that begins with SOURCE."
        )
    groups = params[given[0]] if given else []
    start, end = _first(params["startTime"]), _last(params["endTime"])
    if end < start:
        raise _invalid("The endTime must not be before the startTime.")
    id = queries.start_query(
        context,
        text,
        [groups] if isinstance(groups, str) else groups,
        start=start,
        end=end,
        limit=params.get("limit"),
    )
    return {"queryId": id}


def _first(time: int) -> int:
    return time if time >= _MILLISECONDS_FROM else time * 1000


def _last(time: int) -> int:
    """The end of the last second: it belongs to the range."""
    return time if time >= _MILLISECONDS_FROM else time * 1000 + 999


@operation("logs", "GetQueryResults", noun=_NOUN, raw_output=True)
def get_query_results(context: Context, params: Params) -> Result:
    token = params.get("nextToken")
    first = 0
    if token is not None:
        (first,) = tokens.read("GetQueryResults", params, token)
    found = queries.get_query_results(
        context,
        params["queryId"],
        first=first,
        limit=params.get("maxItems") or queries.MOST_ROWS,
    )
    answer: dict[str, Any] = {
        "queryLanguage": "CWLI",
        "results": orjson.Fragment(b"[" + b",".join(found.lines) + b"]"),
        "statistics": _statistics(found),
        "status": found.asked.status,
    }
    if found.next is not None:
        answer["nextToken"] = tokens.write("GetQueryResults", params, [found.next])
    return answer


def _statistics(found: Rows) -> dict[str, float]:
    stats = found.asked.statistics
    return {
        "recordsMatched": float(stats.get("records_matched", 0)),
        "recordsScanned": float(stats.get("records_scanned", 0)),
        "bytesScanned": float(stats.get("bytes_scanned", 0)),
        "estimatedRecordsSkipped": 0.0,
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": float(len(found.asked.groups)),
        "resultCount": float(found.asked.rows),
    }


@operation("logs", "StopQuery", noun=_NOUN)
def stop_query(context: Context, params: Params) -> Result:
    queries.stop_query(context, params["queryId"])
    return {"success": True}


@operation("logs", "DescribeQueries")
def describe_queries(context: Context, params: Params) -> Result:
    found = queries.describe_queries(
        context, group=params.get("logGroupName"), status=params.get("status")
    )
    if params.get("queryLanguage", "CWLI") != "CWLI":
        found = ()
    page, token = tokens.page(
        "DescribeQueries",
        params,
        found,
        lambda asked: [asked.created, asked.id],
        params.get("maxResults", 1000),
        descending=True,
    )
    now = context.logq.clock()
    return {
        "queries": [
            {
                "queryLanguage": "CWLI",
                "queryId": asked.id,
                "queryString": asked.text,
                "status": asked.status,
                "createTime": asked.created,
                "logGroupName": asked.groups[0] if asked.groups else None,
                "queryDuration": (asked.ended or now) - asked.created,
                "bytesScanned": float(asked.statistics.get("bytes_scanned", 0)),
                "userIdentity": asked.caller,
            }
            for asked in page
        ],
        "nextToken": token,
    }


@operation("logs", "ListLogGroupsForQuery", noun=_NOUN)
def list_log_groups_for_query(context: Context, params: Params) -> Result:
    groups = queries.list_log_groups_for_query(context, params["queryId"])
    page, token = tokens.page(
        "ListLogGroupsForQuery", params, groups, lambda name: [name], params.get("maxResults", 500)
    )
    return {"logGroupIdentifiers": page, "nextToken": token}


@operation("logs", "GetLogRecord", noun="log record")
def get_log_record(context: Context, params: Params) -> Result:
    return {"logRecord": records.get_log_record(context, params["logRecordPointer"])}


@operation("logs", "GetLogGroupFields")
def get_log_group_fields(context: Context, params: Params) -> Result:
    time = params.get("time")
    fields = records.get_log_group_fields(
        context, group_of(params), around=None if time is None else _first(time)
    )
    return {"logGroupFields": [{"name": name, "percent": share} for name, share in fields]}


def _invalid(message: str) -> WireError:
    return WireError("InvalidParameterException", message)
