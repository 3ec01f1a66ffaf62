"""Actions on the tags of log groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.errors import TooManyTags

MAX_TAGS = 50


@action("logs:TagResource", Access.MANAGEMENT_WRITE)
def tag_log_group(context: Context, group: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags of a log group; raises UnknownLogGroup and TooManyTags."""
    context.require("logs:TagResource", context.place.log_group(group))

    def add(before: Mapping[str, str]) -> Mapping[str, str]:
        after = {**before, **tags}
        check_tags(after)
        return after

    context.logq.storage.groups.retag(group, add)


@action("logs:UntagResource", Access.MANAGEMENT_WRITE)
def untag_log_group(context: Context, group: str, keys: Sequence[str]) -> None:
    """Take tags off a log group; raises UnknownLogGroup."""
    context.require("logs:UntagResource", context.place.log_group(group))

    def remove(before: Mapping[str, str]) -> Mapping[str, str]:
        return {key: value for key, value in before.items() if key not in keys}

    context.logq.storage.groups.retag(group, remove)


@action("logs:ListTagsForResource", Access.MANAGEMENT_READ)
def list_tags(context: Context, group: str) -> Mapping[str, str]:
    """The tags of a log group; raises UnknownLogGroup."""
    context.require("logs:ListTagsForResource", context.place.log_group(group))
    return context.logq.storage.groups.get(group).tags


def check_tags(tags: Mapping[str, str]) -> None:
    """Raise TooManyTags for more tags than one thing can have."""
    if len(tags) > MAX_TAGS:
        raise TooManyTags(
            f"{len(tags)} tags are more than {MAX_TAGS}", hint="take some off or join them"
        )
