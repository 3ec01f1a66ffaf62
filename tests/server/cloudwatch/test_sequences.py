"""Clients that are not installed here: their calls in their order."""

from __future__ import annotations

import httpx2
import orjson
import pytest

from tests.server.cloudwatch.sequences import SEQUENCES
from tests.server.cloudwatch.serving import Served


@pytest.mark.parametrize("client", SEQUENCES)
def test_a_client_finds_what_it_looks_for(client: str, served: Served) -> None:
    for operation, body, status, wanted in SEQUENCES[client]:
        answer = httpx2.post(
            served.url,
            content=orjson.dumps(body),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"Logs_20140328.{operation}",
            },
        )
        assert answer.status_code == status, f"{operation}: {answer.text}"
        assert answer.headers["x-amzn-requestid"], operation
        assert answer.headers["access-control-expose-headers"] == "x-amzn-RequestId"
        given = answer.json() if answer.content else {}
        assert {name: given.get(name) for name in wanted} == wanted, operation
        if status == 400:
            assert given.keys() == {"__type", "message"}
        assert None not in given.values()
