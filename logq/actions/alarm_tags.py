"""Actions on the tags of alarms and mute rules, by ARN."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.errors import InvalidValue

_ARN = re.compile(r"arn:[^:]*:cloudwatch:[^:]*:[^:]*:(alarm|alarm-mute-rule):(.+)", re.DOTALL)


@action("cloudwatch:TagResource", Access.MANAGEMENT_WRITE)
def tag_alarm(context: Context, arn: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags; raises NotFound and InvalidValue."""
    context.require("cloudwatch:TagResource", arn)
    _change(context, arn, lambda before: {**before, **tags})


@action("cloudwatch:UntagResource", Access.MANAGEMENT_WRITE)
def untag_alarm(context: Context, arn: str, keys: Sequence[str]) -> None:
    """Take tags off; raises NotFound and InvalidValue."""
    context.require("cloudwatch:UntagResource", arn)
    _change(context, arn, lambda before: {k: v for k, v in before.items() if k not in keys})


@action("cloudwatch:ListTagsForResource", Access.MANAGEMENT_READ)
def list_alarm_tags(context: Context, arn: str) -> Mapping[str, str]:
    """The tags of an alarm or mute rule; raises NotFound and InvalidValue."""
    context.require("cloudwatch:ListTagsForResource", arn)
    kind, name = _read(arn)
    alarms = context.logq.monitoring.alarms
    return alarms.get(name).alarm.tags if kind == "alarm" else alarms.get_mute(name).own_tags


def _change(
    context: Context, arn: str, change: Callable[[Mapping[str, str]], Mapping[str, str]]
) -> None:
    kind, name = _read(arn)
    alarms = context.logq.monitoring.alarms
    if kind == "alarm":
        alarms.change(name, lambda alarm: replace(alarm, tags=change(alarm.tags)))
    else:
        rule = alarms.get_mute(name)
        alarms.put_mute(replace(rule, own_tags=change(rule.own_tags)))


def _read(arn: str) -> tuple[str, str]:
    match = _ARN.fullmatch(arn)
    if match is None:
        raise InvalidValue(
            f"{arn!r} is not the ARN of an alarm",
            hint="it looks like arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME",
        )
    return match[1], match[2]
