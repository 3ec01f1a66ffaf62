"""Programs that people already run, unchanged: the AWS CLI, awslogs, watchtower."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import watchtower

from logq.app import LogQ, epoch_ms
from logq.ingest.incoming import incoming
from tests.server.cloudwatch.serving import Served, serve

pytestmark = pytest.mark.slow
SCRIPTS = Path(sys.executable).parent


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Served]:
    """A server whose clock is that of the programs."""
    with LogQ(tmp_path / "data", environ={}) as logq, serve(logq) as running:
        yield running


def run(live: Served, tmp_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AKTEST",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": live.url,
        "AWS_PAGER": "",
    }
    return subprocess.run(
        [str(SCRIPTS / command[0]), *command[1:]],
        env=environ,
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_the_aws_cli_makes_and_lists_log_groups(live: Served, tmp_path: Path) -> None:
    made = run(
        live, tmp_path, "aws", "logs", "create-log-group", "--log-group-name", "app",
        "--tags", "team=a",
    )  # fmt: skip
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")

    listed = run(live, tmp_path, "aws", "--endpoint-url", live.url, "logs", "describe-log-groups")
    assert [g["logGroupName"] for g in json.loads(listed.stdout)["logGroups"]] == ["app"]

    again = run(live, tmp_path, "aws", "logs", "create-log-group", "--log-group-name", "app")
    assert again.returncode != 0
    assert (
        "An error occurred (ResourceAlreadyExistsException) when calling the CreateLogGroup "
        "operation: The specified log group already exists" in again.stderr
    )


def test_the_aws_cli_tries_a_filter_pattern_and_says_who_asks(live: Served, tmp_path: Path) -> None:
    tried = run(
        live, tmp_path, "aws", "logs", "test-metric-filter",
        "--filter-pattern", "{ $.n > 1 }", "--log-event-messages", '{"n": 2}',
    )  # fmt: skip
    assert json.loads(tried.stdout)["matches"][0]["extractedValues"] == {"$.n": "2"}

    who = run(live, tmp_path, "aws", "sts", "get-caller-identity")
    assert json.loads(who.stdout)["Arn"] == "arn:aws:iam::000000000000:user/tester"


def test_awslogs_lists_groups_and_streams_and_reads_events(live: Served, tmp_path: Path) -> None:
    live.logq.storage.groups.create("app")
    live.logq.accept("app", incoming(["one ERROR", "two"], [epoch_ms(), epoch_ms()], "web-1"))

    groups = run(live, tmp_path, "awslogs", "groups")
    streams = run(live, tmp_path, "awslogs", "streams", "app")
    events = run(live, tmp_path, "awslogs", "get", "app", "web.*", "--filter-pattern", "ERROR")

    assert (groups.stdout, groups.stderr) == ("app\n", "")
    assert (streams.stdout, streams.stderr) == ("web-1\n", "")
    assert events.stdout.rstrip().endswith("one ERROR"), events.stderr
    assert "two" not in events.stdout


def test_watchtower_makes_what_it_needs_and_sends(live: Served) -> None:
    client: Any = boto3.client(
        "logs",
        endpoint_url=live.url,
        region_name="us-east-1",
        aws_access_key_id="AKTEST",
        aws_secret_access_key="secret",
    )
    handler: Any = watchtower.CloudWatchLogHandler(
        log_group_name="app",
        log_stream_name="here",
        boto3_client=client,
        log_group_retention_days=7,
        send_interval=1,
    )
    logger = logging.getLogger("watchtower-test")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    for number in range(3):
        logger.info("event %d", number)
    handler.close()
    logger.removeHandler(handler)

    group = live.logq.storage.groups.get("app")
    assert (group.events, group.retention_days) == (3, 7)
    assert [s.name for s in live.logq.storage.groups.streams("app")] == ["here"]


def test_the_aws_cli_makes_a_topic_and_publishes(live: Served, tmp_path: Path) -> None:
    made = run(live, tmp_path, "aws", "sns", "create-topic", "--name", "ops")
    arn = json.loads(made.stdout)["TopicArn"]
    sent = run(live, tmp_path, "aws", "sns", "publish", "--topic-arn", arn, "--message", "hello")

    assert sent.returncode == 0, sent.stderr
    assert json.loads(sent.stdout)["MessageId"]
