"""Event rules by boto3: put, match, list, try, tag and delete; what is sent lies in the outbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from logq.app import LogQ
from tests.server.cloudwatch.conftest import client_of
from tests.server.cloudwatch.serving import Served

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:out"
METRIC = "arn:aws:cloudwatch:us-east-1:000000000000:metric/Shop/Orders"
PATTERN = '{"source": ["shop"], "detail": {"total": [{"numeric": [">", 4]}]}}'


@pytest.fixture
def events(served: Served) -> Any:
    return client_of(served, "events")


def refused(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def outbox(logq: LogQ) -> list[tuple[str, str, str]]:
    with logq.storage.database.read() as connection:
        return connection.execute('SELECT kind, "to", body FROM outbox ORDER BY seq').fetchall()


def test_a_rule_from_its_making_to_its_end(events: Any, logq: LogQ) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    made = events.put_rule(Name="r", EventPattern=PATTERN, Description="d", Tags=tags)
    assert made["RuleArn"] == "arn:aws:events:us-east-1:000000000000:rule/r"
    assert (
        events.put_targets(
            Rule="r",
            Targets=[
                {"Id": "group", "Arn": GROUP, "RetryPolicy": {"MaximumRetryAttempts": 3}},
                {
                    "Id": "web",
                    "Arn": "https://hooks.example.com/secret",
                    "InputTransformer": {
                        "InputPathsMap": {"t": "$.detail.total"},
                        "InputTemplate": '{"total": <t>}',
                    },
                },
            ],
        )["FailedEntryCount"]
        == 0
    )

    answer = events.put_events(
        Entries=[
            {"Source": "shop", "DetailType": "Order", "Detail": '{"total": 5}'},
            {"Source": "shop", "DetailType": "Order", "Detail": '{"total": 4}'},
            {"Source": "shop", "DetailType": "Order", "Detail": "[1"},
            {"Source": "aws.ec2", "DetailType": "x", "Detail": "{}"},
        ]
    )

    assert answer["FailedEntryCount"] == 2
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None,
        None,
        "MalformedDetail",
        "NotAuthorizedForSourceException",
    ]
    (_, to, body), (kind, sealed, filled) = outbox(logq)
    assert (to, json.loads(body)["id"]) == ("out", answer["Entries"][0]["EventId"])
    assert (kind, json.loads(filled)) == ("http", {"total": 5})
    assert "secret" not in sealed

    assert events.describe_rule(Name="r")["EventPattern"] == PATTERN
    assert [rule["Name"] for rule in events.list_rules(NamePrefix="r")["Rules"]] == ["r"]
    listed = events.list_targets_by_rule(Rule="r")["Targets"]
    assert listed[0]["RetryPolicy"]["MaximumRetryAttempts"] == 3
    assert listed[1]["Arn"] == "https://hooks.example.com/***"
    assert events.list_rule_names_by_target(TargetArn=GROUP)["RuleNames"] == ["r"]

    arn = made["RuleArn"]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "x", "Value": "y"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "x", "Value": "y"}]

    events.disable_rule(Name="r")
    assert events.describe_rule(Name="r")["State"] == "DISABLED"
    events.put_events(Entries=[{"Source": "shop", "DetailType": "O", "Detail": '{"total": 9}'}])
    assert len(outbox(logq)) == 2
    events.enable_rule(Name="r")
    assert events.describe_rule(Name="r")["State"] == "ENABLED"

    assert refused(events.delete_rule, Name="r")[0] == "ValidationException"
    gone = events.remove_targets(Rule="r", Ids=["group", "web", "other"])
    assert [entry["TargetId"] for entry in gone["FailedEntries"]] == ["other"]
    events.delete_rule(Name="r")
    events.delete_rule(Name="r")
    assert refused(events.describe_rule, Name="r")[0] == "ResourceNotFoundException"


def test_rules_are_listed_page_by_page(events: Any) -> None:
    for number in range(5):
        events.put_rule(Name=f"r{number}", ScheduleExpression="rate(1 hour)")

    first = events.list_rules(Limit=3)
    second = events.list_rules(Limit=3, NextToken=first["NextToken"])

    assert [rule["Name"] for rule in first["Rules"] + second["Rules"]] == [
        f"r{number}" for number in range(5)
    ]
    assert "NextToken" not in second


def test_a_metric_counts_what_matches(events: Any, logq: LogQ) -> None:
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "m", "Arn": METRIC}])

    entry = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
    events.put_events(Entries=[entry, entry])

    with logq.storage.database.read() as connection:
        found = connection.execute(
            "SELECT m.namespace, m.name, sum(d.total) FROM metrics m JOIN datapoints d"
            " ON d.metric_id = m.id WHERE m.namespace = 'Shop'"
        ).fetchone()
    assert found == ("Shop", "Orders", 2.0)


def test_a_pattern_is_tried(events: Any) -> None:
    event = json.dumps({"source": "shop", "detail": {"total": 5}})

    assert events.test_event_pattern(EventPattern=PATTERN, Event=event)["Result"] is True
    assert events.test_event_pattern(EventPattern='{"source":["x"]}', Event=event)["Result"] is (
        False
    )


def test_faults_have_the_names_of_the_service(events: Any) -> None:
    code, message = refused(events.put_rule, Name="r", EventPattern='{"a": "b"}')
    assert code == "InvalidEventPatternException"
    assert "A: a field has a list" in message
    assert refused(events.put_rule, Name="r")[0] == "ValidationException"
    assert refused(events.put_rule, Name="r", ScheduleExpression="soon")[0] == "ValidationException"
    assert refused(events.put_rule, Name="r", EventPattern=PATTERN, EventBusName="other")[0] == (
        "ResourceNotFoundException"
    )
    events.put_rule(Name="r", EventPattern=PATTERN)
    lambda_ = "arn:aws:lambda:us-east-1:000000000000:function:f"
    targets = [{"Id": "t", "Arn": lambda_}]
    assert refused(events.put_targets, Rule="r", Targets=targets)[0] == "ValidationException"
    reserved = "arn:aws:logs:us-east-1:000000000000:log-group:/logq/audit"
    targets = [{"Id": "t", "Arn": reserved}]
    assert refused(events.put_targets, Rule="r", Targets=targets)[0] == "ValidationException"
    many = [{"Id": f"t{n}", "Arn": GROUP} for n in range(6)]
    assert refused(events.put_targets, Rule="r", Targets=many)[0] == "LimitExceededException"
