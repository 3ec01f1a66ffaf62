"""Actions on saved queries."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.reading import visible
from logq.audit.call import Access
from logq.errors import AlreadyExists, InvalidValue, LimitExceeded, NotFound

if TYPE_CHECKING:
    from logq.model import Definition

KIND = "query"
MAX_QUERIES = 1000
MAX_PARAMETERS = 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """A part of a saved query that is filled in when it runs."""

    name: str
    default: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query with a name; ``/`` in names stands for folders."""

    id: str
    name: str
    text: str
    groups: tuple[str, ...]
    """The log groups that it is meant for; may be empty."""
    parameters: tuple[QueryParameter, ...]
    updated: int
    """Epoch milliseconds."""


@action("logs:PutQueryDefinition", Access.MANAGEMENT_WRITE)
def save_query(
    context: Context,
    name: str,
    text: str,
    *,
    groups: Sequence[str] = (),
    parameters: Sequence[QueryParameter] = (),
    id: str | None = None,
    replace: bool = False,
) -> SavedQuery:
    """Save a query under a name; the whole of it is replaced.

    ``id`` changes the query that has it, ``replace`` the one of this name if there is one. Raises
    NotFound for an unknown id, AlreadyExists for another query's name, InvalidValue for parameters
    that no query can have, and LimitExceeded.
    """
    _check(parameters)
    context.require("logs:PutQueryDefinition", context.place.logs("query-definition", name))
    definitions = context.logq.storage.definitions
    saved = {one.name: one for one in definitions.list(KIND)}
    before = next((one for one in saved.values() if one.body["id"] == id), None)
    if id is not None and before is None:
        raise _unknown(id)
    if before is not None and before.name != name:
        own = context.place.logs("query-definition", before.name)
        context.require("logs:PutQueryDefinition", own)
    there = saved.get(name)
    if there is not None and there is not before and (before is not None or not replace):
        raise AlreadyExists(f"there is already a saved query {name!r}")
    if before is None and there is None and len(saved) >= MAX_QUERIES:
        raise LimitExceeded(f"there are {MAX_QUERIES} saved queries", hint="delete one")
    kept = before or there
    body = {
        "id": kept.body["id"] if kept else str(uuid.uuid4()),
        "query": text,
        "groups": list(groups),
        "parameters": [asdict(parameter) for parameter in parameters],
    }
    made = definitions.put(KIND, name, body, expected=there.version if there else 0)
    if before is not None and before.name != name:
        definitions.delete(KIND, before.name)
    return saved_query(made)


@action("logs:DescribeQueryDefinitions", Access.MANAGEMENT_READ)
def list_saved_queries(context: Context, prefix: str = "") -> tuple[SavedQuery, ...]:
    """The saved queries that the caller may see and whose names begin so, in name order.

    One that names a log group which the caller may not query is left out.
    """
    found = context.logq.storage.definitions.list(KIND, prefix=prefix)
    return tuple(saved_query(one) for one in found if visible(context, one))


def get_saved_query(context: Context, name: str) -> SavedQuery:
    """One saved query; raises NotFound, also for one that the caller may not see."""
    found = [one for one in list_saved_queries(context, name) if one.name == name]
    if not found:
        raise _unknown(name)
    return found[0]


@action("logs:DeleteQueryDefinition", Access.MANAGEMENT_WRITE)
def delete_saved_query(context: Context, *, name: str | None = None, id: str | None = None) -> None:
    """Delete a saved query by its name or id; raises NotFound."""
    definitions = context.logq.storage.definitions
    if name is None:
        saved = (one.name for one in definitions.list(KIND) if one.body["id"] == id)
        name = next(saved, None)
    arn = context.place.logs("query-definition", name or "*")
    context.require("logs:DeleteQueryDefinition", arn)
    if name is None or not definitions.delete(KIND, name):
        raise _unknown(name or id or "")


def _check(parameters: Sequence[QueryParameter]) -> None:
    names = [parameter.name for parameter in parameters]
    if len(names) > MAX_PARAMETERS:
        raise LimitExceeded(
            f"a saved query has at most {MAX_PARAMETERS} parameters, not {len(names)}",
            hint="merge some of them",
        )
    for name in names:
        if not _NAME.fullmatch(name):
            raise InvalidValue(
                f"{name!r} is not the name of a parameter",
                hint="use letters, digits and _, a letter or _ first",
            )
        if names.count(name) > 1:
            raise InvalidValue(f"the parameter {name!r} is given twice", hint="leave out one")


def saved_query(definition: Definition) -> SavedQuery:
    """The saved query that a definition holds."""
    body = definition.body
    return SavedQuery(
        body["id"],
        definition.name,
        body["query"],
        tuple(body["groups"]),
        tuple(QueryParameter(**parameter) for parameter in body["parameters"]),
        definition.updated,
    )


def _unknown(what: str) -> NotFound:
    return NotFound(f"there is no saved query {what!r}", hint="'logq queries list' lists them")
