"""Queries over the wire, run in real worker processes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from logq.app import LogQ
from logq.ingest.incoming import incoming
from logq.work.pool import Workers
from tests.server.cloudwatch.serving import NOW, Served, serve

SECOND = NOW // 1000
RANGE = {"startTime": SECOND - 3600, "endTime": SECOND + 3600}
EVENTS = 300


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with two workers over a group ``app`` of 300 events and a group ``other``."""
    data: Path = tmp_path_factory.mktemp("queries") / "data"
    with LogQ(data, clock=lambda: NOW, environ={}) as logq:
        for group in ("app", "other"):
            logq.storage.groups.create(group)
        texts = [
            f'{{"level":"{"ERROR" if n % 10 == 0 else "INFO"}","n":{n},"tags":["a",{{"b":{n}}}]}}'
            for n in range(EVENTS)
        ]
        streams = ["even" if n % 2 == 0 else "odd" for n in range(EVENTS)]
        times = [NOW + n for n in range(EVENTS)]
        logq.accept("app", incoming(texts[:200], times[:200], streams[:200]))
        logq.storage.seal()
        logq.accept("app", incoming(texts[200:], times[200:], streams[200:]))
        with Workers(data, logq.settings, logq.clock, 2) as pool, serve(logq, pool) as running:
            assert pool.wait_until_ready(120)
            yield running


