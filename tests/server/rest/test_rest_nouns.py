"""Groups, saved queries, filters, tables, started queries, events and the rest of the nouns."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from logq.model import LogGroup
from tests.server.rest.conftest import EVENTS, Served


def call(served: Served, method: str, path: str, **options: Any) -> httpx2.Response:
    return httpx2.request(method, f"{served.url}/api/v1{path}", timeout=60, **options)


def segment(name: str) -> str:
    return quote(name, safe="")


@pytest.mark.parametrize("name", ["/app/x#1", "a/streams", "a/streams/streams", "a.b-c_d", "%"])
def test_a_name_is_one_segment_of_a_path(served: Served, name: str) -> None:
    made = call(served, "PUT", f"/groups/{segment(name)}", json={"tags": {"team": "a"}})

    if name == "%":
        assert made.status_code == 400
        return
    assert (made.status_code, made.json()["name"]) == (201, name)
    assert call(served, "GET", f"/groups/{segment(name)}").json()["tags"] == {"team": "a"}
    assert call(served, "GET", f"/groups/{segment(name)}/streams").json() == {
        "streams": [],
        "more": False,
    }
    assert call(served, "PUT", f"/groups/{segment(name)}").status_code == 409
    assert call(served, "DELETE", f"/groups/{segment(name)}").status_code == 204
    assert call(served, "GET", f"/groups/{segment(name)}").status_code == 404


def test_a_group_is_changed_in_what_is_given_and_nothing_else(served: Served) -> None:
    path = f"/groups/{segment('/change')}"
    call(served, "PUT", path, json={"retention_days": 7, "tags": {"a": "1", "b": "2"}})

    changed = call(served, "PATCH", path, json={"tags": {"a": None, "c": "3"}, "format": "json"})
    assert changed.json()["tags"] == {"b": "2", "c": "3"}
    assert (changed.json()["format"], changed.json()["retention_days"]) == ("json", 7)
    kept = call(served, "PATCH", path, json={"retention_days": None})
    assert kept.json()["retention_days"] is None
    assert call(served, "PATCH", path, json={"format": "nothing"}).status_code == 400
    assert call(served, "PATCH", path, json={"retention_days": 8}).status_code == 400
    call(served, "DELETE", path)


def test_groups_and_streams_are_listed_as_they_are(served: Served) -> None:
    found = served.get("/api/v1/groups", params={"pattern": "/app/*"}).json()["groups"]

    assert [group["name"] for group in found] == ["/app/secret", "/app/web"]
    assert found[1]["events"] == EVENTS
    assert set(found[0]) == {field for field in LogGroup.__dataclass_fields__}
    (stream,) = served.get("/api/v1/groups/%2Fapp%2Fweb/streams").json()["streams"]
    assert stream["events"] == EVENTS
    after = {"after": stream["name"]}
    assert served.get("/api/v1/groups/%2Fapp%2Fweb/streams", params=after).json()["streams"] == []


def test_a_query_is_saved_listed_and_deleted(served: Served) -> None:
    saved = {"query": 'filter level = "ERROR"', "groups": ["/app/web"], "parameters": []}

    made = call(served, "PUT", "/saved-queries/team%2Ferrors", json=saved)

    assert made.json()["name"] == "team/errors"
    listed = call(served, "GET", "/saved-queries", params={"prefix": "team/"}).json()["queries"]
    assert [query["text"] for query in listed] == [saved["query"]]
    assert call(served, "GET", "/saved-queries/team%2Ferrors").json() == listed[0]
    answer = served.query("$`team/errors`() | stats count(*) as n")
    assert answer.json() == {"n": EVENTS // 10}
    served.caller.allowed = [("*", "*log-group:/app/secret*"), ("*", "*query-definition*")]
    hidden = served.query("$`team/errors`() | stats count(*) as n", "/app/secret").json()
    unknown = served.query("$`team/nothing`() | stats count(*) as n", "/app/secret").json()
    assert hidden["detail"] == unknown["detail"].replace("nothing", "errors")
    assert call(served, "GET", "/saved-queries/team%2Ferrors").status_code == 404
    served.caller.allowed = [("*", "*")]
    assert call(served, "DELETE", "/saved-queries/team%2Ferrors").status_code == 204
    assert call(served, "DELETE", "/saved-queries/team%2Ferrors").status_code == 404


def test_a_filter_is_put_listed_tried_and_deleted(served: Served) -> None:
    path = "/groups/%2Fapp%2Fweb/filters/errors"
    body = {"pattern": "{ $.level = ERROR }", "namespace": "app", "metric": "errors"}

    assert call(served, "PUT", path, json=body).status_code == 204
    (found,) = call(served, "GET", "/filters", params={"group": "/app/web"}).json()["filters"]
    assert (found["name"], found["filter"]["metric"]) == ("errors", "errors")
    tried = {"pattern": "ERROR", "messages": ["an ERROR", "fine"]}
    assert call(served, "POST", "/filters/test", json=tried).json() == {
        "matches": [{"event_number": 1, "message": "an ERROR", "extracted": {}}]
    }
    assert call(served, "DELETE", path).status_code == 204


def test_a_table_is_put_shown_and_deleted(served: Served) -> None:
    made = call(served, "PUT", "/tables/users", json={"csv": "id,name\n1,a\n"})

    assert made.json()["columns"] == ["id", "name"]
    assert call(served, "PUT", "/tables/users", json={"csv": "id,name\n2,b\n"}).status_code == 200
    assert "2,b" in call(served, "GET", "/tables/users").json()["csv"]
    assert call(served, "DELETE", "/tables/users").status_code == 204


def ended(served: Served, id: str) -> Any:
    until = time.monotonic() + 60
    while True:
        found = call(served, "GET", f"/queries/{id}", params={"limit": 3}).json()
        if found["status"] not in ("Scheduled", "Running"):
            return found
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_query_runs_on_without_a_connection(served: Served) -> None:
    body = {"query": "fields n | sort n asc", "groups": ["/app/web"], "limit": 5}

    started = call(served, "POST", "/queries", json=body)

    assert started.status_code == 202
    found = ended(served, started.json()["id"])
    assert (found["status"], found["rows"]) == ("Complete", 5)
    assert [row["n"] for row in found["results"]] == ["0", "1", "2"]
    rest = call(served, "GET", f"/queries/{found['id']}", params={"first": found["next"]}).json()
    assert [row["n"] for row in rest["results"]] == ["3", "4"]
    listed = call(served, "GET", "/queries", params={"group": "/app/web"}).json()["queries"]
    assert found["id"] in {query["id"] for query in listed}


def test_a_started_query_is_stopped(served: Served) -> None:
    text = "stats count(*) by n, level, @timestamp, @message | sort @message desc"
    started = call(served, "POST", "/queries", json={"query": text, "groups": ["/app/*"]})
    id = started.json()["id"]

    assert call(served, "DELETE", f"/queries/{id}").status_code == 204
    assert ended(served, id)["status"] in ("Cancelled", "Complete")
    assert call(served, "DELETE", f"/queries/{id}").status_code == 204
    assert call(served, "DELETE", "/queries/nothing").status_code == 404


def test_a_query_at_fault_is_not_started(served: Served) -> None:
    answer = call(served, "POST", "/queries", json={"query": "fliter", "groups": ["/app/web"]})

    assert answer.status_code == 400
    assert (answer.json()["start"], answer.json()["end"]) == (0, 6)


def test_lines_around_an_event_are_of_its_stream_and_in_order(served: Served) -> None:
    text = "fields @message, n | filter n = 100"
    body = {"pointers": True}
    (row,) = [json.loads(line) for line in served.query(text, body=body).text.splitlines()]

    found = served.get(
        "/api/v1/groups/%2Fapp%2Fweb/context",
        params={"ptr": row["@ptr"], "before": 3, "after": 2},
    ).json()

    numbers = [
        json.loads(line["message"])["n"]
        for line in (*found["before"], found["event"], *found["after"])
    ]
    assert numbers == [97, 98, 99, 100, 101, 102]
    more = served.get(
        "/api/v1/groups/%2Fapp%2Fweb/context",
        params={"ptr": found["before"][0]["pointer"], "before": 1, "after": 0},
    ).json()
    assert [json.loads(line["message"])["n"] for line in more["before"]] == [96]
    record = served.get("/api/v1/records", params={"ptr": row["@ptr"]}).json()["record"]
    assert (record["n"], record["level"]) == ("100", "ERROR")
    wrong = served.get("/api/v1/groups/other/context", params={"ptr": row["@ptr"]})
    assert wrong.status_code == 400


def test_the_server_says_what_it_is_and_who_asks(served: Served) -> None:
    info = served.get("/api/v1/info").json()

    assert (info["caller"], info["kind"], info["region"]) == ("tester", "key", "us-east-1")


def test_every_topic_of_the_reference_has_entries(served: Served) -> None:
    for topic in served.get("/api/v1/help").json()["topics"]:
        entries = served.get(f"/api/v1/help/{topic['name']}").json()["entries"]
        assert entries, topic
        assert all(entry["name"] and entry["help"] for entry in entries), topic
    assert served.get("/api/v1/help/nothing").status_code == 404


READS = {
    "/groups/%2Fapp%2Fsecret": 403,
    "/groups/%2Fapp%2Fsecret/streams": 403,
    "/fields?group=%2Fapp%2Fsecret": 403,
    "/filters?group=%2Fapp%2Fsecret": 403,
    "/tail?group=%2Fapp%2Fsecret": 403,
    "/keys": 200,
    "/policies": 200,
    "/policies/LogQAdmin": 403,
    "/audit/verify": 403,
    "/groups": 200,
    "/queries": 200,
    "/saved-queries": 200,
    "/tables": 200,
    "/filters": 200,
}


@pytest.mark.parametrize(("path", "status"), READS.items())
def test_a_caller_with_one_group_learns_nothing_of_another(
    served: Served, path: str, status: int
) -> None:
    served.logq.storage.definitions.put(
        "query", "theirs", {"id": "1", "query": "", "groups": [], "parameters": []}
    )
    served.caller.allowed = [("*", "*:log-group:/app/web"), ("*", "*:log-group:/app/web:*")]

    answer = served.get(f"/api/v1{path}")

    assert answer.status_code == status, answer.text
    if status == 200:
        assert "secret" not in answer.text
        assert "theirs" not in answer.text
        assert "LogQAdmin" not in answer.text


def test_every_call_is_recorded_with_who_made_it(served: Served) -> None:
    served.get("/api/v1/groups")
    served.query("limit 1")

    assert [call.action for call in served.calls.seen] == [
        "logs:DescribeLogGroups",
        "logq:RunQuery",
    ]
    assert {call.caller for call in served.calls.seen} == {"tester"}
