"""Completion of queries from what the caller may see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import orjson

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.discovery import FIELDS
from logq.actions.reading import QUERY, named, readable, sources
from logq.audit.call import Access
from logq.errors import LogQError
from logq.work.job import Job

if TYPE_CHECKING:
    from logq.query.completion import Completions, KnownField, KnownValue

VALUES = 20
NEWEST = 100_000
"""Events whose values are looked at: a list that comes at once beats one that is complete."""
VALUE_SECONDS = 2.0
"""How long the values of a field are looked for; a list that comes later helps nobody."""


@action("logq:CompleteQuery", Access.MANAGEMENT_READ, hide=("text",))
def complete_query(
    context: Context,
    text: str,
    cursor: int,
    groups: Sequence[str],
    *,
    start: int | None = None,
    end: int | None = None,
) -> Completions:
    """What may stand at the cursor of a query over log groups, best first.

    Fields need ``logs:GetLogGroupFields`` and values ``logs:StartQuery``; what the caller may not
    see is left out. Raises InvalidValue for what is no ARN.
    """
    from logq.query.completion import Known, complete

    place = context.place
    every = context.logq.storage.groups.names()
    seen = [g for g in every if context.may("logs:DescribeLogGroups", place.log_group(g))]
    wanted = named(groups) or sources(text)

    def values(field: str, begun: str) -> Sequence[KnownValue]:
        with suppress(LogQError):
            return _values(context, field, begun, wanted, start, end)
        return ()

    fields = _fields(context, _allowed(context, wanted, FIELDS))
    return complete(text, cursor, Known(fields, seen, values))


def _allowed(context: Context, wanted: Sequence[str], permission: str) -> list[str]:
    """The log groups that the patterns mean and the caller may use so."""
    from logq.storage.groups import glob

    fits = [glob(pattern) for pattern in wanted]
    return [
        name
        for name in context.logq.storage.groups.names()
        if any(fit(name) for fit in fits) and context.may(permission, context.place.log_group(name))
    ]


def _fields(context: Context, groups: Sequence[str]) -> list[KnownField]:
    """The fields that the catalog knows of log groups; no event is read."""
    from logq.query.completion import KnownField

    if not groups:
        return []
    counts: dict[str, int] = {}
    types: dict[str, dict[str, None]] = {}
    total = 0
    for piece in context.logq.storage.snapshot(groups).pieces:
        total += piece.rows
        for path, field in piece.info.fields.items():
            counts[path] = counts.get(path, 0) + field.count
            types.setdefault(path, {})[str(field.kind)] = None
    return [
        KnownField(path, tuple(types[path]), min(100.0, round(100 * count / max(total, 1), 1)))
        for path, count in counts.items()
    ]


def _values(
    context: Context,
    field: str,
    begun: str,
    groups: Sequence[str],
    start: int | None,
    end: int | None,
) -> list[KnownValue]:
    from logq.query.completion import KnownValue
    from logq.query.literals import quote_name, quote_regex

    name = quote_name(field)
    holds = f" and {name} like {quote_regex('(?i)' + re.escape(begun))}" if begun else ""
    commands = [
        f"filter ispresent({name}){holds}",
        f"limit {NEWEST}",
        f"stats count(*) as `n` by {name} as `v`",
        f"sort n desc | limit {VALUES}",
    ]
    params = {
        "text": " | ".join(commands),
        "groups": groups,
        "readable": readable(context, groups, QUERY),
        "start": start,
        "end": end,
        "matched": False,
    }
    answer = context.pool.start(Job("query", params, VALUE_SECONDS), context.caller.name)
    try:
        rows = [orjson.loads(line) for line in b"".join(answer.chunks()).splitlines()]
    finally:
        answer.cancel()
    return [
        KnownValue(row["v"], row["n"])
        for row in rows
        if isinstance(row.get("v"), str | int | float | bool)
    ]
