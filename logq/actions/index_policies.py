"""Actions on index policies: which fields clients of CloudWatch want to be found fast."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from logq.model import Definition

KIND = "index_policy"
MAX_FIELDS = 20
_NAME = "policy"


@dataclass(frozen=True, slots=True)
class IndexPolicy:
    """The index policy of a log group: what ``filterIndex`` goes by. All fields are columns."""

    group: str
    document: str
    """JSON, as it was given."""
    fields: tuple[str, ...]
    updated: int
    """Epoch milliseconds."""


@action("logs:PutIndexPolicy", Access.MANAGEMENT_WRITE)
def put_index_policy(context: Context, group: str, document: str) -> IndexPolicy:
    """Set the index policy of a log group; raises UnknownLogGroup and InvalidValue."""
    context.require("logs:PutIndexPolicy", context.place.log_group(group))
    definitions, fields = context.logq.storage.definitions, _fields(document)
    before = definitions.get(KIND, _NAME, group=group)
    known = before.body.get("since", {}) if before else {}
    now = context.logq.clock()
    # A field that stays in the policy has been indexed since it first came in.
    since = {field: known.get(field, now) for field in fields}
    body = {"document": document, "fields": fields, "since": since}
    return _policy(definitions.put(KIND, _NAME, body, group=group))


@action("logs:DescribeIndexPolicies", Access.MANAGEMENT_READ)
def describe_index_policies(context: Context, groups: Sequence[str]) -> tuple[IndexPolicy, ...]:
    """The index policies of log groups, where they have one; raises UnknownLogGroup."""
    return _of(context, "logs:DescribeIndexPolicies", groups)


@action("logs:DescribeFieldIndexes", Access.MANAGEMENT_READ)
def describe_field_indexes(context: Context, groups: Sequence[str]) -> tuple[IndexPolicy, ...]:
    """The index policies of log groups, for showing their fields; raises UnknownLogGroup."""
    return _of(context, "logs:DescribeFieldIndexes", groups)


@action("logs:DeleteIndexPolicy", Access.MANAGEMENT_WRITE)
def delete_index_policy(context: Context, group: str) -> None:
    """Delete the index policy of a log group; raises UnknownLogGroup and NotFound."""
    context.require("logs:DeleteIndexPolicy", context.place.log_group(group))
    if not context.logq.storage.definitions.delete(KIND, _NAME, group=group):
        raise NotFound(f"the log group {group} has no index policy")


def _of(context: Context, name: str, groups: Sequence[str]) -> tuple[IndexPolicy, ...]:
    found = []
    for group in groups:
        context.require(name, context.place.log_group(group))
        one = context.logq.storage.definitions.get(KIND, _NAME, group=group)
        found += [_policy(one)] if one else []
    return tuple(found)


def _fields(document: str) -> list[str]:
    """The fields that a policy document names; raises InvalidValue."""
    try:
        given = json.loads(document)
    except (ValueError, RecursionError):
        given = None
    given = given if isinstance(given, dict) else {}
    fields = given.get("Fields", list(given.get("FieldsV2") or {}))
    if not isinstance(fields, list) or not all(isinstance(f, str) for f in fields) or not fields:
        raise InvalidValue(
            "the index policy names no fields", hint='it looks like {"Fields": ["requestId"]}'
        )
    if len(fields) > MAX_FIELDS:
        raise InvalidValue(f"{len(fields)} fields are more than {MAX_FIELDS}")
    return fields


def _policy(definition: Definition) -> IndexPolicy:
    body = definition.body
    return IndexPolicy(
        definition.group or "", body["document"], tuple(body["fields"]), definition.updated
    )
