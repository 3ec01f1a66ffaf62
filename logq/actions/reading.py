"""Which log groups a caller's query may read."""

from __future__ import annotations

from collections.abc import Sequence

from logq.actions.context import Context
from logq.arns import group_name
from logq.errors import LogQError

QUERY = "logs:StartQuery"


def named(groups: Sequence[str]) -> list[str]:
    """Names and patterns of log groups of which some may be given as ARNs; raises InvalidValue."""
    return [group_name(group) for group in groups]


def readable(
    context: Context, groups: Sequence[str], permission: str = QUERY
) -> tuple[str, ...] | None:
    """The log groups that the caller may read, None for all; raises AccessDenied.

    Those given by their names must be among them; patterns with ``*`` stand for those that are.
    """
    place = context.place
    context.require(permission, *(place.log_group(name) for name in groups if "*" not in name))
    if context.caller.kind == "administrator":
        return None
    every = dict.fromkeys((*groups, *context.logq.storage.groups.names()))
    return tuple(name for name in every if context.may(permission, place.log_group(name)))


def usable(context: Context) -> dict[str, list[str]] | None:
    """The definitions that a query of the caller may use, by kind; None for all."""
    if context.caller.kind == "administrator":
        return None
    place, definitions = context.place, context.logq.storage.definitions
    return {
        kind: [
            one.name
            for one in definitions.list(kind)
            if context.may(permission, place.logs(thing, one.name))
        ]
        for kind, permission, thing in (("lookup_table", "logs:GetLookupTable", "lookup-table"),)
    }


def sources(text: str) -> list[str]:
    """The log groups that a query names by SOURCE; none where the text is at fault."""
    if "source" not in text.lower():
        return []
    from logq.query.commands.source import Source
    from logq.query.transform import parse

    try:
        return [name for part in parse(text) if isinstance(part, Source) for name in part.groups]
    except LogQError:
        return []
