"""Queries whose answer is read as it comes."""

from __future__ import annotations

from collections.abc import Sequence

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.reading import named, readable, reads, usable
from logq.audit.call import Access
from logq.work.job import Answer, Job


@action("logq:RunQuery", Access.DATA_READ)
def run_query(
    context: Context,
    text: str,
    groups: Sequence[str],
    *,
    start: int | None = None,
    end: int | None = None,
    limit: int | None = None,
    output: str = "ndjson",
    zone: str = "UTC",
    pointers: bool = False,
    filter: str | None = None,
    strict: bool | None = None,
) -> Answer:
    """Run a query in a worker process and give its answer as it comes; as the job ``query``.

    Asks for ``logs:StartQuery`` on every log group. With a filter pattern only events
    that match it reach the query. Raises AccessDenied and Throttled; the faults of the query itself
    come from the answer.
    """
    params = {
        "text": text,
        "groups": (wanted := named(groups)),
        "readable": readable(context, [*wanted, *reads(context, text)]),
        "usable": usable(context, text),
        "start": start,
        "end": end,
        "limit": limit,
        "output": output,
        "zone": zone,
        "pointers": pointers,
        "filter": filter,
        "strict": strict,
    }
    return context.pool.start(Job("query", params), context.caller.name)


@action("logq:ExplainQuery", Access.MANAGEMENT_READ)
def explain_query(
    context: Context,
    text: str,
    groups: Sequence[str],
    *,
    start: int | None = None,
    end: int | None = None,
    analyze: bool = False,
) -> Answer:
    """The SQL of a query and what it would read, as the job ``explain``.

    Asks for ``logs:StartQuery`` like running it. Raises AccessDenied and Throttled.
    """
    params = {
        "text": text,
        "groups": (wanted := named(groups)),
        "readable": readable(context, [*wanted, *reads(context, text)]),
        "usable": usable(context, text),
        "start": start,
        "end": end,
        "analyze": analyze,
    }
    return context.pool.start(Job("explain", params), context.caller.name)
