"""Push ingestion over HTTP: answers, refusals, limits, and what is durable afterwards."""

from __future__ import annotations

import base64
import gzip
import json
import threading
import zlib
from collections.abc import Callable
from typing import Any

import cramjam
import httpx2
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from logq.access.keys import Form
from logq.app import LogQ
from logq.errors import DiskFull, Throttled
from logq.ingest.intake import PROTOBUF, Example, Intake, intakes
from logq.server.push import DOORS
from logq.server.push.memory import Memory
from tests.ingest.intakes.test_intakes import HOSTILE, MEDIA_TYPES
from tests.server.cloudwatch.serving import Served

EXAMPLES = [(intake, example) for intake in intakes().values() for example in intake.examples]
PATHS = [path.replace("{index}", "idx") for i in intakes().values() for path in i.paths]
MB = 1 << 20


def count(logq: LogQ, group: str) -> int:
    """The events of a log group."""
    return int(next(iter(logq.queries.run("stats count(*)", groups=[group]).rows()))[0])


def total(logq: LogQ) -> int:
    """The events of all log groups."""
    return sum(count(logq, group.name) for group in logq.storage.groups.list())


def accepted(reply: httpx2.Response, sent: int) -> int:
    """How many of ``sent`` events an answer acknowledges, in whichever protocol it is."""
    if reply.status_code >= 300:
        return 0
    if reply.headers.get("content-type", "").startswith(PROTOBUF):
        told = ExportLogsServiceResponse.FromString(reply.content)
        return sent - int(told.partial_success.rejected_log_records)
    if reply.status_code == 204:
        return sent
    if "items" in (answer := reply.json()):
        return sum(next(iter(item.values()))["status"] == 201 for item in answer["items"])
    return int(answer.get("accepted", sent))


def test_every_intake_has_a_door() -> None:
    assert {door.intake for door in DOORS} == intakes().keys()


@pytest.mark.parametrize(("intake", "example"), EXAMPLES, ids=lambda v: getattr(v, "name", ""))
def test_an_example_is_stored(
    intake: Intake, example: Example, http: httpx2.Client, served: Served
) -> None:
    headers = {"Content-Type": example.media_type}
    reply = http.post(example.path, content=example.body, headers=headers)

    assert reply.status_code in (200, 204), reply.text
    assert example.events is not None
    assert {name: count(served.logq, name) for name in example.events} == example.events


def test_a_group_and_a_stream_are_named_by_header_or_by_parameter(
    http: httpx2.Client, served: Served
) -> None:
    named = {"x-aws-log-group": "a", "x-aws-log-stream": "s"}
    arn = served.logq.place.log_group("b") + ":*"

    assert http.post("/ingest/bulk", content="{}\n", headers=named).status_code == 200
    reply = http.post("/ingest/bulk", params={"logGroup": arn, "logStream": "t"}, content="{}\n")
    assert reply.status_code == 200

    assert [s.name for s in served.logq.storage.groups.streams("a")] == ["s"]
    assert [s.name for s in served.logq.storage.groups.streams("b")] == ["t"]


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/ingest/json?logGroup=a", {"x-aws-log-group": "b"}, 400, "InvalidValue"),
        ("/ingest/json?logStream=a", {"x-aws-log-stream": "b"}, 400, "InvalidValue"),
        ("/ingest/json?logStream=a:b", {}, 400, "InvalidValue"),
        ("/ingest/json?logStream=", {}, 400, "InvalidValue"),
        ("/ingest/json?logGroup=a b", {}, 400, "InvalidValue"),
        ("/ingest/json?logGroup=", {}, 400, "InvalidValue"),
        ("/ingest/json?logGroup=arn:x", {}, 400, "InvalidValue"),
        ("/ingest/json?logGroup=/logq/audit", {}, 400, "InvalidValue"),
        ("/ingest/json", {"content-encoding": "lzma"}, 415, "Unpackable"),
        ("/ingest/json", {"content-encoding": "gzip"}, 400, "InvalidValue"),
    ],
)
def test_a_request_that_cannot_be_right_is_refused_with_a_problem_document(
    path: str,
    headers: dict[str, str],
    status: int,
    code: str,
    http: httpx2.Client,
    served: Served,
) -> None:
    reply = http.post(path, content='{"a":1}', headers=headers)

    assert (reply.status_code, reply.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    problem = reply.json()
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["detail"]
    assert total(served.logq) == 0


def test_bad_lines_are_told_and_good_ones_stored(http: httpx2.Client, served: Served) -> None:
    reply = http.post("/ingest/bulk?logGroup=a", content='{"n":1}\nnonsense\n{"n":2}\n')

    assert (reply.status_code, reply.json()) == (
        200,
        {
            "accepted": 2,
            "rejected": 1,
            "errors": [{"item": 2, "reason": "not a JSON object"}],
        },
    )
    assert count(served.logq, "a") == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/ingest/bulk", "x\ny\n"),
        ("/ingest/json", "[1,2]"),
        ("/services/collector/event", '{"event":""}'),
        ("/loki/api/v1/push", '{"streams":[{"stream":{},"values":[["1",""]]}]}'),
        ("/v1/logs", '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":5}]}]}]}'),
    ],
)
def test_when_nothing_is_accepted_the_status_says_so(
    path: str, body: str, http: httpx2.Client, served: Served
) -> None:
    reply = http.post(path, content=body, headers={"content-type": "application/json"})

    assert reply.status_code == 400
    assert "could be stored" in reply.text
    assert total(served.logq) == 0


