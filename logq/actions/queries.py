"""Queries that are started, fetched later, listed and stopped."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.reading import QUERY, named, readable, reads, usable
from logq.audit.call import Access
from logq.errors import InvalidValue, LimitExceeded, NotFound, Throttled
from logq.work.job import Job

if TYPE_CHECKING:
    from logq.storage.answers import Asked

MOST_ROWS = 10_000
"""Of one page."""
OPEN = ("Scheduled", "Running")
"""What a query is before it has ended."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of an answer."""

    asked: Asked
    lines: Sequence[bytes]
    """Each a JSON list of ``{field, value}``."""
    next: int | None
    """Where in the answer the next page begins; None at its end."""


@action("logs:StartQuery", Access.DATA_READ)
def start_query(
    context: Context,
    text: str,
    groups: Sequence[str],
    *,
    start: int,
    end: int,
    limit: int | None = None,
) -> str:
    """Start a query and give its id; times are epoch milliseconds, both inclusive.

    Raises AccessDenied, UnknownLogGroup, QueryError with its place in the text, and LimitExceeded
    if too many run already.
    """
    from logq.storage.answers import Asked

    logq = context.logq
    wanted = named(groups)
    allowed = readable(context, [*wanted, *reads(context, text)])
    for group in wanted:
        if "*" not in group:
            logq.storage.groups.format(group)  # it must be there
    params = {
        "text": text,
        "groups": wanted,
        "readable": allowed,
        "usable": usable(context, text),
        "start": start,
        "end": end,
        "limit": limit,
    }
    read = _read(context, params)
    try:
        answer = context.pool.start(Job("started_query", params), context.caller.name)
    except Throttled as error:
        raise LimitExceeded(error.message, hint=error.hint) from error
    asked = Asked(str(uuid.uuid4()), logq.clock(), "Scheduled", text, read, context.caller.name)
    context.runs.start(logq.storage.answers, asked, answer)
    return asked.id


@action("logs:GetQueryResults", Access.DATA_READ)
def get_query_results(context: Context, id: str, *, first: int = 0, limit: int = MOST_ROWS) -> Rows:
    """Rows of a query from a place in its answer on, also while it runs.

    Raises NotFound, and AccessDenied unless the caller may do this on the query's log groups.
    """
    asked = _visible(context, id, "logs:GetQueryResults")
    if first and first >= asked.bytes:
        raise InvalidValue("the specified nextToken is invalid")
    lines: Sequence[bytes] = []
    if asked.status in ("Complete", *OPEN) and asked.bytes:
        lines = context.logq.storage.answers.read(asked, first, limit)
    place = first + sum(map(len, lines))
    more = place < asked.bytes and asked.status == "Complete"
    return Rows(asked, lines, place if more and limit else None)


@action("logs:StopQuery", Access.DATA_READ)
def stop_query(context: Context, id: str) -> None:
    """Stop a query; raises NotFound, AccessDenied, and InvalidValue if it has ended."""
    asked = _visible(context, id, "logs:StopQuery")
    if asked.status not in OPEN or not context.runs.cancel(id):
        raise InvalidValue(f"the query has ended already, it is {asked.status}")


@action("logs:DescribeQueries", Access.MANAGEMENT_READ)
def describe_queries(
    context: Context, *, group: str | None = None, status: str | None = None
) -> tuple[Asked, ...]:
    """The queries of the last days on log groups that the caller may ask about, newest first."""
    found = (_now(context, asked) for asked in context.logq.storage.answers.list())
    return tuple(
        asked
        for asked in found
        if (group is None or group in asked.groups)
        and (status is None or status == asked.status)
        and _may(context, asked, "logs:DescribeQueries")
    )


@action("logs:ListLogGroupsForQuery", Access.MANAGEMENT_READ)
def list_log_groups_for_query(context: Context, id: str) -> tuple[str, ...]:
    """The log groups that a query reads; raises NotFound and AccessDenied."""
    return _visible(context, id, "logs:ListLogGroupsForQuery").groups


def _read(context: Context, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The log groups that a query reads: who may see its answer must be allowed all of them.

    Raises QueryError and LimitExceeded.
    """
    from logq.query.groups_named import groups_named
    from logq.query.known import Known
    from logq.query.request import read
    from logq.query.selection import Selector, selected
    from logq.storage.groups import glob

    logq, allowed, usable = context.logq, params["readable"], params["usable"]
    there = [
        group for group in logq.storage.log_groups() if allowed is None or group.name in allowed
    ]

    def define(kind: str, name: str) -> Mapping[str, Any] | None:
        hidden = usable is not None and name not in usable.get(kind, ())
        return None if hidden else logq.defined(kind, name)

    def select(selectors: Sequence[Selector]) -> tuple[str, ...]:
        return selected(selectors, there, logq.settings.account)

    times = (params["start"], params["end"], params["limit"], logq.clock())
    request = read(
        params["text"], params["groups"], *times, logq.settings, known=Known(define, select)
    )
    inner = groups_named(request.expanded.text)
    named = [*request.groups, *inner.groups, *(["*"] if inner.inner_functions else [])]
    names = {group.name for group in there}
    meant = ([name] if "*" not in name else sorted(filter(glob(name), names)) for name in named)
    return tuple(dict.fromkeys(chain.from_iterable(meant)))


def _visible(context: Context, id: str, permission: str) -> Asked:
    """A query; raises NotFound, and AccessDenied unless this is allowed on all of its groups."""
    asked = context.logq.storage.answers.get(id)
    if asked is None:
        raise NotFound(f"there is no query {id!r}")
    asked = _now(context, asked)
    place = context.place
    context.require(permission, *(place.log_group(group) for group in asked.groups))
    if asked.caller != context.caller.name:  # another's answer shows what the query has read
        context.require(QUERY, *(place.log_group(group) for group in asked.groups))
    return asked


def _may(context: Context, asked: Asked, permission: str) -> bool:
    place = context.place
    return all(context.may(permission, place.log_group(group)) for group in asked.groups)


def _now(context: Context, asked: Asked) -> Asked:
    """A query as it is at this moment: the catalog learns of it when it starts and ends."""
    if asked.status not in OPEN:
        return asked
    running = context.runs.get(asked.id)
    if running is not None:
        return running
    ended = context.logq.storage.answers.get(asked.id)
    if ended is not None and ended.status not in OPEN:
        return ended
    return replace(asked, status="Failed", error="the server was stopped while the query ran")
