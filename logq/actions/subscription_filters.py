"""Actions on subscription filters: which events of a log group go on to a destination."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.rule_rights import check_destination_rights, seal_address
from logq.audit.call import Access
from logq.errors import LimitExceeded, NotFound

if TYPE_CHECKING:
    from logq.model import Definition

KIND = "subscription_filter"
MAX_PER_GROUP = 2


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """A filter pattern and where matching events go."""

    pattern: str
    destination: str
    """An ARN, or the web address of an HTTP destination; sealed once it is stored."""
    role: str | None = None
    distribution: str = "ByLogStream"
    transformed: bool = False
    criteria: str | None = None
    system_fields: tuple[str, ...] = ()
    shown: str = ""
    """A web address without what is secret in it."""


@dataclass(frozen=True, slots=True)
class StoredSubscription:
    """A subscription filter where it stands."""

    group: str
    name: str
    filter: SubscriptionFilter
    created: int
    """Epoch milliseconds."""


@action("logs:PutSubscriptionFilter", Access.MANAGEMENT_WRITE)
def put_subscription_filter(
    context: Context, group: str, name: str, subscription: SubscriptionFilter
) -> None:
    """Make or replace a subscription filter.

    Matching events go to the topic, log group or web address that is given, else to the bus, as
    events of ``logq.logs``; the caller must be allowed to send there. Raises UnknownLogGroup,
    InvalidPattern, InvalidValue and LimitExceeded.
    """
    from logq.query.filter_pattern import parse_pattern

    context.require("logs:PutSubscriptionFilter", context.place.log_group(group))
    parse_pattern(subscription.pattern, strict=True)
    check_destination_rights(context, subscription.destination)
    definitions = context.logq.storage.definitions
    there = {one.name for one in definitions.list(KIND, group=group)}
    if name not in there and len(there) >= MAX_PER_GROUP:
        raise LimitExceeded(
            f"the log group {group} has {MAX_PER_GROUP} subscription filters",
            hint="delete one that is not needed",
        )
    definitions.put(KIND, name, asdict(_sealed(context, subscription)), group=group)


@action("logs:DescribeSubscriptionFilters", Access.MANAGEMENT_READ)
def describe_subscription_filters(
    context: Context, group: str, prefix: str = ""
) -> tuple[StoredSubscription, ...]:
    """The subscription filters of a log group by name; raises UnknownLogGroup."""
    context.require("logs:DescribeSubscriptionFilters", context.place.log_group(group))
    found = context.logq.storage.definitions.list(KIND, group=group, prefix=prefix)
    return tuple(_stored(one) for one in found)


@action("logs:DeleteSubscriptionFilter", Access.MANAGEMENT_WRITE)
def delete_subscription_filter(context: Context, group: str, name: str) -> None:
    """Delete a subscription filter; raises UnknownLogGroup and NotFound."""
    context.require("logs:DeleteSubscriptionFilter", context.place.log_group(group))
    if not context.logq.storage.definitions.delete(KIND, name, group=group):
        raise NotFound(f"the log group {group} has no subscription filter {name!r}")


def _sealed(context: Context, subscription: SubscriptionFilter) -> SubscriptionFilter:
    if not subscription.destination.startswith("http"):
        return replace(subscription, shown="")
    sealed, shown = seal_address(context, subscription.destination)
    return replace(subscription, destination=sealed, shown=shown)


def _stored(definition: Definition) -> StoredSubscription:
    body: Mapping[str, Any] = definition.body
    subscription = SubscriptionFilter(**{**body, "system_fields": tuple(body["system_fields"])})
    return StoredSubscription(
        definition.group or "", definition.name, subscription, definition.created
    )
