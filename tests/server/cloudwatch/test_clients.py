"""Programs that people have already, with nothing but an endpoint URL."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from logq.app import LogQ
from logq.work.pool import Workers
from tests.server.cloudwatch.serving import Served, serve

SECONDS = 180


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with a real clock, as these programs have one."""
    data = tmp_path_factory.mktemp("clients") / "data"
    with (
        LogQ(data, environ={}) as logq,
        Workers(data, logq.settings, logq.clock, 2) as pool,
        serve(logq, pool) as running,
    ):
        assert pool.wait_until_ready(120)
        yield running


@pytest.fixture
def environment(served: Served, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": served.url,
        "AWS_ACCESS_KEY_ID": "AKTEST",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_PAGER": "",
        "PYTHONUNBUFFERED": "1",
    }


def program(name: str) -> str:
    found = Path(sys.executable).parent / name
    if not found.exists():
        pytest.skip(f"{name} is not installed")
    return str(found)


def run(environment: dict[str, str], *words: str) -> str:
    """What a program prints; it must succeed."""
    done = subprocess.run(
        [program(words[0]), *words[1:]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def aws(environment: dict[str, str], *words: str) -> Any:
    """What ``aws logs ...`` answers."""
    text = run(environment, "aws", "--output", "json", "logs", *words)
    return json.loads(text) if text.strip() else None


def logs_of(served: Served) -> Any:
    return boto3.client(
        "logs",
        endpoint_url=served.url,
        region_name="us-east-1",
        aws_access_key_id="AKTEST",
        aws_secret_access_key="secret",
    )


def fill(served: Served, group: str, *messages: str, stream: str = "s") -> int:
    """Put events of this moment with boto3; answers their time."""
    logs = logs_of(served)
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    return now


def until(done: Callable[[], Any], seconds: float = 60) -> Any:
    """What ``done`` answers once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


def test_aws_logs_puts_gets_filters_and_queries(
    served: Served, environment: dict[str, str]
) -> None:
    aws(environment, "create-log-group", "--log-group-name", "cli")
    names = ("--log-group-name", "cli", "--log-stream-name", "s")
    aws(environment, "create-log-stream", *names)
    now = int(time.time() * 1000)
    events = json.dumps(
        [
            {"timestamp": now, "message": '{"level":"ERROR","n":1}'},
            {"timestamp": now + 1, "message": '{"level":"INFO","n":2}'},
        ]
    )
    put = aws(environment, "put-log-events", *names, "--log-events", events)
    assert len(put["nextSequenceToken"]) == 56

    got = aws(environment, "get-log-events", *names, "--start-from-head")
    assert [event["timestamp"] for event in got["events"]] == [now, now + 1]
    found = aws(
        environment,
        "filter-log-events",
        *names[:2],
        "--filter-pattern",
        '{ $.level = "ERROR" }',
    )
    assert [event["message"] for event in found["events"]] == ['{"level":"ERROR","n":1}']

    second = now // 1000
    id = aws(
        environment,
        "start-query",
        *names[:2],
        "--start-time",
        str(second - 60),
        "--end-time",
        str(second + 60),
        "--query-string",
        "stats count(*) as n by level | sort level",
    )["queryId"]

    def complete() -> Any:
        answer = aws(environment, "get-query-results", "--query-id", id)
        return answer if answer["status"] == "Complete" else None

    rows = [{c["field"]: c["value"] for c in row} for row in until(complete)["results"]]
    assert rows == [{"level": "ERROR", "n": "1"}, {"level": "INFO", "n": "1"}]
    history = aws(environment, "describe-queries", *names[:2])["queries"]
    assert [query["queryId"] for query in history] == [id]


def test_aws_logs_start_live_tail_shows_events_as_they_arrive(
    served: Served, environment: dict[str, str]
) -> None:
    fill(served, "cli-tail", "from before")
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:cli-tail"
    words = ("logs", "start-live-tail", "--log-group-identifiers", arn)

    with Following(environment, "aws", *words) as tail:
        until(lambda: fill(served, "cli-tail", "a new one") and "a new one" in tail.text())
        assert "from before" not in tail.text()


def test_awslogs_lists_and_gets(served: Served, environment: dict[str, str]) -> None:
    fill(served, "awslogs", "an ERROR", "all well", stream="web-1")
    url = ("--aws-endpoint-url", served.url)

    assert "awslogs" in run(environment, "awslogs", "groups", *url).split()
    assert "web-1" in run(environment, "awslogs", "streams", "awslogs", *url).split()
    found = run(environment, "awslogs", "get", "awslogs", "web.*", "--no-color", *url)
    assert "web-1 an ERROR" in found and "web-1 all well" in found
    only = run(environment, "awslogs", "get", "awslogs", "-f", "ERROR", "--no-color", *url)
    assert "an ERROR" in only and "all well" not in only


def test_awslogs_follows_and_shows_each_event_once(
    served: Served, environment: dict[str, str]
) -> None:
    fill(served, "awslogs-w", "number 0")
    words = ("get", "awslogs-w", "ALL", "-w", "-i", "1", "--aws-endpoint-url", served.url)

    with Following(environment, "awslogs", *words, "--no-color") as tail:
        until(lambda: "number 0" in tail.text())
        for number in range(1, 4):
            fill(served, "awslogs-w", f"number {number}")
            until(partial(shows, tail, f"number {number}"))
        looked = looks(served)
        until(lambda: looks(served) > looked + 1)  # one whole look of theirs
        shown = [line.split()[-1] for line in tail.text().splitlines() if "number" in line]
    assert shown == ["0", "1", "2", "3"]


def looks(served: Served) -> int:
    """How often somebody has asked for events."""
    return sum(call.action == "logs:FilterLogEvents" for call in served.calls.seen)


def shows(tail: Following, text: str) -> bool:
    return text in tail.text()


class Following:
    """A program that does not end by itself, and what it has printed so far."""

    def __init__(self, environment: dict[str, str], *words: str) -> None:
        self._words = [program(words[0]), *words[1:]]
        self._environment = environment
        self._path = Path(environment["HOME"]) / "printed"

    def __enter__(self) -> Following:
        with self._path.open("wb") as printed:
            self._process = subprocess.Popen(
                self._words,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            )
        return self

    def text(self) -> str:
        assert self._process.poll() is None, self._path.read_text()
        return self._path.read_text()

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(60)


def test_watchtower_sends_records_of_python_logging(served: Served) -> None:
    watchtower = pytest.importorskip("watchtower")
    logs = logs_of(served)
    handler = watchtower.CloudWatchLogHandler(
        log_group_name="watchtower",
        log_stream_name="app",
        boto3_client=logs,
        log_group_retention_days=7,
        send_interval=1,
    )
    logger = logging.Logger("watched")
    logger.addHandler(handler)
    logger.error("warm up: the first record makes the stream")
    handler.flush()
    for number in range(50):
        logger.error("record %d", number)
    handler.close()

    def stored() -> list[str]:
        found = logs.filter_log_events(logGroupName="watchtower", filterPattern="record")
        return [event["message"] for event in found["events"]]

    until(lambda: len(stored()) >= 50)
    assert {f"record {number}" for number in range(50)} <= set(stored())
    (group,) = logs.describe_log_groups(logGroupNamePrefix="watchtower")["logGroups"]
    assert group["retentionInDays"] == 7
