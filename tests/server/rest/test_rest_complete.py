"""Completion over HTTP: what the logs hold, and no more of it than the caller may see."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.server.rest.conftest import Served


def complete(served: Served, text: str, *groups: str, **more: Any) -> Any:
    body = {"query": text, "cursor": len(text), "groups": groups or ["/app/web"], **more}
    answer = served.post("/api/v1/complete", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def inserts(found: Any) -> list[str]:
    return [item["insert"] for item in found["items"]]


def test_commands_are_offered_with_help(served: Served) -> None:
    found = complete(served, "fil")

    assert (found["start"], found["end"]) == (0, 3)
    item = found["items"][0]
    assert (item["label"], item["kind"], item["insert"]) == ("filter", "command", "filter ")
    assert item["help"].endswith(".")


def test_fields_of_the_log_groups_are_offered_with_types_and_share(served: Served) -> None:
    found = complete(served, "filter lev")

    assert found["items"][0]["detail"] == "text, 100 %"
    assert inserts(complete(served, "filter lev", "/app/*")) == ["level"]
    assert inserts(complete(served, "filter lev", "/nothing")) == []


def test_values_of_a_field_are_offered_commonest_first(served: Served) -> None:
    found = complete(served, "filter level = ")

    assert inserts(found)[:2] == ['"INFO"', '"ERROR"']
    assert found["items"][0]["detail"] == "18,000 seen"
    assert inserts(complete(served, 'filter level = "err')) == ['"ERROR"']


@pytest.mark.soak  # a figure: on a busy machine it says nothing
def test_a_list_comes_quickly(served: Served) -> None:
    complete(served, "filter ")
    begun = time.monotonic()
    complete(served, "filter ")

    assert time.monotonic() - begun < 0.5  # some milliseconds where the machine is free


def test_only_what_the_caller_may_see_is_offered(served: Served) -> None:
    served.caller.allowed = [
        ("logs:GetLogGroupFields", "*:log-group:/app/web"),
        ("logs:DescribeLogGroups", "*:log-group:/app/web"),
    ]

    assert inserts(complete(served, "filter lev", "/app/secret")) == []
    assert inserts(complete(served, "filter lev", "/app/*")) == ["level"]
    assert '"ERROR"' not in inserts(complete(served, "filter level = "))
    assert inserts(complete(served, 'SOURCE "/app'))[:2] == ['"/app/web"']


def test_the_groups_may_be_named_by_the_query_itself(served: Served) -> None:
    text = 'SOURCE "/app/web" | filter lev'
    body = {"query": text, "cursor": len(text)}

    assert inserts(served.post("/api/v1/complete", json=body).json()) == ["level"]


def test_fields_are_listed_with_types_share_and_examples(served: Served) -> None:
    found = served.get("/api/v1/fields", params={"group": "/app/web", "start": "2026-01-01"})

    by_name = {field["field"]: field for field in found.json()["fields"]}
    assert by_name["level"]["types"] == ["text"]
    assert by_name["level"]["percent"] == 100.0
    assert set(by_name["level"]["examples"]) == {"INFO", "ERROR"}


def test_fields_show_values_and_so_need_both_permissions(served: Served) -> None:
    served.caller.allowed = [("logs:GetLogGroupFields", "*")]

    assert served.get("/api/v1/fields", params={"group": "/app/web"}).status_code == 403
