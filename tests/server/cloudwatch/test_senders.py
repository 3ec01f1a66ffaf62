"""What Fluent Bit, Vector and Grafana send, call by call as their sources do, over plain HTTP."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from logq.app import LogQ
from logq.work.pool import Workers
from tests.server.cloudwatch.serving import NOW, Served, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("senders") / "data"
    with (
        LogQ(data, clock=lambda: NOW, environ={}) as logq,
        Workers(data, logq.settings, logq.clock, 2) as pool,
        serve(logq, pool) as running,
    ):
        assert pool.wait_until_ready(120)
        yield running


class Caller:
    """Calls operations of logs and remembers what was answered."""

    def __init__(self, served: Served, **headers: str) -> None:
        self._url = served.url
        self._headers = headers
        self.answer = httpx2.Response(200)

    def __call__(self, operation: str, body: dict[str, Any], **headers: str) -> Any:
        content = json.dumps(body, separators=(",", ":")).encode()
        given = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"Logs_20140328.{operation}",
            **self._headers,
            **headers,
        }
        if given.get("Content-Encoding") == "gzip":
            content = gzip.compress(content)
        self.answer = httpx2.post(self._url, content=content, headers=given, timeout=60)
        assert self.answer.headers["x-amzn-requestid"], "Fluent Bit sends again without it"
        assert self.answer.headers["access-control-expose-headers"] == "x-amzn-RequestId"
        return self.answer.json() if self.answer.content else {}

    def fails(self, operation: str, body: dict[str, Any]) -> str:
        """The bare name of the error, which Fluent Bit compares byte by byte."""
        answer = self(operation, body)
        assert self.answer.status_code == 400
        assert list(answer) == ["__type", "message"], "Fluent Bit reads 50 JSON tokens at most"
        return str(answer["__type"])


def test_fluent_bit_makes_what_is_missing_and_sends(served: Served) -> None:
    call = Caller(served, **{"User-Agent": "aws-fluent-bit-plugin"})
    names = {"logGroupName": "fluent-bit", "logStreamName": "from-kernel"}

    assert call.fails("CreateLogStream", names) == "ResourceNotFoundException"
    call("CreateLogGroup", {"logGroupName": "fluent-bit"})
    call("PutRetentionPolicy", {"logGroupName": "fluent-bit", "retentionInDays": 14})
    call("CreateLogStream", names)
    assert call.fails("CreateLogStream", names) == "ResourceAlreadyExistsException"
    message = '{"log":"caf\\u00e9 \\"quoted\\"","_aws":{"CloudWatchMetrics":[]}}'
    events = [{"timestamp": NOW + n, "message": message} for n in range(100)]
    sent = call(
        "PutLogEvents", {**names, "logEvents": events}, **{"x-amzn-logs-format": "json/emf"}
    )

    assert call.answer.status_code == 200 and len(sent["nextSequenceToken"]) == 56
    again = call(
        "PutLogEvents",
        {**names, "logEvents": events[:1], "sequenceToken": sent["nextSequenceToken"]},
    )
    assert again["nextSequenceToken"] > sent["nextSequenceToken"]
    found = call("FilterLogEvents", {"logGroupName": "fluent-bit"})["events"]
    assert len(found) == 101 and found[0]["message"] == message
    missing = {**names, "logStreamName": "other", "logEvents": events[:1]}
    assert call.fails("PutLogEvents", missing) == "ResourceNotFoundException"


def test_fluent_bit_learns_which_events_were_too_old(served: Served) -> None:
    call = Caller(served)
    names = {"logGroupName": "fluent-bit-old", "logStreamName": "s"}
    call("CreateLogGroup", {"logGroupName": "fluent-bit-old"})
    call("CreateLogStream", names)
    old = {"timestamp": NOW - 15 * 86_400_000, "message": "old"}

    answer = call("PutLogEvents", {**names, "logEvents": [old, {"timestamp": NOW, "message": "x"}]})

    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}


def test_vector_finds_the_stream_that_it_has_just_made(served: Served) -> None:
    call = Caller(served)
    health = call("DescribeLogGroups", {"limit": 1, "logGroupNamePrefix": "vector"})
    assert health["logGroups"] == []
    streams = {"logGroupName": "vector", "logStreamNamePrefix": "host-1"}
    assert call.fails("DescribeLogStreams", streams) == "ResourceNotFoundException"
    call("CreateLogGroup", {"logGroupName": "vector", "tags": {"team": "a"}})
    call("PutRetentionPolicy", {"logGroupName": "vector", "retentionInDays": 30})
    assert call("DescribeLogStreams", streams)["logStreams"] == []
    call("CreateLogStream", {"logGroupName": "vector", "logStreamName": "host-1"})
    (stream,) = call("DescribeLogStreams", streams)["logStreams"]
    assert stream["logStreamName"] == "host-1"

    token = stream.get("uploadSequenceToken")
    for number in range(3):
        batch = {
            "logGroupName": "vector",
            "logStreamName": "host-1",
            "logEvents": [{"timestamp": NOW + number, "message": f"line {number}"}],
            **({"sequenceToken": token} if token else {}),
        }
        token = call("PutLogEvents", batch, **{"Content-Encoding": "gzip"})["nextSequenceToken"]
        assert token, "without it Vector lists the streams before every batch"
    found = call("FilterLogEvents", {"logGroupName": "vector"})["events"]
    assert [event["message"] for event in found] == ["line 0", "line 1", "line 2"]


def test_grafana_explores_a_group(served: Served) -> None:
    call = Caller(served)
    names = {"logGroupName": "grafana", "logStreamName": "web"}
    call("CreateLogGroup", {"logGroupName": "grafana"})
    call("CreateLogStream", names)
    events = [{"timestamp": NOW + n, "message": f'{{"status":{200 + n}}}'} for n in range(5)]
    call("PutLogEvents", {**names, "logEvents": events})

    assert len(call("DescribeLogGroups", {"limit": 1})["logGroups"]) == 1
    groups = call("DescribeLogGroups", {"limit": 50, "logGroupNamePattern": "rafan"})["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["grafana"]
    fields = call("GetLogGroupFields", {"logGroupName": "grafana"})["logGroupFields"]
    assert {"name": "status", "percent": 100} in fields
    second = NOW // 1000
    started = call(
        "StartQuery",
        {
            "logGroupIdentifiers": [groups[0]["logGroupArn"]],
            "startTime": second - 60,
            "endTime": second + 60,
            "limit": 1000,
            "queryLanguage": "CWLI",
            "queryString": "fields @timestamp,ltrim(@log) as __log__grafana_internal__,"
            "ltrim(@logStream) as __logstream__grafana_internal__|fields @timestamp, @message |\n "
            "sort @timestamp desc |\n limit 20",
        },
    )
    deadline = time.monotonic() + 60
    while (answer := call("GetQueryResults", started))["status"] in ("Scheduled", "Running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    rows = [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
    assert [row["@message"] for row in rows] == [event["message"] for event in events[::-1]]
    assert rows[0]["@timestamp"] == "2026-01-05 10:00:00.004"
    assert rows[0]["__logstream__grafana_internal__"] == "web"
    assert list(rows[0])[-1] == "@ptr"
    stopped = call.fails("StopQuery", started)
    assert stopped == "InvalidParameterException", "Grafana relies on it"
    around = call(
        "GetLogEvents",
        {**names, "startTime": 0, "endTime": NOW + 2, "limit": 2, "startFromHead": False},
    )
    assert [event["timestamp"] for event in around["events"]] == [NOW, NOW + 1]
