"""Batches and checkpoints of a client over HTTP."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any
from urllib.parse import quote

import httpx2
import pyarrow as pa
import pytest

from tests.server.rest.conftest import START, Served

ARROW = "application/vnd.apache.arrow.stream"


def batch(*messages: str, checkpoints: list[dict[str, Any]] | None = None) -> pa.Table:
    table = pa.table(
        {
            "@timestamp": pa.array([START] * len(messages), pa.timestamp("ms")),
            "@message": pa.array(messages, pa.string()),
            "@logStream": pa.array(["web"] * len(messages), pa.string()),
        }
    )
    return table.replace_schema_metadata({"logq.checkpoints": json.dumps(checkpoints or [])})


def encoded(table: pa.Table, **options: Any) -> bytes:
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as out:
        out.write_table(table)
    return stream.getvalue()


def send(
    served: Served, group: str, body: bytes, create: bool = True, packing: str = "identity"
) -> httpx2.Response:
    return served.post(
        f"/api/v1/groups/{quote(group, safe='')}/batches",
        params={"create": str(create).lower()},
        content=body,
        headers={"Content-Type": ARROW, "Content-Encoding": packing},
    )


def mark(value: str, expected: str | None = None) -> dict[str, Any]:
    return {"owner": "agent@a", "key": "f", "value": value, "expected": expected, "check": True}


def messages(served: Served, group: str) -> list[str]:
    found = served.query("display @message | sort @message asc", group)
    return [json.loads(line)["@message"] for line in found.text.splitlines()]


def test_a_batch_that_is_sent_twice_is_stored_once(served: Served) -> None:
    body = encoded(batch("a", "b", checkpoints=[mark("1")]))

    first, again = send(served, "/b/once#1", body), send(served, "/b/once#1", body)

    assert first.json() == {"events": 2, "bytes": 2, "expired": 0, "repeated": False}
    assert again.json() == {"events": 2, "bytes": 2, "expired": 0, "repeated": True}
    assert messages(served, "/b/once#1") == ["a", "b"]


def test_a_batch_behind_a_moved_checkpoint_is_a_conflict(served: Served) -> None:
    send(served, "/b/moved", encoded(batch("a", checkpoints=[{**mark("1"), "key": "m"}])))

    late = send(served, "/b/moved", encoded(batch("b", checkpoints=[{**mark("2"), "key": "m"}])))

    assert (late.status_code, late.json()["code"]) == (409, "CheckpointConflict")
    assert messages(served, "/b/moved") == ["a"]


def test_a_body_may_be_packed_as_a_whole(served: Served) -> None:
    body = gzip.compress(encoded(batch("packed")))

    assert send(served, "/b/gzip", body, packing="gzip").status_code == 200


def test_a_log_group_is_made_only_if_asked_for(served: Served) -> None:
    assert send(served, "/b/none", encoded(batch("a")), create=False).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello, this is no arrow stream at all",
        b"\xff\xff\xff\xff\xff\xff\xff\x7f",
        encoded(batch("a"))[:-40],
        encoded(batch("aaaaaaaaaaaaaaaa" * 100), compression="zstd"),
        encoded(batch("a").set_column(2, "@logStream", pa.array(["x"]).dictionary_encode())),
        encoded(batch("a").replace_schema_metadata({"logq.checkpoints": "{"})),
        encoded(batch("a").replace_schema_metadata({"logq.checkpoints": '[{"owner": 1}]'})),
        encoded(batch("a").drop_columns(["@message"])),
    ],
    ids=range(9),
)
def test_what_is_no_batch_is_a_problem(served: Served, body: bytes) -> None:
    answer = send(served, "/b/bad", body)

    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_no_bit_that_flips_in_a_batch_makes_the_server_fail(served: Served) -> None:
    body = encoded(batch("some text", "other text", checkpoints=[mark("1")]))
    for at in range(0, len(body), 9):
        broken = bytearray(body)
        broken[at] ^= 0xFF
        answer = send(served, "/b/flipped", bytes(broken))
        assert answer.status_code < 500, (at, answer.text)


def test_checkpoints_are_listed_moved_and_forgotten(served: Served) -> None:
    there = {"owner": "me", "key": "/var/log/a b", "value": "{}"}
    assert served.post("/api/v1/checkpoints", json=there).status_code == 204
    late = served.post("/api/v1/checkpoints", json={**there, "value": "1", "check": True})
    assert late.status_code == 409

    listed = served.get("/api/v1/checkpoints", params={"owner": "me"})
    assert listed.json() == {"checkpoints": {"/var/log/a b": "{}"}}

    params = {"owner": "me", "key": "/var/log/a b"}
    httpx2.delete(f"{served.url}/api/v1/checkpoints", params=params).raise_for_status()
    assert served.get("/api/v1/checkpoints", params={"owner": "me"}).json()["checkpoints"] == {}


def test_a_caller_writes_only_where_a_policy_allows_it(served: Served) -> None:
    served.caller.allowed = [("logs:PutLogEvents", "*:log-group:/mine/*")]
    served.logq.ensure_group("/mine/a")

    assert send(served, "/mine/a", encoded(batch("x"))).status_code == 200
    assert send(served, "/mine/b", encoded(batch("x"))).status_code == 403
    assert send(served, "/yours", encoded(batch("x"))).status_code == 403


def test_the_data_is_looked_after_by_administrators(served: Served) -> None:
    assert "sealed" in served.post("/api/v1/compact").json()
    assert "segments" in served.post("/api/v1/retention").json()
    assert served.post("/api/v1/doctor").json()["findings"] == []
    served.caller.allowed = [("*", "*:log-group:/mine/*")]
    for path in ("/api/v1/compact", "/api/v1/retention", "/api/v1/doctor"):
        assert served.post(path).status_code == 403
