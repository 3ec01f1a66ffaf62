"""Actions that say what the events of log groups hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.reading import named, readable
from logq.audit.call import Access
from logq.work.job import Job

FIELDS = "logs:GetLogGroupFields"


@action("logq:DiscoverFields", Access.DATA_READ)
def discover_fields(
    context: Context,
    groups: Sequence[str],
    *,
    start: int | None = None,
    end: int | None = None,
    zone: str = "UTC",
) -> Mapping[str, Any]:
    """The header of the job ``fields``: types, share of events, examples of every field.

    Asks for ``logs:GetLogGroupFields`` and, since it shows values, ``logs:StartQuery``.
    """
    wanted = named(groups)
    fields, queries = readable(context, wanted, FIELDS), readable(context, wanted)
    params = {
        "groups": wanted,
        "readable": fields if queries is None else sorted({*queries} & {*(fields or ())}),
        "start": start,
        "end": end,
        "zone": zone,
    }
    return context.pool.start(Job("fields", params), context.caller.name).header