@pytest.fixture
def logs(served: Served) -> Any:
    return boto3.client(
        "logs",
        endpoint_url=served.url,
        region_name="us-east-1",
        aws_access_key_id="AKTEST",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


def until(done: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def finished(logs: Any, text: str, **options: Any) -> dict[str, Any]:
    """The answer of a query once it has ended."""
    groups = {} if text.startswith("SOURCE") else {"logGroupName": "app"}
    asked = {**groups, **RANGE, **options}
    id = logs.start_query(queryString=text, **asked)["queryId"]
    return ended(logs, id)


def ended(logs: Any, id: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {}

    def done() -> bool:
        answer.update(logs.get_query_results(queryId=id, **options))
        return answer["status"] not in ("Scheduled", "Running")

    until(done)
    return answer


def rows(answer: dict[str, Any]) -> list[dict[str, str]]:
    return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_rows_are_texts_newest_first_and_end_with_their_pointer(logs: Any) -> None:
    answer = finished(logs, "fields @timestamp, level, n, missing | filter n >= 298")

    assert answer["status"] == "Complete"
    assert answer["queryLanguage"] == "CWLI"
    first = answer["results"][0]
    assert first[:-1] == [
        {"field": "@timestamp", "value": "2026-01-05 10:00:00.299"},
        {"field": "level", "value": "INFO"},
        {"field": "n", "value": "299"},
    ]
    assert first[-1]["field"] == "@ptr" and first[-1]["value"]
    assert [row["n"] for row in rows(answer)] == ["299", "298"]
    assert answer["statistics"] == {
        "recordsMatched": 2.0,
        "recordsScanned": 300.0,
        "bytesScanned": answer["statistics"]["bytesScanned"],
        "estimatedRecordsSkipped": 0.0,
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": 1.0,
        "resultCount": 2.0,
    }


def test_rows_of_an_aggregation_have_no_pointer(logs: Any) -> None:
    answer = finished(logs, "stats count(*) as n by level | sort level")

    assert rows(answer) == [{"level": "ERROR", "n": "30"}, {"level": "INFO", "n": "270"}]


def test_the_query_that_grafana_makes_runs(logs: Any) -> None:
    text = (
        "fields @timestamp,ltrim(@log) as __log__grafana_internal__,"
        "ltrim(@logStream) as __logstream__grafana_internal__|fields @timestamp, @message "
        "| sort @timestamp desc | limit 3"
    )

    answer = finished(logs, text, queryLanguage="CWLI")

    (first, *_) = found = rows(answer)
    assert len(found) == 3
    assert first["__logstream__grafana_internal__"] == "odd"
    assert first["__log__grafana_internal__"].endswith("app")
    assert first["@message"].startswith('{"level":')


def test_a_pointer_leads_to_the_whole_event(logs: Any) -> None:
    for n in (5, 250):  # in a segment, in the journal
        (row,) = rows(finished(logs, f"fields n | filter n = {n}"))

        record = logs.get_log_record(logRecordPointer=row["@ptr"])["logRecord"]

        assert record == {
            "@timestamp": str(NOW + n),
            "@ingestionTime": str(NOW),
            "@log": "000000000000:app",
            "@logStream": "even" if n % 2 == 0 else "odd",
            "@message": record["@message"],
            "@ptr": row["@ptr"],
            "level": "ERROR" if n % 10 == 0 else "INFO",
            "n": str(n),
            "tags.0": "a",
            "tags.1.b": str(n),
        }
        assert record["@message"].startswith('{"level":')


@pytest.mark.parametrize("pointer", ["nonsense", "MTox", "MTo5OTk5OTk6YXBw", ""])
def test_a_pointer_to_nothing_is_refused(logs: Any, pointer: str) -> None:
    with pytest.raises(ClientError) as error:
        logs.get_log_record(logRecordPointer=pointer)

    wanted = "ResourceNotFoundException" if pointer.startswith("MTo5") else None
    assert code(error) == (wanted or "InvalidParameterException")


def test_an_answer_is_fetched_in_pages(logs: Any) -> None:
    id = logs.start_query(
        queryString="fields n | sort n", logGroupNames=["app"], limit=250, **RANGE
    )["queryId"]
    assert ended(logs, id)["statistics"]["resultCount"] == 250.0

    found: list[str] = []
    options: dict[str, Any] = {}
    while True:
        page = logs.get_query_results(queryId=id, maxItems=100, **options)
        found += [row["n"] for row in rows(page)]
        if "nextToken" not in page:
            break
        options = {"nextToken": page["nextToken"]}
    assert found == [str(n) for n in range(250)]
    with pytest.raises(ClientError) as error:
        logs.get_query_results(queryId=id, nextToken="nonsense")
    assert code(error) == "InvalidParameterException"


def test_both_ends_of_the_range_belong_to_it_in_whole_seconds(logs: Any) -> None:
    same = {"startTime": SECOND, "endTime": SECOND}
    assert rows(finished(logs, "stats count(*) as n", **same)) == [{"n": "300"}]
    before = {"startTime": SECOND - 9, "endTime": SECOND - 1}
    assert rows(finished(logs, "stats count(*) as n", **before)) == [{"n": "0"}]
    exact = {"startTime": NOW + 10, "endTime": NOW + 19}
    assert rows(finished(logs, "stats count(*) as n", **exact)) == [{"n": "10"}]


@pytest.mark.parametrize("text", ["fields @timestamp |", "filter (", "fields nosuch(n)"])
def test_a_fault_in_the_query_is_told_at_once_with_its_place(logs: Any, text: str) -> None:
    with pytest.raises(ClientError) as error:
        logs.start_query(queryString=text, logGroupName="app", **RANGE)

    assert code(error) == "MalformedQueryException"
    fault = error.value.response["queryCompileError"]
    assert 0 <= fault["location"]["startCharOffset"] <= fault["location"]["endCharOffset"]
    assert fault["message"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "InvalidParameterException"),
        ({"logGroupName": "app", "logGroupNames": ["app"]}, "InvalidParameterException"),
        ({"logGroupName": "none"}, "ResourceNotFoundException"),
        ({"logGroupNames": ["app", "none"]}, "ResourceNotFoundException"),
        ({"logGroupName": "app", "queryLanguage": "PPL"}, "InvalidParameterException"),
        ({"logGroupName": "app", "limit": 0}, "InvalidParameterException"),
        ({"logGroupName": "app", "limit": 100_001}, "InvalidParameterException"),
        ({"logGroupName": "app", "endTime": 1}, "InvalidParameterException"),
    ],
)
def test_a_query_that_breaks_a_rule_is_refused(
    logs: Any, given: dict[str, Any], wanted: str
) -> None:
    with pytest.raises(ClientError) as error:
        logs.start_query(**{"queryString": "fields n", **RANGE, **given})

    assert code(error) == wanted


def test_groups_may_be_named_in_the_query_or_by_arn(logs: Any) -> None:
    source = finished(logs, 'SOURCE "app" | stats count(*) as n')
    assert rows(source) == [{"n": "300"}]
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:app"
    id = logs.start_query(
        queryString="stats count(*) as n", logGroupIdentifiers=[arn, "other"], **RANGE
    )["queryId"]
    assert rows(ended(logs, id)) == [{"n": "300"}]
    groups = logs.list_log_groups_for_query(queryId=id)["logGroupIdentifiers"]
    assert groups == ["app", "other"]


def test_a_running_query_can_be_stopped_and_an_ended_one_cannot(logs: Any) -> None:
    slow = " | ".join(
        [
            "fields n",
            *(
                f"fields replace(@message, 'a', 'b{i}') as m{i}, strlen(m{i}) as l{i}"
                for i in range(3)
            ),
        ]
    )
    ids = [
        logs.start_query(queryString=slow, logGroupName="app", **RANGE)["queryId"] for _ in range(3)
    ]
    results = []
    for id in ids:
        try:
            results.append(logs.stop_query(queryId=id)["success"])
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidParameterException"
    statuses = [ended(logs, id)["status"] for id in ids]
    assert set(statuses) <= {"Cancelled", "Complete"}
    with pytest.raises(ClientError) as refused:
        logs.stop_query(queryId=ids[0])
    assert code(refused) == "InvalidParameterException"


@pytest.mark.parametrize("name", ["get_query_results", "stop_query", "list_log_groups_for_query"])
def test_an_unknown_query_is_not_found(logs: Any, name: str) -> None:
    with pytest.raises(ClientError) as error:
        getattr(logs, name)(queryId="nothing")

    assert code(error) == "ResourceNotFoundException"
    assert error.value.response["Error"]["Message"] == "The specified query does not exist."


def test_the_history_lists_queries_newest_first(logs: Any) -> None:
    for n in range(3):
        finished(logs, f"fields n | limit {n + 1}", logGroupName="app")

    found = logs.describe_queries(logGroupName="app", status="Complete")["queries"]

    first = found[0]
    assert first["logGroupName"] == "app" and first["createTime"] == NOW
    assert first["queryDuration"] >= 0 and first["queryString"]
    assert {query["status"] for query in found} == {"Complete"}
    pages = [
        logs.describe_queries(maxResults=2),
    ]
    while "nextToken" in pages[-1]:
        pages.append(logs.describe_queries(maxResults=2, nextToken=pages[-1]["nextToken"]))
    ids = [query["queryId"] for page in pages for query in page["queries"]]
    assert len(ids) == len(set(ids)) >= 3
    assert logs.describe_queries(logGroupName="other", status="Running")["queries"] == []


def test_the_fields_of_a_group_have_percentages(logs: Any) -> None:
    fields = logs.get_log_group_fields(logGroupName="app", time=SECOND)["logGroupFields"]

    shares = {field["name"]: field["percent"] for field in fields}
    assert shares["level"] == shares["@message"] == 100
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    long_ago = logs.get_log_group_fields(logGroupName="app", time=SECOND - 9000)
    assert long_ago["logGroupFields"] == []


def test_who_may_not_read_a_group_gets_no_answer_of_it(logs: Any, served: Served) -> None:
    id = logs.start_query(queryString="fields n", logGroupName="app", **RANGE)["queryId"]
    (row, *_) = rows(ended(logs, id))
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:app"
    actions = ("StartQuery", "GetQueryResults", "GetLogRecord", "GetLogGroupFields")
    served.caller.forbidden.update((f"logs:{action}", arn) for action in actions)
    try:
        for name, options in (
            ("start_query", {"queryString": "fields n", "logGroupName": "app", **RANGE}),
            ("start_query", {"queryString": 'SOURCE "app" | fields n', **RANGE}),
            ("get_query_results", {"queryId": id}),
            ("get_log_record", {"logRecordPointer": row["@ptr"]}),
            ("get_log_group_fields", {"logGroupName": "app"}),
        ):
            with pytest.raises(ClientError) as error:
                getattr(logs, name)(**options)
            assert code(error) == "AccessDeniedException", name
    finally:
        served.caller.forbidden.clear()


def test_a_saved_query_runs_by_its_name_over_the_groups_that_it_names(logs: Any) -> None:
    text = "filter level = {{level}} | stats count(*) as n"
    logs.put_query_definition(
        name="by level",
        queryString=text,
        logGroupNames=["app"],
        parameters=[{"name": "level", "defaultValue": "ERROR"}],
    )
    id = logs.start_query(queryString="$`by level`()", **RANGE)["queryId"]
    other = logs.start_query(queryString='$`by level`(level = "INFO")', **RANGE)["queryId"]

    assert ended(logs, id)["results"] == [[{"field": "n", "value": "30"}]]
    assert ended(logs, other)["results"] == [[{"field": "n", "value": "270"}]]
    assert logs.list_log_groups_for_query(queryId=id)["logGroupIdentifiers"] == ["app"]
    with pytest.raises(ClientError, match="here is no saved query 'nothing'") as caught:
        logs.start_query(queryString="$nothing()", **RANGE)
    assert caught.value.response["Error"]["Code"] == "MalformedQueryException"


def test_log_groups_that_source_means_are_those_of_the_query(logs: Any) -> None:
    text = "SOURCE logGroups(namePrefix: ['ap']) | stats count(*) as n"
    id = logs.start_query(queryString=text, **RANGE)["queryId"]

    assert ended(logs, id)["results"] == [[{"field": "n", "value": "300"}]]
    assert logs.list_log_groups_for_query(queryId=id)["logGroupIdentifiers"] == ["app"]


# ---- patterns and indexes


def by_name(answer: dict[str, Any]) -> list[dict[str, str]]:
    return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]


