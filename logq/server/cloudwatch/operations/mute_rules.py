"""Mute rules of alarms."""

from __future__ import annotations

from logq.actions import mute_rules
from logq.actions.context import Context
from logq.errors import InvalidValue, NotFound
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.alarm_shapes import mute_rule_of, shown_rule
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.faults import said
from logq.server.cloudwatch.operation import Params, Result, operation

_SUMMARY = ("AlarmMuteRuleArn", "ExpireDate", "Status", "MuteType", "LastUpdatedTimestamp")


@operation("cloudwatch", "PutAlarmMuteRule")
def put_alarm_mute_rule(context: Context, params: Params) -> Result:
    try:
        mute_rules.put_mute_rule(context, mute_rule_of(params))
    except InvalidValue as error:
        raise WireError("ValidationException", said(error)) from None
    return None


@operation("cloudwatch", "GetAlarmMuteRule")
def get_alarm_mute_rule(context: Context, params: Params) -> Result:
    try:
        rule = mute_rules.get_mute_rule(context, params["AlarmMuteRuleName"])
    except NotFound as error:
        raise WireError("ResourceNotFoundException", said(error)) from None
    return shown_rule(rule, context.place, context.logq.clock())


@operation("cloudwatch", "ListAlarmMuteRules")
def list_alarm_mute_rules(context: Context, params: Params) -> Result:
    now = context.logq.clock()
    statuses = params.get("Statuses")
    found = [
        each
        for each in mute_rules.list_mute_rules(context, params.get("AlarmName"))
        if not statuses or each.status(now) in statuses
    ]
    try:
        page, token = tokens.page(
            "ListAlarmMuteRules",
            params,
            found,
            lambda each: [each.name],
            params.get("MaxRecords", 50),
            token="NextToken",
        )
    except InvalidValue:
        raise WireError("InvalidNextToken", "The specified NextToken is invalid.") from None
    summaries = []
    for each in page:
        whole = shown_rule(each, context.place, now)
        summaries.append({name: whole[name] for name in _SUMMARY})
    return {"AlarmMuteRuleSummaries": summaries, "NextToken": token}


@operation("cloudwatch", "DeleteAlarmMuteRule")
def delete_alarm_mute_rule(context: Context, params: Params) -> Result:
    mute_rules.delete_mute_rule(context, params["AlarmMuteRuleName"])
    return None
