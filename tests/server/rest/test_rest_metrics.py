"""Metrics over REST."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.server.rest.conftest import Served


def call(served: Served, method: str, path: str = "", **options: Any) -> httpx2.Response:
    return httpx2.request(method, f"{served.url}/api/v1/metrics{path}", timeout=60, **options)


@pytest.fixture
def now(served: Served) -> int:
    """The start of this minute, epoch milliseconds."""
    return served.logq.clock() // 60_000 * 60_000


def sample(*values: float, **more: Any) -> dict[str, Any]:
    return {"namespace": "Rest", "name": "size", "values": values, **more}


def test_samples_are_put_listed_read_and_deleted(served: Served, now: int) -> None:
    data = [sample(1, 2, dimensions={"b": "2", "a": "1"}), sample(9, time=now - 60_000)]
    assert call(served, "POST", json={"data": data}).status_code == 204

    listed = call(served, "GET", params={"namespace": "Rest", "limit": 1}).json()
    more = call(served, "GET", params={"namespace": "Rest", "limit": 1, "token": listed["next"]})
    with_a = call(served, "GET", params={"dimension": ["a=1", "b"], "recent": True}).json()
    names = [each["dimensions"] for each in (*listed["metrics"], *more.json()["metrics"])]
    assert names == [{}, {"a": "1", "b": "2"}]
    assert more.json()["next"] is None
    assert [each["name"] for each in with_a["metrics"]] == ["size"]

    stat = {"namespace": "Rest", "name": "size", "stat": "Sum", "period": 60}
    asked = {
        "queries": [
            {"id": "m1", "stat": stat, "returned": False},
            {"id": "e1", "expression": "m1 * 2", "label": "double"},
        ],
        "start": now - 120_000,
        "end": now + 60_000,
    }
    read = call(served, "POST", "/data", json=asked)
    expected = {"id": "e1", "label": "double", "period": 60, "points": [[now - 60_000, 18.0]]}
    assert read.json() == {"series": [expected]}

    gone = call(served, "DELETE", params={"namespace": "Rest", "dimension": "a"})
    assert gone.json() == {"deleted": 1}
    assert call(served, "DELETE", params={"namespace": "Rest"}).json() == {"deleted": 1}


def test_a_fault_of_an_expression_has_its_place(served: Served, now: int) -> None:
    asked = {"queries": [{"id": "e1", "expression": "1 + AVGG(2)"}], "start": now - 1, "end": now}

    problem = call(served, "POST", "/data", json=asked)

    assert problem.status_code == 400
    found = problem.json()
    assert (found["code"], found["start"], found["end"]) == ("UnknownFunction", 4, 11)
    assert found["detail"] == "e1: there is no function AVGG"


def test_what_is_not_allowed_is_refused(served: Served, now: int) -> None:
    own = {"namespace": "LogQ/Logs", "name": "IncomingBytes", "stat": "Sum", "period": 60}
    secret = {**own, "dimensions": {"LogGroupName": "/app/secret"}}
    asked = {"queries": [{"id": "m1", "stat": secret}], "start": now - 60_000, "end": now}
    allowed = served.caller.allowed
    try:
        served.caller.allowed = [("cloudwatch:*", "*"), ("logs:*", "*:/app/web")]
        assert call(served, "POST", "/data", json=asked).status_code == 403
        shown = call(served, "GET", params={"namespace": "LogQ/Logs"}).json()["metrics"]
        assert all(m["dimensions"].get("LogGroupName") != "/app/secret" for m in shown)
        served.caller.allowed = [("logs:*", "*")]
        assert call(served, "POST", json={"data": [sample(1)]}).status_code == 403
        assert call(served, "GET").status_code == 403
        assert call(served, "DELETE", params={"namespace": "Rest"}).status_code == 403
    finally:
        served.caller.allowed = allowed
