"""Actions on the states of alarms and on whether they tell anybody."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from logq.actions.action import action
from logq.actions.context import Context
from logq.alarms.reasons import MOST_DATA, MOST_TEXT
from logq.alarms.state import State
from logq.audit.call import Access
from logq.errors import InvalidValue, NotFound


@action("cloudwatch:SetAlarmState", Access.MANAGEMENT_WRITE)
def set_alarm_state(
    context: Context, name: str, state: str, reason: str, *, data: str | None = None
) -> None:
    """Put an alarm into a state until its next evaluation; its actions run.

    ``data`` is a JSON object. Raises NotFound and InvalidValue.
    """
    context.require("cloudwatch:SetAlarmState", context.place.alarm(name))
    try:
        wanted = State(state)
    except ValueError:
        raise InvalidValue(
            f"an alarm cannot be {state!r}", hint=f"it is one of {', '.join(State)}"
        ) from None
    if len(reason) > MOST_TEXT:
        raise InvalidValue(f"a reason has at most {MOST_TEXT} characters")
    if data is not None:
        _check(data)
    context.logq.monitoring.alarms.set_state(name, wanted, reason, data)
    context.logq.monitoring.nudge()


@action("cloudwatch:EnableAlarmActions", Access.MANAGEMENT_WRITE)
def enable_alarm_actions(context: Context, names: Sequence[str]) -> None:
    """Let alarms tell their topics of every change from now on; unknown names are passed over."""
    _switch(context, "cloudwatch:EnableAlarmActions", names, True)


@action("cloudwatch:DisableAlarmActions", Access.MANAGEMENT_WRITE)
def disable_alarm_actions(context: Context, names: Sequence[str]) -> None:
    """Keep alarms from telling anybody; they go on changing. Unknown names are passed over."""
    _switch(context, "cloudwatch:DisableAlarmActions", names, False)


def _switch(context: Context, permission: str, names: Sequence[str], enabled: bool) -> None:
    context.require(permission, *(context.place.alarm(name) for name in names))
    switch: Callable[[str, bool], None] = context.logq.monitoring.alarms.enable
    for name in names:
        try:
            switch(name, enabled)
        except NotFound:
            continue


def _check(data: str) -> None:
    if len(data) > MOST_DATA:
        raise InvalidValue(f"the data of a reason has at most {MOST_DATA} characters")
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise InvalidValue("the data of a reason must be a JSON object")
