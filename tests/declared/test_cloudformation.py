"""Templates of CloudFormation: their functions, their resources as ours, what is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from logq.actions.context import Context
from logq.actions.rules import describe_rule
from logq.declared import declare
from logq.declared.declare import Ask, Plan
from logq.declared.document import read
from logq.declared.intrinsics import Scope
from logq.declared.plan import Step
from logq.errors import InvalidDocument
from tests.actions.conftest import clock, context, logq

__all__ = ["clock", "context", "logq"]

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Environment: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Days: {Type: Number, Default: "30"}
Conditions:
  IsProd: !Equals [!Ref Environment, prod]
Mappings:
  Names: {dev: {queue: d}, prod: {queue: p}}
Resources:
  Group:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    Properties:
      LogGroupName: !Sub /app/${Environment}
      RetentionInDays: !Ref Days
      Tags: [{Key: team, Value: !FindInMap [Names, !Ref Environment, queue]}]
  Stream:
    Type: AWS::Logs::LogStream
    DependsOn: Group
    Properties: {LogGroupName: !Ref Group, LogStreamName: main}
  Errors:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref Group
      FilterPattern: '{ $.level = "error" }'
      MetricTransformations:
        - {MetricName: Errors, MetricNamespace: Api, MetricValue: "1", DefaultValue: 0}
  Forward:
    Type: AWS::Logs::SubscriptionFilter
    Condition: IsProd
    Properties:
      LogGroupName: !Ref Group
      FilterPattern: ERROR
      DestinationArn: !Join [":", [!GetAtt Queue.Arn, x]]
  Slow:
    Type: AWS::Logs::QueryDefinition
    Properties: {Name: app/slow, QueryString: filter ms > 100, LogGroupNames: [!Ref Group]}
  OnError:
    Type: AWS::Events::Rule
    Properties:
      Description: !If [IsProd, prod, !Ref AWS::NoValue]
      EventPattern:
        source: [logq.logs]
        resources: [!Select [0, !Split [":*", !GetAtt Group.Arn]]]
      State: ENABLED
      Targets:
        - Id: log
          Arn: !Sub
            - arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Name}
            - {Name: !Ref Group}
          InputTransformer:
            InputPathsMap: {x: $.source}
            InputTemplate: '"from <x>"'
  Ops:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: ops
      Subscription: [{Protocol: https, Endpoint: "https://example.com/a"}]
  More:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Ops, Protocol: slack, Endpoint: "https://hooks.slack.com/x"}
  High:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: d
      Namespace: Api
      MetricName: Errors
      Dimensions: [{Name: route, Value: /a}]
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 2
      Threshold: "5"
      ComparisonOperator: GreaterThanOrEqualToThreshold
      AlarmActions: [!Ref Ops]
  Ratio:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: ratio
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: LessThanThreshold
      Metrics:
        - Id: a
          ReturnData: false
          MetricStat:
            {Metric: {Namespace: Api, MetricName: Errors}, Period: 300, Stat: p99}
        - {Id: b, Expression: a / 2}
  Either:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties: {AlarmName: either, AlarmRule: !Sub "ALARM(${High}) OR ALARM(${Ratio})"}
  Queue:
    Type: AWS::SQS::Queue
Outputs:
  Arn: {Value: !GetAtt Group.Arn}
"""


def ask(text: str, name: str = "stack.yaml", **parameters: str) -> Ask:
    return Ask([(name, text)], parameters, stack="shop")


def made(plan: Plan) -> list[tuple[str, str]]:
    def name(step: Step) -> str:
        text = " ".join(step.key)
        return text[:-9] if step.kind.section == "subscriptions" else text

    return [(step.kind.name, name(step)) for step in plan.steps if step.changes]


def test_a_template_is_applied_and_applying_again_changes_nothing(context: Context) -> None:
    planned = declare.apply(context, ask(TEMPLATE))

    assert made(planned) == [
        ("log group", "/app/dev"),
        ("log stream", "/app/dev main"),
        ("metric filter", "/app/dev shop-Errors"),
        ("saved query", "app/slow"),
        ("topic", "ops"),
        ("subscription", "ops sns-http https://example.com/***"),
        ("subscription", "ops slack https://hooks.slack.com/***"),
        ("alarm", "shop-High"),
        ("alarm", "ratio"),
        ("composite alarm", "either"),
        ("rule", "shop-OnError"),
    ]
    assert planned.warnings == ["stack.yaml:92: Resources.Queue: AWS::SQS::Queue is left out"]
    group = context.logq.storage.groups.get("/app/dev")
    assert (group.retention_days, group.tags) == (30, {"team": "d"})
    rule = describe_rule(context, "shop-OnError")
    assert json.loads(rule.pattern or "")["resources"] == [context.place.log_group("/app/dev")]
    assert rule.targets[0].arn == context.place.log_group("/app/dev")
    assert made(declare.plan(context, ask(TEMPLATE))) == []


