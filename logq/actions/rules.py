"""Actions on event rules and their targets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from logq.actions.action import action
from logq.actions.context import Context
from logq.actions.rule_rights import check_target_rights, seal_address, withheld
from logq.audit.call import Access
from logq.errors import InvalidValue, LimitExceeded, NotFound, TooManyTags
from logq.events.rule import KIND, Rule, Target, body_of, rule_of

if TYPE_CHECKING:
    from logq.storage.definitions import Definitions

MAX_RULES = 300
MAX_TARGETS = 5
"""Of one rule."""
MAX_TAGS = 50

_NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")


@action("events:PutRule", Access.MANAGEMENT_WRITE)
def put_rule(
    context: Context,
    name: str,
    *,
    pattern: str | None = None,
    schedule: str | None = None,
    enabled: bool = True,
    description: str = "",
    tags: Mapping[str, str] | None = None,
) -> Rule:
    """Make a rule or change it; its targets stay, and tags count only for a new one.

    Raises InvalidValue, InvalidEventPattern, AccessDenied and LimitExceeded.
    """
    from logq.events.pattern import parse_event_pattern
    from logq.events.schedule import parse_schedule

    context.require("events:PutRule", context.place.rule(name))
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            f"{name[:80]!r} cannot be the name of a rule",
            hint="use 1 to 64 of the characters a-z A-Z 0-9 . - _",
        )
    if not pattern and not schedule:
        raise InvalidValue("a rule has an event pattern or a schedule", hint="give one of them")
    if len(description) > 512:
        raise InvalidValue("a description has at most 512 characters")
    if schedule:
        parse_schedule(schedule)
    hidden = withheld(context, parse_event_pattern(pattern)) if pattern else ()
    with context.logq.storage.database.write():
        definitions = _definitions(context)
        found = definitions.get(KIND, name)
        if found is None and len(definitions.list(KIND)) >= MAX_RULES:
            raise LimitExceeded(f"there are {MAX_RULES} rules", hint="delete one")
        there = rule_of(found) if found else Rule(name, tags=_checked_tags(tags or {}))
        wanted = replace(
            there,
            pattern=pattern or None,
            schedule=schedule or None,
            enabled=enabled,
            description=description,
            withheld=hidden,
        )
        return _put(definitions, wanted)


@action("events:DescribeRule", Access.MANAGEMENT_READ)
def describe_rule(context: Context, name: str) -> Rule:
    """A rule; raises NotFound."""
    context.require("events:DescribeRule", context.place.rule(name))
    return _get(_definitions(context), name)


@action("events:ListRules", Access.MANAGEMENT_READ)
def list_rules(context: Context, prefix: str = "") -> tuple[Rule, ...]:
    """The rules that the caller may see and whose names begin so, in name order."""
    found = (rule_of(one) for one in _definitions(context).list(KIND, prefix=prefix))
    return tuple(
        rule for rule in found if context.may("events:ListRules", context.place.rule(rule.name))
    )


@action("events:DeleteRule", Access.MANAGEMENT_WRITE)
def delete_rule(context: Context, name: str, *, targets: bool = False) -> None:
    """Delete a rule, with its ``targets`` or if it has none; raises NotFound and InvalidValue."""
    context.require("events:DeleteRule", context.place.rule(name))
    with context.logq.storage.database.write():
        definitions = _definitions(context)
        rule = _get(definitions, name)
        if rule.targets and not targets:
            raise InvalidValue(
                f"the rule {name} cannot be deleted since it has targets",
                hint="remove them first",
            )
        definitions.delete(KIND, name)


@action("events:EnableRule", Access.MANAGEMENT_WRITE)
def enable_rule(context: Context, name: str) -> None:
    """Let a rule match again; raises NotFound."""
    context.require("events:EnableRule", context.place.rule(name))
    _switch(context, name, enabled=True)


@action("events:DisableRule", Access.MANAGEMENT_WRITE)
def disable_rule(context: Context, name: str) -> None:
    """Let a rule match nothing until it is enabled; raises NotFound."""
    context.require("events:DisableRule", context.place.rule(name))
    _switch(context, name, enabled=False)


@action("events:PutTargets", Access.MANAGEMENT_WRITE)
def put_targets(
    context: Context, name: str, targets: Sequence[Target], *, only: bool = False
) -> Rule:
    """Add or replace targets of a rule by their ids; ``only`` removes all others.

    The caller must be allowed to send to them; web addresses are secrets and are encrypted. Raises
    NotFound, InvalidValue, AccessDenied and LimitExceeded.
    """
    from logq.events.transformer import check_target

    context.require("events:PutTargets", context.place.rule(name))
    for target in targets:
        if not _NAME.fullmatch(target.id):
            raise InvalidValue(
                f"{target.id[:80]!r} cannot be the id of a target",
                hint="use 1 to 64 of the characters a-z A-Z 0-9 . - _",
            )
        check_target(target)
        check_target_rights(context, target.arn)
    with context.logq.storage.database.write():
        definitions = _definitions(context)
        rule = _get(definitions, name)
        there = {one.id: one for one in rule.targets}
        kept = {} if only else dict(there)
        kept.update((one.id, _sealed(context, one, there.get(one.id))) for one in targets)
        if len(kept) > MAX_TARGETS:
            raise LimitExceeded(
                f"a rule has at most {MAX_TARGETS} targets", hint="make another rule for the rest"
            )
        return _put(definitions, replace(rule, targets=tuple(kept.values())))


@action("events:RemoveTargets", Access.MANAGEMENT_WRITE)
def remove_targets(context: Context, name: str, ids: Sequence[str]) -> tuple[str, ...]:
    """Remove targets of a rule by their ids; which of them were not there. Raises NotFound."""
    context.require("events:RemoveTargets", context.place.rule(name))
    with context.logq.storage.database.write():
        definitions = _definitions(context)
        rule = _get(definitions, name)
        kept = tuple(one for one in rule.targets if one.id not in set(ids))
        if len(kept) < len(rule.targets):
            _put(definitions, replace(rule, targets=kept))
    known = {one.id for one in rule.targets}
    return tuple(id for id in ids if id not in known)


@action("events:ListTargetsByRule", Access.MANAGEMENT_READ)
def list_targets(context: Context, name: str) -> tuple[Target, ...]:
    """The targets of a rule; raises NotFound."""
    context.require("events:ListTargetsByRule", context.place.rule(name))
    return _get(_definitions(context), name).targets


@action("events:ListRuleNamesByTarget", Access.MANAGEMENT_READ)
def rule_names_by_target(context: Context, arn: str) -> tuple[str, ...]:
    """The names of the rules that the caller may see and that have this target."""
    action = "events:ListRuleNamesByTarget"
    found = (rule_of(one) for one in _definitions(context).list(KIND))
    return tuple(
        rule.name
        for rule in found
        if any(target.arn == arn for target in rule.targets)
        if context.may(action, context.place.rule(rule.name))
    )


@action("events:ListTagsForResource", Access.MANAGEMENT_READ)
def list_rule_tags(context: Context, name: str) -> Mapping[str, str]:
    """The tags of a rule; raises NotFound."""
    context.require("events:ListTagsForResource", context.place.rule(name))
    return _get(_definitions(context), name).tags


@action("events:TagResource", Access.MANAGEMENT_WRITE)
def tag_rule(context: Context, name: str, tags: Mapping[str, str]) -> None:
    """Add tags to a rule or change them; raises NotFound and TooManyTags."""
    context.require("events:TagResource", context.place.rule(name))
    with context.logq.storage.database.write():
        rule = _get(_definitions(context), name)
        tagged = _checked_tags({**rule.tags, **tags})
        _put(_definitions(context), replace(rule, tags=tagged))


@action("events:UntagResource", Access.MANAGEMENT_WRITE)
def untag_rule(context: Context, name: str, keys: Sequence[str]) -> None:
    """Take tags from a rule; raises NotFound."""
    context.require("events:UntagResource", context.place.rule(name))
    with context.logq.storage.database.write():
        rule = _get(_definitions(context), name)
        tags = {key: value for key, value in rule.tags.items() if key not in set(keys)}
        _put(_definitions(context), replace(rule, tags=tags))


def _checked_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    if len(tags) > MAX_TAGS:
        raise TooManyTags(f"a rule has at most {MAX_TAGS} tags", hint="remove one")
    return dict(tags)


def _switch(context: Context, name: str, *, enabled: bool) -> None:
    with context.logq.storage.database.write():
        rule = _get(_definitions(context), name)
        if rule.enabled is not enabled:
            _put(_definitions(context), replace(rule, enabled=enabled))


def _sealed(context: Context, target: Target, before: Target | None) -> Target:
    """The target with its address encrypted; as it is listed it means the one that is there."""
    if not target.arn.startswith("http"):
        return target
    if before is not None and before.shown == target.arn:
        return replace(target, arn=before.arn, shown=before.shown)
    sealed, shown = seal_address(context, target.arn)
    return replace(target, arn=sealed, shown=shown)


def _definitions(context: Context) -> Definitions:
    return context.logq.storage.definitions


def _get(definitions: Definitions, name: str) -> Rule:
    found = definitions.get(KIND, name)
    if found is None:
        raise NotFound(f"there is no rule {name!r}", hint="'logq rules list' lists them")
    return rule_of(found)


def _put(definitions: Definitions, rule: Rule) -> Rule:
    return rule_of(definitions.put(KIND, rule.name, body_of(rule), expected=rule.version))
