"""Actions on mute rules: when alarms tell nobody of their changes."""

from __future__ import annotations

from logq.actions.action import action
from logq.actions.context import Context
from logq.alarms.mute import LONGEST, MuteRule, snooze, snooze_name
from logq.audit.call import Access
from logq.errors import InvalidValue, NotFound

_PUT = "cloudwatch:PutAlarmMuteRule"


@action(_PUT, Access.MANAGEMENT_WRITE)
def put_mute_rule(context: Context, rule: MuteRule) -> MuteRule:
    """Make or replace a mute rule; raises InvalidValue.

    Asks for the permission on the rule and on every alarm that it names; on all of them where it
    goes by prefix or tags.
    """
    place = context.place
    targets = [place.alarm(name) for name in rule.names]
    if rule.prefix is not None:
        targets.append(place.alarm(f"{rule.prefix}*"))
    if rule.tags:
        targets.append(place.alarm("*"))
    context.require(_PUT, place.mute_rule(rule.name), *targets)
    made = context.logq.monitoring.alarms.put_mute(rule)
    context.logq.monitoring.nudge()
    return made


@action("cloudwatch:GetAlarmMuteRule", Access.MANAGEMENT_READ)
def get_mute_rule(context: Context, name: str) -> MuteRule:
    """A mute rule; raises NotFound."""
    context.require("cloudwatch:GetAlarmMuteRule", context.place.mute_rule(name))
    return context.logq.monitoring.alarms.get_mute(name)


@action("cloudwatch:ListAlarmMuteRules", Access.MANAGEMENT_READ)
def list_mute_rules(context: Context, name: str | None = None) -> tuple[MuteRule, ...]:
    """The mute rules that the caller may see: of the alarm of this name, or all."""
    alarms = context.logq.monitoring.alarms
    found = alarms.list_mutes()
    if name is not None:
        described = alarms.find(name)
        tags = described.alarm.tags if described else {}
        found = [each for each in found if each.targets(name, tags)]
    place = context.place
    return tuple(
        each
        for each in found
        if context.may("cloudwatch:ListAlarmMuteRules", place.mute_rule(each.name))
    )


@action("cloudwatch:DeleteAlarmMuteRule", Access.MANAGEMENT_WRITE)
def delete_mute_rule(context: Context, name: str) -> bool:
    """Delete a mute rule; whether it was there. What it kept back and still holds is told then."""
    context.require("cloudwatch:DeleteAlarmMuteRule", context.place.mute_rule(name))
    there = context.logq.monitoring.alarms.delete_mute(name)
    context.logq.monitoring.nudge()
    return there


def mute_alarm(context: Context, alarm: str, milliseconds: int) -> MuteRule:
    """Mute one alarm from now on, as ``put_mute_rule``; raises NotFound and InvalidValue."""
    if not 1_000 <= milliseconds <= LONGEST * 1_000:
        raise InvalidValue("an alarm is muted for a second to 15 days", hint="for example 1h")
    if context.logq.monitoring.alarms.find(alarm) is None:
        context.require(_PUT, context.place.alarm(alarm))
        raise NotFound(f"there is no alarm {alarm!r}", hint="'logq alarms list' lists them")
    return put_mute_rule(context, snooze(alarm, context.logq.clock(), milliseconds))


def unmute_alarm(context: Context, alarm: str) -> bool:
    """Take back what ``mute_alarm`` did; whether there was something to take back."""
    return delete_mute_rule(context, snooze_name(alarm))
