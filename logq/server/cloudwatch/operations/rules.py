"""Rules and their targets, as Amazon EventBridge has them; there is one bus, ``default``."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from logq.actions import put_events, rules
from logq.actions.context import Context
from logq.actions.put_events import Entry
from logq.errors import NotFound
from logq.events.rule import ATTEMPTS, SECONDS, Retry, Rule, Target, Template
from logq.server.cloudwatch import tokens
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import Params, Result, operation

_PAGE = 100
_BUS = "default"
_UNSUPPORTED = frozenset(
    {
        *("KinesisParameters", "RunCommandParameters", "EcsParameters", "BatchParameters"),
        *("SqsParameters", "RedshiftDataParameters", "SageMakerPipelineParameters"),
    }
)


@operation("events", "PutRule", noun="rule")
def put_rule(context: Context, params: Params) -> Result:
    _bus(params)
    state = params.get("State", "ENABLED")
    made = rules.put_rule(
        context,
        params["Name"],
        pattern=params.get("EventPattern"),
        schedule=params.get("ScheduleExpression"),
        enabled=state != "DISABLED",
        description=params.get("Description", ""),
        tags={tag["Key"]: tag["Value"] for tag in params.get("Tags", ())},
    )
    return {"RuleArn": context.place.rule(made.name)}


@operation("events", "DescribeRule", noun="rule")
def describe_rule(context: Context, params: Params) -> Result:
    _bus(params)
    return _described(context, rules.describe_rule(context, params["Name"])) | {
        "CreatedBy": context.place.account
    }


@operation("events", "ListRules", noun="rule")
def list_rules(context: Context, params: Params) -> Result:
    _bus(params)
    found = rules.list_rules(context, params.get("NamePrefix", ""))
    page, token = _paged("ListRules", params, found, lambda rule: [rule.name])
    return {"Rules": [_described(context, rule) for rule in page], "NextToken": token}


@operation("events", "DeleteRule", noun="rule")
def delete_rule(context: Context, params: Params) -> Result:
    _bus(params)
    with suppress(NotFound):  # as there: who wants it gone has what he wants
        rules.delete_rule(context, params["Name"])
    return None


@operation("events", "EnableRule", noun="rule")
def enable_rule(context: Context, params: Params) -> Result:
    _bus(params)
    rules.enable_rule(context, params["Name"])
    return None


@operation("events", "DisableRule", noun="rule")
def disable_rule(context: Context, params: Params) -> Result:
    _bus(params)
    rules.disable_rule(context, params["Name"])
    return None


@operation("events", "PutTargets", noun="rule")
def put_targets(context: Context, params: Params) -> Result:
    _bus(params)
    rules.put_targets(context, params["Rule"], [_target(one) for one in params["Targets"]])
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operation("events", "RemoveTargets", noun="rule")
def remove_targets(context: Context, params: Params) -> Result:
    _bus(params)
    missing = rules.remove_targets(context, params["Rule"], params["Ids"])
    failed = [
        {
            "TargetId": id,
            "ErrorCode": "ResourceNotFoundException",
            "ErrorMessage": f"Rule {params['Rule']} does not have a target with the Id {id}.",
        }
        for id in missing
    ]
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


@operation("events", "ListTargetsByRule", noun="rule")
def list_targets_by_rule(context: Context, params: Params) -> Result:
    _bus(params)
    found = rules.list_targets(context, params["Rule"])
    page, token = _paged("ListTargetsByRule", params, found, lambda target: [target.id])
    return {"Targets": [_shown(target) for target in page], "NextToken": token}


@operation("events", "ListRuleNamesByTarget", noun="rule")
def list_rule_names_by_target(context: Context, params: Params) -> Result:
    _bus(params)
    found = rules.rule_names_by_target(context, params["TargetArn"])
    page, token = _paged("ListRuleNamesByTarget", params, found, lambda name: [name])
    return {"RuleNames": list(page), "NextToken": token}


@operation("events", "TestEventPattern")
def test_event_pattern(context: Context, params: Params) -> Result:
    found = put_events.test_event_pattern(context, params["EventPattern"], params["Event"])
    return {"Result": found}


@operation("events", "PutEvents")
def put_all_events(context: Context, params: Params) -> Result:
    for entry in params["Entries"]:
        _bus(entry)
    results = put_events.put_events(context, [_entry(one) for one in params["Entries"]])
    return {
        "FailedEntryCount": sum(one.id is None for one in results),
        "Entries": [
            {"EventId": one.id, "ErrorCode": one.error, "ErrorMessage": one.message}
            for one in results
        ],
    }


@operation("events", "ListTagsForResource", noun="rule")
def list_tags(context: Context, params: Params) -> Result:
    found = rules.list_rule_tags(context, _name(params["ResourceARN"]))
    return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}


@operation("events", "TagResource", noun="rule")
def tag_resource(context: Context, params: Params) -> Result:
    tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
    rules.tag_rule(context, _name(params["ResourceARN"]), tags)
    return {}


@operation("events", "UntagResource", noun="rule")
def untag_resource(context: Context, params: Params) -> Result:
    rules.untag_rule(context, _name(params["ResourceARN"]), params["TagKeys"])
    return {}


def _bus(params: Params) -> None:
    name = params.get("EventBusName", _BUS)
    if name != _BUS and not name.endswith(f":event-bus/{_BUS}"):
        raise WireError("ResourceNotFoundException", f"Event bus {name} does not exist.")


def _name(arn: str) -> str:
    match = re.fullmatch(r"arn:[^:]*:events:[^:]*:[^:]*:rule/(?:default/)?([^/]+)", arn)
    if match is None:
        raise WireError("ResourceNotFoundException", f"{arn} does not exist.")
    return match[1]


def _paged(operation: str, params: Params, found: Any, key: Any) -> tuple[Any, str | None]:
    within = {name: value for name, value in params.items() if name != "Limit"}
    size = params.get("Limit", _PAGE)
    return tokens.page(operation, within, found, key, size, token="NextToken")


def _described(context: Context, rule: Rule) -> dict[str, Any]:
    return {
        "Name": rule.name,
        "Arn": context.place.rule(rule.name),
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "State": "ENABLED" if rule.enabled else "DISABLED",
        "Description": rule.description or None,
        "EventBusName": _BUS,
    }


def _target(given: Params) -> Target:
    wrong = sorted(_UNSUPPORTED & given.keys())
    if wrong:
        raise WireError("ValidationException", f"{wrong[0]} is not supported for this target.")
    transformer = given.get("InputTransformer")
    retry = given.get("RetryPolicy", {})
    return Target(
        given["Id"],
        given["Arn"],
        input=given.get("Input"),
        input_path=given.get("InputPath"),
        template=Template(transformer["InputTemplate"], transformer.get("InputPathsMap", {}))
        if transformer
        else None,
        retry=Retry(
            retry.get("MaximumRetryAttempts", ATTEMPTS),
            retry.get("MaximumEventAgeInSeconds", SECONDS),
        ),
        dead_letter=given.get("DeadLetterConfig", {}).get("Arn"),
    )


def _shown(target: Target) -> dict[str, Any]:
    template = target.template
    retry = {
        "MaximumRetryAttempts": target.retry.attempts,
        "MaximumEventAgeInSeconds": target.retry.seconds,
    }
    return {
        "Id": target.id,
        "Arn": target.shown or target.arn,
        "Input": target.input,
        "InputPath": target.input_path,
        "InputTransformer": {
            "InputPathsMap": dict(template.paths),
            "InputTemplate": template.template,
        }
        if template
        else None,
        "RetryPolicy": retry if target.retry != Retry() else None,
        "DeadLetterConfig": {"Arn": target.dead_letter} if target.dead_letter else None,
    }


def _entry(given: Params) -> Entry:
    time = given.get("Time")
    if isinstance(time, datetime):
        aware = time if time.tzinfo else time.replace(tzinfo=UTC)
        time = int(aware.timestamp() * 1000)
    return Entry(
        given.get("Source", ""),
        given.get("DetailType", ""),
        given.get("Detail", ""),
        time,
        tuple(given.get("Resources", ())),
    )