def test_patterns_come_with_the_columns_of_cloudwatch(logs: Any) -> None:
    info, error = by_name(finished(logs, "pattern @message"))

    assert list(info) == [
        *("@pattern", "@ratio", "@sampleCount", "@severityLabel", "@PatternId", "@regexString"),
        *("@tokens", "@logSamples", "@relatedPattern", "@visualization"),
    ]
    assert info["@pattern"] == '{"level":"INFO","n":<Number-1>,"tags":["a",{"b":<Number-2>}]}'
    assert (info["@sampleCount"], info["@ratio"]) == ("270", "0.9")
    assert (info["@severityLabel"], error["@severityLabel"]) == ("Info", "Error")
    assert (error["@sampleCount"], error["@ratio"]) == ("30", "0.1")
    dynamic = [token for token in json.loads(info["@tokens"]) if token["isDynamic"]]
    assert [token["inferredTokenName"] for token in dynamic] == ["Number-1", "Number-2"]
    assert json.loads(info["@relatedPattern"]) == [error["@PatternId"]]
    assert sum(part["count"] for part in json.loads(info["@visualization"])) == 270
    newest = json.loads(error["@logSamples"])[0]
    assert newest["message"].startswith('{"level":"ERROR"')


def test_filter_index_goes_by_the_index_policy(logs: Any) -> None:
    text = "filterIndex n = 7 | fields n"
    assert finished(logs, text)["results"] == []

    logs.put_index_policy(logGroupIdentifier="app", policyDocument='{"Fields": ["n"]}')

    answer = finished(logs, text)
    assert [row["n"] for row in by_name(answer)] == ["7"]
    logs.delete_index_policy(logGroupIdentifier="app")
    skipped = finished(logs, text)
    assert skipped["results"] == []
    assert skipped["statistics"]["recordsScanned"] == 0