def test_a_group_that_the_caller_may_not_write_to_takes_nothing_and_others_do(
    http: httpx2.Client, served: Served
) -> None:
    stream = served.logq.place.log_stream("secret", "127.0.0.1")
    served.caller.forbidden.add(("logs:PutLogEvents", stream))
    body = '{"index":{"_index":"open"}}\n{"a":1}\n{"index":{"_index":"secret"}}\n{"a":2}\n'

    bulk = http.post("/_bulk", content=body).json()
    alone = http.post("/ingest/json?logGroup=secret", content='{"a":1}')

    assert [item["index"]["status"] for item in bulk["items"]] == [201, 403]
    assert bulk["errors"] is True
    assert alone.status_code == 403
    assert count(served.logq, "open") == 1
    assert not served.logq.storage.groups.list("secret")


def test_groups_are_only_made_if_the_setting_and_the_policies_allow_it(
    http: httpx2.Client, served: Served
) -> None:
    group = served.logq.place.log_group("new")
    served.caller.forbidden.add(("logs:CreateLogGroup", group))

    assert http.post("/ingest/json?logGroup=new", content='{"a":1}').status_code == 403
    assert not served.logq.storage.groups.list("new")


REQUESTS = (
    ("/ingest/json", '{"a":1}'),
    ("/ingest/bulk", '{"a":1}'),
    ("/services/collector/event", '{"event":"a"}'),
    ("/services/collector/raw", "a"),
    ("/v1/logs", '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}'),
    ("/loki/api/v1/push", '{"streams":[{"stream":{},"values":[["1","a"]]}]}'),
    ("/_bulk", '{"create":{}}\n{"a":1}\n'),
)


@pytest.mark.parametrize(("path", "body"), REQUESTS, ids=[path for path, _ in REQUESTS])
def test_with_a_key_made_every_way_in_needs_a_token(
    path: str, body: str, http: httpx2.Client, served: Served
) -> None:
    served.logq.storage.groups.create("a")
    served.logq.storage.groups.create("b")
    keys, policies = served.logq.access.keys, served.logq.access.policies
    arn = served.logq.place.log_group("a")
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["logs:PutLogEvents", "logs:CallWithBearerToken"],
                "Resource": [arn, f"{arn}:*"],
            }
        ],
    }
    policies.put("only-a", json.dumps(document))
    token = keys.create("shipper", ["only-a"], Form.TOKEN).secret
    basic = base64.b64encode(f"any:{token}".encode()).decode()

    def post(group: str, authorization: str | None) -> int:
        headers = {"content-type": "application/json", "x-aws-log-group": group}
        if authorization is not None:
            headers["authorization"] = authorization
        return http.post(path, content=body, headers=headers).status_code

    for wrong in (None, "Bearer lq_x", f"Bearer {token}x", "Basic x", "Splunk"):
        assert post("a", wrong) == 401, wrong
    for right in (f"Bearer {token}", f"Splunk {token}", f"Basic {basic}"):
        assert post("a", right) in (200, 204), right
    refused = http.post(
        path,
        content=body,
        headers={
            "content-type": "application/json",
            "x-aws-log-group": "b",
            "authorization": f"Bearer {token}",
        },
    )
    assert refused.status_code == 403 or '"status":403' in refused.text
    assert (count(served.logq, "a"), count(served.logq, "b")) == (3, 0)


