"""Actions on metric filters: what turns log events into datapoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.errors import InvalidValue, LimitExceeded, NotFound
from logq.metrics.filter import KIND, MetricFilter, filter_of

if TYPE_CHECKING:
    from logq.model import Definition
    from logq.query.filter_pattern import Match

MAX_PER_GROUP = 100
MAX_DIMENSIONS = 3


@dataclass(frozen=True, slots=True)
class StoredFilter:
    """A metric filter where it stands."""

    group: str
    name: str
    filter: MetricFilter
    created: int
    """Epoch milliseconds."""


@action("logs:PutMetricFilter", Access.MANAGEMENT_WRITE)
def put_metric_filter(context: Context, group: str, name: str, metric_filter: MetricFilter) -> None:
    """Make or replace a metric filter.

    Raises UnknownLogGroup, InvalidPattern, InvalidValue and LimitExceeded.
    """
    context.require("logs:PutMetricFilter", context.place.log_group(group))
    _check(metric_filter)
    definitions = context.logq.storage.definitions
    there = {one.name for one in definitions.list(KIND, group=group)}
    if name not in there and len(there) >= MAX_PER_GROUP:
        raise LimitExceeded(
            f"the log group {group} has {MAX_PER_GROUP} metric filters",
            hint="delete one that is not needed",
        )
    definitions.put(KIND, name, asdict(metric_filter), group=group)


@action("logs:DescribeMetricFilters", Access.MANAGEMENT_READ)
def describe_metric_filters(
    context: Context, group: str | None = None, prefix: str = ""
) -> tuple[StoredFilter, ...]:
    """The metric filters of a log group, or of all that the caller may see, by name.

    Raises UnknownLogGroup.
    """
    if group is not None:
        context.require("logs:DescribeMetricFilters", context.place.log_group(group))
    found = context.logq.storage.definitions.list(KIND, group=group, prefix=prefix)
    seen = [stored_filter(one) for one in found]
    return tuple(
        one
        for one in sorted(seen, key=lambda one: (one.name, one.group))
        if context.may("logs:DescribeMetricFilters", context.place.log_group(one.group))
    )


@action("logs:DeleteMetricFilter", Access.MANAGEMENT_WRITE)
def delete_metric_filter(context: Context, group: str, name: str) -> None:
    """Delete a metric filter; raises UnknownLogGroup and NotFound."""
    context.require("logs:DeleteMetricFilter", context.place.log_group(group))
    if not context.logq.storage.definitions.delete(KIND, name, group=group):
        raise NotFound(
            f"the log group {group} has no metric filter {name!r}",
            hint=f"'logq filters list {group}' lists them",
        )


@action("logs:TestMetricFilter", Access.MANAGEMENT_READ, hide=("messages",))
def test_metric_filter(context: Context, pattern: str, messages: Sequence[str]) -> list[Match]:
    """The messages that a filter pattern matches; raises InvalidPattern."""
    from logq.query.filter_pattern import extract, parse_pattern

    context.require("logs:TestMetricFilter", "*")
    return extract(parse_pattern(pattern, strict=True), messages)


def metric_filter_counts(context: Context) -> Mapping[str, int]:
    """How many metric filters each log group has, for showing beside the groups."""
    found = context.logq.storage.definitions.list(KIND)
    return Counter(one.group or "" for one in found)


def stored_filter(definition: Definition) -> StoredFilter:
    """The metric filter that a definition holds."""
    return StoredFilter(
        definition.group or "", definition.name, filter_of(definition.body), definition.created
    )


def _check(wanted: MetricFilter) -> None:
    from logq.query.filter_pattern import Kind, parse_pattern, read_reference, read_value

    pattern = parse_pattern(wanted.pattern, strict=True)
    read_value(pattern, wanted.value)
    if not wanted.dimensions:
        return
    if wanted.default is not None:
        raise InvalidValue(
            "a metric filter with dimensions cannot have a default value",
            hint="leave one of the two out",
        )
    if len(wanted.dimensions) > MAX_DIMENSIONS:
        raise InvalidValue(
            f"{len(wanted.dimensions)} dimensions are more than {MAX_DIMENSIONS}",
            hint="every combination of their values is a metric of its own",
        )
    if pattern.kind not in (Kind.JSON, Kind.SPACE):
        raise InvalidValue(
            "only filter patterns in { } or [ ] can have dimensions",
            hint="write { $.field = ... } for JSON or [a, b, ...] for words",
        )
    for reference in wanted.dimensions.values():
        read_reference(pattern, reference)
