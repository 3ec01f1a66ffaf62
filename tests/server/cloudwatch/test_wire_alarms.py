"""Alarms as AWS's own client sees them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from logq.app import LogQ
from logq.metric import Datum, Metric
from logq.monitoring import Monitoring
from tests.server.cloudwatch.conftest import Client
from tests.server.cloudwatch.serving import NOW

TOPIC = "arn:aws:sns:us-east-1:000000000000:people"
PLAIN = {
    "Namespace": "App",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def alarms(client: Client) -> Any:
    """A boto3 client of cloudwatch."""
    return client("cloudwatch")


def tick(logq: LogQ, minutes: int = 0) -> None:
    """The loop of the server, by hand."""
    monitoring: Monitoring = logq.monitoring
    monitoring.alarms.tick(NOW + 5_000 + minutes * 60_000)


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_an_alarm_is_shown_as_it_was_put_and_goes_off(alarms: Any, logq: LogQ) -> None:
    alarms.put_metric_alarm(
        AlarmName="errors",
        AlarmDescription="too many",
        Dimensions=[{"Name": "host", "Value": "a"}],
        AlarmActions=[TOPIC],
        Tags=[{"Key": "team", "Value": "web"}],
        **PLAIN,
    )
    (made,) = alarms.describe_alarms()["MetricAlarms"]
    assert made["StateValue"] == "INSUFFICIENT_DATA"
    assert made["StateReason"] == "Unchecked: Initial alarm creation"
    assert made["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors"
    assert made["ActionsEnabled"] is True
    assert made["OKActions"] == []
    assert {name: made[name] for name in PLAIN} == PLAIN
    assert made["Dimensions"] == [{"Name": "host", "Value": "a"}]

    metric = Metric("App", "Errors", (("host", "a"),))
    logq.monitoring.metrics.put([Datum(metric, NOW // 1000 - 30, (7.0,))])
    tick(logq)

    (shown,) = alarms.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert shown["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [7.0")
    items = alarms.describe_alarm_history(AlarmName="errors")["AlarmHistoryItems"]
    assert [item["HistoryItemType"] for item in items] == [
        "Action",
        "StateUpdate",
        "ConfigurationUpdate",
    ]
    found = alarms.describe_alarms_for_metric(
        Namespace="App", MetricName="Errors", Dimensions=[{"Name": "host", "Value": "a"}]
    )
    assert [each["AlarmName"] for each in found["MetricAlarms"]] == ["errors"]


def test_pages_of_alarms_and_history_go_on_by_tokens(alarms: Any) -> None:
    for number in range(5):
        alarms.put_metric_alarm(AlarmName=f"a{number}", **PLAIN)

    pages = alarms.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})
    names = [each["AlarmName"] for page in pages for each in page["MetricAlarms"]]
    assert names == [f"a{number}" for number in range(5)]
    pages = alarms.get_paginator("describe_alarm_history").paginate(
        PaginationConfig={"PageSize": 2}
    )
    assert len([item for page in pages for item in page["AlarmHistoryItems"]]) == 5
    with pytest.raises(ClientError) as error:
        alarms.describe_alarms(NextToken="x")
    assert code(error) == "InvalidNextToken"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ExtendedStatistic": "p90"}, "either Statistic or ExtendedStatistic"),
        ({"Period": 45}, "multiple of 60"),
        ({"EvaluationPeriods": 2000}, "longer than 86400"),
        ({"DatapointsToAlarm": 2}, "2 datapoints of 1 periods"),
        ({"TreatMissingData": "x"}, "not supported for TreatMissingData"),
        ({"AlarmActions": ["https://example.org"]}, "not the ARN of a topic"),
    ],
    ids=["statistics", "period", "range", "datapoints", "missing", "actions"],
)
def test_what_is_wrong_with_an_alarm_is_a_validation_error(
    alarms: Any, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError) as error:
        alarms.put_metric_alarm(AlarmName="a", **{**PLAIN, **change})

    assert code(error) in ("ValidationError", "ValidationException")
    assert words in str(error.value)


def test_states_are_set_and_actions_switched(alarms: Any) -> None:
    alarms.put_metric_alarm(AlarmName="a", **PLAIN)
    alarms.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="a test")
    alarms.disable_alarm_actions(AlarmNames=["a", "nothing"])

    (shown,) = alarms.describe_alarms(AlarmNames=["a"])["MetricAlarms"]
    assert (shown["StateValue"], shown["ActionsEnabled"]) == ("ALARM", False)
    alarms.enable_alarm_actions(AlarmNames=["a"])
    with pytest.raises(ClientError) as error:
        alarms.set_alarm_state(AlarmName="b", StateValue="OK", StateReason="")
    assert code(error) == "ResourceNotFound"
    with pytest.raises(ClientError) as error:
        alarms.set_alarm_state(
            AlarmName="a", StateValue="OK", StateReason="", StateReasonData="no json"
        )
    assert code(error) == "InvalidFormat"


def test_a_composite_alarm_follows_its_children_and_protects_them(alarms: Any) -> None:
    alarms.put_metric_alarm(AlarmName="a", **PLAIN)
    alarms.put_metric_alarm(AlarmName="b c", **PLAIN)
    alarms.put_composite_alarm(AlarmName="both", AlarmRule='ALARM(a) AND ALARM("b c")')
    alarms.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="")
    alarms.set_alarm_state(AlarmName="b c", StateValue="ALARM", StateReason="")

    found = alarms.describe_alarms(AlarmTypes=["CompositeAlarm"])
    (both,) = found["CompositeAlarms"]
    assert both["StateValue"] == "ALARM"
    assert "alarm:b c transitioned to ALARM at " in both["StateReason"]
    children = alarms.describe_alarms(ChildrenOfAlarmName="both")["MetricAlarms"]
    assert [each["AlarmName"] for each in children] == ["a", "b c"]
    with pytest.raises(ClientError) as error:
        alarms.delete_alarms(AlarmNames=["a"])
    assert code(error) == "ResourceConflict"
    with pytest.raises(ClientError) as error:
        alarms.put_composite_alarm(AlarmName="circle", AlarmRule="ALARM(circle)")
    assert "depend on itself" in str(error.value)
    alarms.delete_alarms(AlarmNames=["both"])
    alarms.delete_alarms(AlarmNames=["a", "b c", "nothing"])
    assert alarms.describe_alarms()["MetricAlarms"] == []


def test_a_log_alarm_is_shown_as_it_was_put(alarms: Any, logq: LogQ) -> None:
    logq.storage.groups.create("/app")
    wanted = {
        "QueryString": 'filter level = "ERROR"',
        "LogGroupIdentifiers": ["/app"],
        "ScheduledQueryRoleARN": "arn:aws:iam::000000000000:role/any",
        "ScheduleConfiguration": {
            "ScheduleExpression": "rate(5 minutes)",
            "StartTimeOffset": 300,
        },
        "AggregationExpression": "count(*) by host",
    }
    alarms.put_log_alarm(
        AlarmName="logs",
        ScheduledQueryConfiguration=wanted,
        QueryResultsToEvaluate=3,
        QueryResultsToAlarm=2,
        Threshold=10.0,
        ComparisonOperator="GreaterThanThreshold",
        ActionLogLineCount=3,
        ActionLogLineRoleArn="arn:aws:iam::000000000000:role/any",
    )

    (shown,) = alarms.describe_alarms(AlarmTypes=["LogAlarm"])["LogAlarms"]
    assert shown["QueryResultsToAlarm"] == 2
    configuration = shown["ScheduledQueryConfiguration"]
    assert configuration["AggregationExpression"] == "count(*) by host"
    assert configuration["ScheduleConfiguration"]["ScheduleExpression"] == "rate(5 minutes)"
    assert alarms.describe_alarm_contributors(AlarmName="logs")["AlarmContributors"] == []


def test_mute_rules_and_tags(alarms: Any) -> None:
    alarms.put_metric_alarm(AlarmName="a", **PLAIN)
    alarms.put_alarm_mute_rule(
        Name="nights",
        Rule={"Schedule": {"Expression": "cron(0 22 * * *)", "Duration": "PT8H"}},
        MuteTargets={"AlarmNames": ["a"]},
    )
    rule = alarms.get_alarm_mute_rule(AlarmMuteRuleName="nights")
    assert (rule["Status"], rule["MuteType"]) == ("SCHEDULED", "RECURRING")
    (listed,) = alarms.list_alarm_mute_rules(AlarmName="a")["AlarmMuteRuleSummaries"]
    assert listed["AlarmMuteRuleArn"].endswith(":alarm-mute-rule:nights")
    alarms.delete_alarm_mute_rule(AlarmMuteRuleName="nights")
    with pytest.raises(ClientError) as error:
        alarms.get_alarm_mute_rule(AlarmMuteRuleName="nights")
    assert code(error) == "ResourceNotFoundException"

    arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a"
    alarms.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "web"}])
    assert alarms.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
        {"Key": "team", "Value": "web"}
    ]
    alarms.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert alarms.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