def test_with_a_key_made_nothing_beside_is_answered_without_one(
    http: httpx2.Client, served: Served
) -> None:
    served.logq.access.keys.create("shipper", ["LogQIngest"], Form.TOKEN)

    for path in ("/", "/_license", "/_xpack", "/_nodes", "/services/collector/health"):
        assert http.get(path).status_code == 401, path


@pytest.mark.parametrize(("path", "body"), REQUESTS, ids=[path for path, _ in REQUESTS])
def test_while_the_disk_is_full_senders_are_told_to_come_again(
    path: str, body: str, http: httpx2.Client, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise DiskFull("no space is left")

    monkeypatch.setattr(LogQ, "accept", full)

    reply = http.post(path, content=body, headers={"content-type": "application/json"})

    assert (reply.status_code, reply.headers["retry-after"]) == (503, "10")


def test_a_bug_is_an_error_of_ours_that_tells_nothing(
    http: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(LogQ, "accept", broken)

    for path, body in REQUESTS:
        reply = http.post(path, content=body, headers={"content-type": "application/json"})
        assert reply.status_code == 500
        assert "secret" not in reply.text


BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": lambda data: bytes(cramjam.zstd.compress(data)),
}


@pytest.mark.parametrize("encoding", BOMBS)
@pytest.mark.parametrize("path", ["/ingest/bulk", "/ingest/json", "/v1/logs", "/_bulk"])
def test_a_small_body_that_unpacks_to_a_large_one_is_refused(
    encoding: str, path: str, http: httpx2.Client
) -> None:
    bomb = BOMBS[encoding](b'{"a":"' + bytes(65 * MB))

    reply = http.post(path, content=bomb, headers={"content-encoding": encoding})

    assert len(bomb) < MB
    assert reply.status_code == 413


@pytest.mark.parametrize("encoding", BOMBS)
def test_a_packed_body_is_unpacked_and_a_truncated_one_refused(
    encoding: str, http: httpx2.Client, served: Served
) -> None:
    packed = BOMBS[encoding](b'{"a":1}\n' * 1000)
    headers = {"content-encoding": encoding}

    whole = http.post("/ingest/bulk?logGroup=a", content=packed, headers=headers)
    short = http.post("/ingest/bulk?logGroup=a", content=packed[:-4], headers=headers)

    assert (whole.status_code, whole.json()) == (200, {"accepted": 1000, "rejected": 0})
    assert short.status_code == 400
    assert count(served.logq, "a") == 1000


def test_bare_deflate_is_understood_too(http: httpx2.Client, served: Served) -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(b'{"a":1}\n') + packer.flush()

    reply = http.post("/ingest/bulk", content=packed, headers={"content-encoding": "deflate"})

    assert reply.status_code == 200


def test_a_body_that_goes_on_and_on_is_stopped(http: httpx2.Client, served: Served) -> None:
    def endless() -> Any:
        for _ in range(30):
            yield b'{"a":1}\n' * (MB // 8)

    assert http.post("/ingest/json", content=endless()).status_code == 413
    assert total(served.logq) == 0


def test_many_bytes_at_once_are_told_to_wait_and_one_large_request_is_not() -> None:
    memory = Memory(100)
    with memory.enter() as alone:
        alone.take(500)
        with memory.enter() as second, pytest.raises(Throttled, match="too many"):
            second.take(1)
    with memory.enter() as first, memory.enter() as other:
        first.take(60)
        other.take(40)
        with pytest.raises(Throttled):
            other.take(1)


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_body_is_never_an_error_of_ours_and_counts_add_up(
    body: bytes, http: httpx2.Client, served: Served
) -> None:
    acknowledged = 0
    for path in PATHS:
        for media_type in MEDIA_TYPES:
            headers = {"content-type": media_type} if media_type else {}
            reply = http.post(path, content=body, headers=headers)
            assert reply.status_code < 500, (path, media_type, reply.text)
            decoded = _events(path, body, media_type)
            acknowledged += accepted(reply, decoded)

    assert total(served.logq) == acknowledged


def _events(path: str, body: bytes, media_type: str) -> int:
    """How many events a request is about, as its intake counts them."""
    from logq.errors import LogQError
    from logq.ingest.intake import Sent

    plain = path.replace("idx", "{index}")
    intake = next(i for i in intakes().values() if plain in i.paths)
    try:
        found = intake.decode(Sent(body, media_type, index="idx"))
    except LogQError:
        return 0
    return found.events + (len(found.rejected) if intake.name == "otlp" else 0)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    path=st.sampled_from(PATHS),
    media_type=st.sampled_from(MEDIA_TYPES),
    body=st.binary(max_size=60)
    | st.lists(
        st.sampled_from([b'{"event":"a"}', b"{}", b'{"a":1}', b"[]", b"x", b'{"index":{}}'])
    ).map(b"\n".join),
)
def test_random_bodies_lose_nothing_that_was_acknowledged(
    path: str, media_type: str, body: bytes, http: httpx2.Client, served: Served
) -> None:
    before = total(served.logq)

    reply = http.post(path, content=body, headers={"content-type": media_type or "x/y"})

    assert reply.status_code < 500, reply.text
    events = _events(path, body, media_type or "x/y")
    assert total(served.logq) - before == accepted(reply, events)


def test_many_senders_at_once_lose_nothing(served: Served) -> None:
    lines = 50
    stored: list[int] = []

    def send(number: int) -> None:
        with httpx2.Client(base_url=served.url) as http:
            for n in range(10):
                body = "".join(f'{{"sender":{number},"n":{n},"i":{i}}}\n' for i in range(lines))
                reply = http.post(f"/ingest/bulk?logGroup=a&logStream=s{number}", content=body)
                stored.append(reply.json()["accepted"])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(stored) == count(served.logq, "a") == 4 * 10 * lines


def test_hec_answers_as_its_clients_know_it(http: httpx2.Client) -> None:
    path = "/services/collector/event"

    assert http.post(path, content='{"event":"a"}').json() == {"text": "Success", "code": 0}
    assert http.post(path, content="{").json()["code"] == 6
    health = http.get("/services/collector/health")
    assert (health.status_code, health.json()["code"]) == (200, 17)
    assert http.post("/services/collector/ack", content="{}").json()["code"] == 14


def test_an_otlp_refusal_is_a_status_in_the_request_s_own_encoding(http: httpx2.Client) -> None:
    for media_type in (PROTOBUF, "application/json"):
        headers = {"content-type": media_type}
        reply = http.post("/v1/logs", content=b"\xff\xff", headers=headers)
        assert (reply.status_code, reply.headers["content-type"]) == (400, media_type)
    assert orjson.loads(reply.content)["code"] == 3


def test_the_root_is_shared_with_browsers_and_with_aws_clients(http: httpx2.Client) -> None:
    assert http.get("/").json()["version"]["build_flavor"] == "default"
    assert "X-Elastic-Product" not in http.get("/", headers={"accept": "text/html"}).headers
    assert "X-Elastic-Product" not in http.get("/?Action=GetCallerIdentity&Version=x").headers


def test_what_is_written_twice_stays_as_it_was_sent(http: httpx2.Client, served: Served) -> None:
    """Exact bytes: white space, the order of keys, keys named twice, and forms of numbers."""
    text = '{ "b":1.0, "a" : 1e2,"b":2 }'
    http.post("/ingest/json?logGroup=a", content=f"[{text}]")
    http.post("/ingest/bulk?logGroup=a", content=text)
    http.post("/services/collector/event?logGroup=a", content=f'{{"event":{text}}}')
    http.post("/a/_bulk", content=f'{{"create":{{}}}}\n{text}\n')

    rows = served.logq.queries.run("fields @message", groups=["a"]).rows()
    assert [row[0] for row in rows] == [text] * 4
