"""From a log event to a message in the chat, as the clients of AWS set it up, on a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.notify.service import serving as receiving
from tests.server.conftest import Running, serving

PATIENCE = 240
"""Seconds: an alarm is evaluated at the end of the minute in which the events lie."""
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKTEST", "AWS_SECRET_ACCESS_KEY": "secret"}


def boto(server: Running, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="AKTEST",
        aws_secret_access_key="secret",
        config=Config(read_timeout=120),
    )


def aws(server: Running, *command: str) -> Any:
    """What the AWS CLI prints."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("aws")), *command],
        env={
            **CREDENTIALS,
            "PATH": os.environ["PATH"],
            "HOME": str(server.data.parent),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": server.url,
            "AWS_PAGER": "",
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout) if done.stdout else None


def set_up_with_boto3(server: Running, receiver: str) -> None:
    logs, sns, cloudwatch = (boto(server, name) for name in ("logs", "sns", "cloudwatch"))
    logs.create_log_group(logGroupName="/boto")
    logs.create_log_stream(logGroupName="/boto", logStreamName="s")
    logs.put_metric_filter(
        logGroupName="/boto",
        filterName="errors",
        filterPattern='{ $.level = "ERROR" }',
        metricTransformations=[
            {"metricNamespace": "Shop", "metricName": "BotoErrors", "metricValue": "$.weight"}
        ],
    )
    topic = sns.create_topic(Name="boto")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="webhook", Endpoint=f"{receiver}/boto")
    cloudwatch.put_metric_alarm(
        AlarmName="boto-errors",
        Namespace="Shop",
        MetricName="BotoErrors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )


def set_up_with_the_aws_cli(server: Running, receiver: str) -> None:
    aws(server, "logs", "create-log-group", "--log-group-name", "/cli")
    aws(server, "logs", "create-log-stream", "--log-group-name", "/cli", "--log-stream-name", "s")
    aws(
        server, "logs", "put-metric-filter", "--log-group-name", "/cli", "--filter-name", "errors",
        "--filter-pattern", "ERROR", "--metric-transformations",
        "metricName=CliErrors,metricNamespace=Shop,metricValue=1",
    )  # fmt: skip
    topic = aws(server, "sns", "create-topic", "--name", "cli")["TopicArn"]
    aws(
        server, "sns", "subscribe", "--topic-arn", topic, "--protocol", "webhook",
        "--notification-endpoint", f"{receiver}/cli",
    )  # fmt: skip
    aws(
        server, "cloudwatch", "put-metric-alarm", "--alarm-name", "cli-errors",
        "--namespace", "Shop", "--metric-name", "CliErrors", "--statistic", "SampleCount",
        "--period", "60", "--evaluation-periods", "1", "--threshold", "1",
        "--comparison-operator", "GreaterThanOrEqualToThreshold", "--alarm-actions", topic,
    )  # fmt: skip


def send(server: Running) -> None:
    now = time.time_ns() // 1_000_000
    text = json.dumps({"level": "ERROR", "weight": 6, "what": "<b>disk</b> full"})
    boto(server, "logs").put_log_events(
        logGroupName="/boto", logStreamName="s", logEvents=[{"timestamp": now, "message": text}]
    )
    aws(
        server, "logs", "put-log-events", "--log-group-name", "/cli", "--log-stream-name", "s",
        "--log-events", f"timestamp={now},message=ERROR",
    )  # fmt: skip


@pytest.mark.slow
def test_an_event_becomes_an_alarm_and_a_message_for_boto3_and_the_aws_cli(tmp_path: Path) -> None:
    settings = {"notify_allow": "127.0.0.1", "evaluation_delay": 1}
    with receiving() as receiver, serving(tmp_path / "data", **settings) as server:
        set_up_with_boto3(server, receiver.url)
        set_up_with_the_aws_cli(server, receiver.url)
        send(server)

        until = time.monotonic() + PATIENCE
        while {got.path for got in receiver.got} != {"/boto", "/cli"}:
            assert time.monotonic() < until, [got.path for got in receiver.got]
            time.sleep(0.2)

        (told,) = [json.loads(got.body) for got in receiver.got if got.path == "/boto"]
        assert (told["status"], told["alarm"]["name"]) == ("ALARM", "boto-errors")
        assert [line["message"] for line in told["log_lines"]] == [
            json.dumps({"level": "ERROR", "weight": 6, "what": "<b>disk</b> full"})
        ]
        cloudwatch = boto(server, "cloudwatch")
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=["boto-errors"])["MetricAlarms"]
        assert alarm["StateValue"] == "ALARM"
        items = cloudwatch.describe_alarm_history(AlarmName="boto-errors")["AlarmHistoryItems"]
        assert {item["HistoryItemType"] for item in items} == {
            "Action",
            "StateUpdate",
            "ConfigurationUpdate",
        }
        found = aws(server, "cloudwatch", "describe-alarms", "--alarm-names", "cli-errors")
        assert found["MetricAlarms"][0]["StateValue"] == "ALARM"
        history = aws(
            server, "cloudwatch", "describe-alarm-history", "--alarm-name", "cli-errors",
            "--history-item-type", "StateUpdate",
        )  # fmt: skip
        assert "to ALARM" in history["AlarmHistoryItems"][0]["HistorySummary"]
