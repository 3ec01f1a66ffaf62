"""Log events over the wire, by boto3 and as raw bodies."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx2
import pytest
from botocore.exceptions import ClientError

from logq.ingest.incoming import incoming
from tests.server.cloudwatch.serving import NOW, Served

DAY = 86_400_000


@pytest.fixture
def app(served: Served) -> Served:
    """A log group ``app`` with a stream ``s`` that holds one old event."""
    served.logq.storage.groups.create("app")
    served.logq.accept("app", incoming(["first"], [NOW - DAY], "s"))
    return served


def put(logs: Any, *events: tuple[int, str], **more: Any) -> Any:
    listed = [{"timestamp": time, "message": message} for time, message in events]
    return logs.put_log_events(logGroupName="app", logStreamName="s", logEvents=listed, **more)


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    found = error.value.response["Error"]
    return found["Code"], found["Message"]


def test_what_is_put_is_got_and_found_again(logs: Any, app: Served) -> None:
    answer = put(logs, (NOW, "one é\u0001"), (NOW + 1, '{"level":"ERROR"}'), sequenceToken="x")

    assert len(answer["nextSequenceToken"]) == 56
    assert "rejectedLogEventsInfo" not in answer
    got = logs.get_log_events(logGroupName="app", logStreamName="s", startFromHead=True)
    assert [event["message"] for event in got["events"]] == [
        "first",
        "one é\u0001",
        '{"level":"ERROR"}',
    ]
    assert got["events"][1] == {"timestamp": NOW, "message": "one é\u0001", "ingestionTime": NOW}
    found = logs.filter_log_events(logGroupName="app", filterPattern='{ $.level = "ERROR" }')
    (event,) = found["events"]
    assert len(event.pop("eventId")) == 56
    assert event == {
        "logStreamName": "s",
        "timestamp": NOW + 1,
        "message": '{"level":"ERROR"}',
        "ingestionTime": NOW,
    }
    assert found["searchedLogStreams"] == [] and "nextToken" not in found


def test_refused_events_are_named_by_index(logs: Any, app: Served) -> None:
    answer = put(logs, (NOW - 15 * DAY, "old"), (NOW, "now"), (NOW + DAY, "new"))

    assert answer["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1,
        "tooNewLogEventStartIndex": 2,
    }
    assert len(answer["nextSequenceToken"]) == 56


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (
            [(NOW, "a"), (NOW - 1, "b")],
            "Log events in a single PutLogEvents request must be in chronological order.",
        ),
        (
            [(NOW - DAY - 1, "a"), (NOW, "b")],
            "The batch of log events in a single PutLogEvents request cannot span more than "
            "24 hours.",
        ),
        ([(NOW, "x" * 1_048_576)], "Upload too large: 1048602 bytes exceeds limit of 1048576."),
        (
            [(-1, "a")],
            "1 validation error detected: Value '-1' at 'logEvents.1.member.timestamp' failed to "
            "satisfy constraint: Member must have value greater than or equal to 0",
        ),
    ],
)
def test_a_bad_batch_is_refused_in_the_words_of_aws(
    client: Any, app: Served, events: list[tuple[int, str]], message: str
) -> None:
    with pytest.raises(ClientError) as error:
        put(client("logs", parameter_validation=False), *events)

    assert code(error) == ("InvalidParameterException", message)


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        ('[{"timestamp": 1, "message": ""}]', "InvalidParameterException"),
        ('[{"timestamp": 1}]', "InvalidParameterException"),
        ('[{"timestamp": null, "message": "x"}]', "InvalidParameterException"),
        ("[]", "InvalidParameterException"),
        ("null", "InvalidParameterException"),
        ('[{"timestamp": "1", "message": "x"}]', "SerializationException"),
        ('[{"timestamp": true, "message": "x"}]', "SerializationException"),
        ('[{"timestamp": 1.5, "message": "x"}]', "SerializationException"),
        ('[{"timestamp": 99999999999999999999, "message": "x"}]', "SerializationException"),
        ('[{"timestamp": 1, "message": 1}]', "SerializationException"),
        ('["x"]', "SerializationException"),
        ('{"timestamp": 1}', "SerializationException"),
    ],
)
def test_what_is_no_batch_is_refused(app: Served, events: str, wanted: str) -> None:
    answer = raw(app, f'{{"logGroupName":"app","logStreamName":"s","logEvents":{events}}}')

    assert (answer.status_code, answer.json()["__type"]) == (400, wanted)
    assert len(read(app)) == 1


def raw(served: Served, body: str | bytes, **headers: str) -> httpx2.Response:
    given = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "Logs_20140328.PutLogEvents",
        **headers,
    }
    content = body.encode() if isinstance(body, str) else body
    return httpx2.post(served.url, content=content, headers=given, timeout=60)


def read(served: Served) -> list[str]:
    rows = served.logq.queries.run("fields @message | sort @timestamp", groups=["app"]).rows()
    return [str(row[0]) for row in rows]


def test_a_timestamp_may_be_written_as_a_float_that_is_whole(app: Served) -> None:
    events = f'[{{"timestamp":{NOW}.0,"message":"x"}}]'
    body = f'{{"logGroupName":"app","logStreamName":"s","logEvents":{events}}}'

    assert raw(app, body).status_code == 200
    assert read(app) == ["first", "x"]


def test_a_packed_body_is_unpacked(app: Served) -> None:
    events = [{"timestamp": NOW + n, "message": f"line {n}"} for n in range(1000)]
    body = {"logGroupName": "app", "logStreamName": "s", "logEvents": events}

    answer = raw(app, gzip.compress(json.dumps(body).encode()), **{"Content-Encoding": "gzip"})

    assert answer.status_code == 200, answer.text
    assert len(read(app)) == 1001


def test_the_largest_batch_that_is_allowed_is_taken_however_it_is_escaped(
    app: Served,
) -> None:
    message = "\u0001" * (1_048_576 - 26)
    body = json.dumps(
        {
            "logGroupName": "app",
            "logStreamName": "s",
            "logEvents": [{"timestamp": NOW, "message": message}],
        }
    )
    assert len(body) > 6_000_000

    answer = raw(app, body)

    assert answer.status_code == 200, answer.text[:200]
    assert len(read(app)[1]) == len(message)


@pytest.mark.parametrize("name", ["put_log_events", "get_log_events"])
def test_a_missing_stream_or_group_is_said(logs: Any, app: Served, name: str) -> None:
    more = {"logEvents": [{"timestamp": NOW, "message": "x"}]} if name.startswith("put") else {}
    for group, stream, noun in (("app", "none", "log stream"), ("none", "s", "log group")):
        with pytest.raises(ClientError) as error:
            getattr(logs, name)(logGroupName=group, logStreamName=stream, **more)
        assert code(error) == (
            "ResourceNotFoundException",
            f"The specified {noun} does not exist.",
        )


def test_a_search_in_a_missing_stream_says_what_is_missing(logs: Any, app: Served) -> None:
    with pytest.raises(ClientError) as error:
        logs.filter_log_events(logGroupName="app", logStreamNames=["s", "none"])

    wanted = ("ResourceNotFoundException", "The specified log stream does not exist.")
    assert code(error) == wanted


def test_the_end_is_exclusive_in_a_stream_and_inclusive_in_a_search(logs: Any, app: Served) -> None:
    put(logs, (NOW, "a"), (NOW + 1, "b"), (NOW + 2, "c"))
    times = {"startTime": NOW, "endTime": NOW + 2}

    got = logs.get_log_events(logGroupName="app", logStreamName="s", **times)["events"]
    found = logs.filter_log_events(logGroupName="app", **times)["events"]

    assert [event["message"] for event in got] == ["a", "b"]
    assert [event["message"] for event in found] == ["a", "b", "c"]


def test_the_paginator_walks_through_a_search(logs: Any, app: Served) -> None:
    for start in range(0, 3000, 1000):
        put(logs, *((NOW + n, f"{n} {'x' * 600}") for n in range(start, start + 1000)))

    pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName="app"))
    messages = [event["message"].split()[0] for page in pages for event in page["events"]]
    assert messages == ["first", *map(str, range(3000))]
    assert len(pages) == 2 and len({e["eventId"] for p in pages for e in p["events"]}) == 3001
    limited = logs.get_paginator("filter_log_events").paginate(
        logGroupName="app", PaginationConfig={"PageSize": 700, "MaxItems": 1500}
    )
    assert len(limited.build_full_result()["events"]) == 1500


def test_tokens_of_a_stream_end_where_nothing_more_is(logs: Any, app: Served) -> None:
    put(logs, *((NOW + n, f"{n}") for n in range(10)))
    asked = {"logGroupName": "app", "logStreamName": "s", "limit": 4}

    found: list[str] = []
    page = logs.get_log_events(**asked, startFromHead=True)
    while True:
        found += [event["message"] for event in page["events"]]
        token = page["nextForwardToken"]
        assert token.startswith("f/") and page["nextBackwardToken"].startswith("b/")
        page = logs.get_log_events(**asked, nextToken=token)
        if page["nextForwardToken"] == token:
            break
    assert found == ["first", *map(str, range(10))]


def test_a_group_may_be_named_by_its_arn(logs: Any, app: Served) -> None:
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:app"

    got = logs.get_log_events(logGroupIdentifier=arn, logStreamName="s")["events"]
    found = logs.filter_log_events(logGroupIdentifier=arn)["events"]

    assert len(got) == len(found) == 1
    for names in ({}, {"logGroupName": "app", "logGroupIdentifier": arn}):
        with pytest.raises(ClientError) as error:
            logs.filter_log_events(**names)
        assert code(error)[0] == "InvalidParameterException"


@pytest.mark.parametrize(
    "options",
    [
        {"nextToken": "nonsense"},
        {"filterPattern": "{ $.a "},
        {"filterPattern": "x" * 1025},
        {"limit": 0},
        {"limit": 10_001},
        {"logStreamNames": ["s"], "logStreamNamePrefix": "s"},
        {"startFromHead": False},
    ],
)
def test_a_search_that_breaks_a_rule_is_refused(
    client: Any, app: Served, options: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as error:
        client("logs", parameter_validation=False).filter_log_events(logGroupName="app", **options)

    assert code(error)[0] == "InvalidParameterException"


def test_the_newest_can_come_first(logs: Any, app: Served) -> None:
    put(logs, (NOW, "a"), (NOW + 1, "b"))

    found = logs.filter_log_events(logGroupName="app", startFromHead=False, startTime=NOW)

    assert [event["message"] for event in found["events"]] == ["b", "a"]
