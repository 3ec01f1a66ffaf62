"""Which log groups a caller's query may read."""

from __future__ import annotations

from collections.abc import Sequence

from logq.actions.context import Context
from logq.arns import group_name

QUERY = "logs:StartQuery"


def named(groups: Sequence[str]) -> list[str]:
    """Names and patterns of log groups of which some may be given as ARNs; raises InvalidValue."""
    return [group_name(group) for group in groups]


def readable(
    context: Context, groups: Sequence[str], permission: str = QUERY
) -> tuple[str, ...] | None:
    """The log groups that the caller may read, None for all; raises AccessDenied.

    Those given by their names must be among them. Patterns with ``*`` and SOURCE in the text of a
    query stand for those that are.
    """
    place = context.place
    context.require(permission, *(place.log_group(name) for name in groups if "*" not in name))
    if context.caller.kind == "administrator":
        return None
    every = context.logq.storage.groups.names()
    return tuple(name for name in every if context.may(permission, place.log_group(name)))