def test_parameters_choose_conditions_and_names(context: Context) -> None:
    planned = declare.plan(context, ask(TEMPLATE, Environment="prod", Days="7"))

    assert ("subscription filter", "/app/prod shop-Forward") in made(planned)
    (forward,) = (step for step in planned.steps if step.kind.section == "subscription_filters")
    assert forward.after is not None
    assert forward.after["destination"] == "arn:aws:none:::Queue:x"


def test_json_is_a_template_too(context: Context) -> None:
    template = {
        "Resources": {
            "G": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "g"}},
            "M": {
                "Type": "AWS::Logs::LogStream",
                "Properties": {"LogGroupName": {"Ref": "G"}, "LogStreamName": "s"},
            },
        }
    }

    planned = declare.plan(context, ask(json.dumps(template, indent=1), "t.json"))

    assert made(planned) == [("log group", "g"), ("log stream", "g s")]


GROUP = "Resources:\n  G:\n    Type: AWS::Logs::LogGroup\n    Properties:\n      "
FAULTS = [
    (
        "parameter",
        TEMPLATE,
        {"Environment": "test"},
        "stack.yaml:4: Parameters.Environment: 'test'",
    ),
    ("unknown-parameter", TEMPLATE, {"Size": "1"}, "there is no parameter 'Size'"),
    ("ref", GROUP + "LogGroupName: !Ref Nobody", {}, "stack.yaml:5:"),
    ("attribute", GROUP + "KmsKeyId: !GetAtt G.Nothing", {}, "has no attribute 'Nothing'"),
    ("itself", GROUP + "LogGroupName: !Sub '${G}-x'", {}, "G refers to itself"),
    ("function", GROUP + "LogGroupName: !ImportValue x", {}, "the function Fn::ImportValue"),
    ("value", GROUP + "RetentionInDays: 2", {}, "retention cannot be 2 days"),
    ("type", GROUP + "RetentionInDays: soon", {}, "is missing or of another type"),
    ("missing", "Resources: {S: {Type: AWS::Logs::LogStream}}", {}, "LogGroupName is missing"),
    ("depends", "Resources: {S: {Type: AWS::X::Y, DependsOn: Z}}", {}, "no resource 'Z'"),
    ("transform", "Transform: x\nResources: {}", {}, "transforms are not supported"),
    ("resources", "AWSTemplateFormatVersion: x", {}, "must be an object of resources"),
    ("section", "Resources: {}\nOther: 1", {}, "stack.yaml:2: Other: a template has no section"),
]


@pytest.mark.parametrize(
    ("text", "parameters", "says"), [pytest.param(*f[1:], id=f[0]) for f in FAULTS]
)
def test_faults_say_where(
    context: Context, text: str, parameters: dict[str, str], says: str
) -> None:
    with pytest.raises(Exception) as caught:
        declare.plan(context, ask(text, **parameters))

    assert says in str(caught.value)


def test_unknown_properties_are_told_and_left_out(context: Context) -> None:
    planned = declare.plan(context, ask(GROUP + "LogGroupName: g\n      DataProtectionPolicy: {}"))

    assert planned.warnings == ["stack.yaml:2: Resources.G: DataProtectionPolicy is left out"]


FUNCTIONS: list[tuple[str, Any]] = [
    ("!Join ['-', [a, b, !Ref AWS::Region]]", "a-b-us-east-1"),
    ("!Select ['1', [a, b]]", "b"),
    ("!Split [',', 'a,b']", ["a", "b"]),
    ("!Sub '${!x} ${AWS::StackName}'", "${x} shop"),
    ("!And [!Equals [a, a], !Not [!Equals [a, b]]]", True),
    ("!Or [!Equals [a, b], !Equals [1, '1']]", True),
    ("!If [No, a, b]", "b"),
    ("[!Ref AWS::NoValue, a]", ["a"]),
    ("!Ref List", ["x", "y"]),
    ("{Fn::GetAtt: [G, Arn]}", "arn:aws:logs:us-east-1:000000000000:log-group:g:*"),
]


@pytest.mark.parametrize(("text", "expected"), FUNCTIONS, ids=[text for text, _ in FUNCTIONS])
def test_functions(context: Context, text: str, expected: Any) -> None:
    document = read(
        "t.yaml",
        "Parameters: {List: {Type: CommaDelimitedList, Default: 'x, y'}}\n"
        "Conditions: {No: !Equals [a, b]}\n"
        "Resources: {G: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: g}}}\n"
        f"Value: {text}\n",
    )

    assert Scope(document, context.place, "shop", {}).value(document.value["Value"], ()) == expected


def test_what_is_referred_to_over_and_over_is_refused() -> None:
    text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for one, other in zip("abcdefg", "bcdefgh", strict=True):
        text += f"{other}: &{other} [{', '.join([f'*{one}'] * 10)}]\n"

    with pytest.raises(InvalidDocument, match="too large"):
        read("bomb.yaml", text)
