"""Which log groups a caller's query may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from logq.actions.context import Context
from logq.arns import group_name

if TYPE_CHECKING:
    from logq.model import Definition

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


def visible(context: Context, definition: Definition) -> bool:
    """Whether the caller may see this saved query, and query every log group that it names."""
    place, body = context.place, definition.body
    arn = place.logs("query-definition", definition.name)
    if not context.may("logs:DescribeQueryDefinitions", arn):
        return False
    groups = named([*body["groups"], *_sources_of_saved(body["query"])])
    return all(context.may(QUERY, place.log_group(name)) for name in groups if "*" not in name)


def usable(context: Context, text: str) -> dict[str, list[str]] | None:
    """The definitions that this query of the caller may use, by kind; None for all."""
    if context.caller.kind == "administrator":
        return None
    place, definitions = context.place, context.logq.storage.definitions
    saved = (definitions.get("query", name) for name in sorted(_called(text)))
    return {
        "lookup_table": [
            one.name
            for one in definitions.list("lookup_table")
            if context.may("logs:GetLookupTable", place.logs("lookup-table", one.name))
        ],
        "query": [one.name for one in saved if one is not None and visible(context, one)],
    }


def reads(context: Context, text: str) -> list[str]:
    """The log groups that a query names itself, also by the saved queries that it may use.

    Those of functions behind SOURCE are not among them: these mean only what may be read.
    """
    allowed = usable(context, text)
    found = sources(text)
    for name in sorted(_called(text)):
        saved = context.logq.storage.definitions.get("query", name)
        if saved is not None and (allowed is None or name in allowed["query"]):
            found += [*saved.body["groups"], *_sources_of_saved(saved.body["query"])]
    return named(found)


def sources(text: str) -> list[str]:
    """The log groups that a query names by SOURCE, also in queries inside it.

    There are none in a text at fault.
    """
    if "source" not in text.lower():
        return []
    from logq.query.groups_named import groups_named

    return [*groups_named(text).groups]


def _sources_of_saved(text: str) -> list[str]:
    if "source" not in text.lower():
        return []
    from logq.query.groups_named import groups_in_saved

    return [*groups_in_saved(text)]


def _called(text: str) -> frozenset[str]:
    if "$" not in text:
        return frozenset()
    from logq.query.saved import called

    return called(text)
