"""Calls over the three protocols, as AWS's clients and as raw HTTP make them."""

from __future__ import annotations

import gzip
from typing import Any

import botocore.model
import httpx2
import pytest
from botocore.exceptions import ClientError

from tests.server.cloudwatch.serving import Served

JSON = {"Content-Type": "application/x-amz-json-1.1"}


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def call(
    served: Served, target: str, body: bytes = b"{}", path: str = "/", **headers: str
) -> httpx2.Response:
    given = JSON | {"X-Amz-Target": target} | headers
    return httpx2.post(served.url + path, content=body, headers=given)


def test_boto3_makes_a_log_group(logs: Any, served: Served) -> None:
    answer = logs.create_log_group(logGroupName="app", tags={"team": "a"})

    assert served.logq.storage.groups.get("app").tags == {"team": "a"}
    assert answer["ResponseMetadata"]["RequestId"]


def test_an_error_of_logs_has_its_bare_name(served: Served) -> None:
    body = b'{"logGroupName": "app"}'
    call(served, "Logs_20140328.CreateLogGroup", body)

    again = call(served, "Logs_20140328.CreateLogGroup", body)

    assert again.status_code == 400
    assert again.json() == {
        "__type": "ResourceAlreadyExistsException",
        "message": "The specified log group already exists",
    }
    assert again.headers["content-type"] == "application/x-amz-json-1.1"
    assert again.headers["x-amzn-requestid"]
    assert again.headers["access-control-expose-headers"] == "x-amzn-RequestId"


def test_what_the_model_forbids_is_refused_in_its_words(logs: Any) -> None:
    with pytest.raises(ClientError) as error:
        logs.create_log_group(logGroupName="a b")

    assert code(error) == "InvalidParameterException"
    assert error.value.response["Error"]["Message"] == (
        "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"
    )


@pytest.mark.parametrize(
    ("target", "body", "wanted"),
    [
        ("Logs_20140328.Nonsense", b"{}", "UnknownOperationException"),
        ("Logs_20140328.PutAccountPolicy", b"{}", "UnknownOperationException"),
        ("Nobody_1.CreateLogGroup", b"{}", "UnknownOperationException"),
        ("nodot", b"{}", "UnknownOperationException"),
        ("Logs_20140328.CreateLogGroup", b"{", "SerializationException"),
        ("Logs_20140328.CreateLogGroup", b"[]", "SerializationException"),
        ("Logs_20140328.CreateLogGroup", b'{"logGroupName": 1}', "SerializationException"),
        ("Logs_20140328.CreateLogGroup", b"", "InvalidParameterException"),
    ],
)
def test_what_is_no_call_of_an_operation_is_refused(
    served: Served, target: str, body: bytes, wanted: str
) -> None:
    answer = call(served, target, body)

    assert (answer.status_code, answer.json()["__type"]) == (400, wanted)
    assert answer.json()["message"]


def test_an_unknown_operation_of_monitoring_also_says_its_old_code(client: Any) -> None:
    with pytest.raises(ClientError) as error:
        client("cloudwatch").put_anomaly_detector(Namespace="n", MetricName="m", Stat="Average")

    assert code(error) == "InvalidAction"


def test_an_endpoint_may_have_a_path(served: Served) -> None:
    answer = call(served, "Logs_20140328.CreateLogGroup", b'{"logGroupName": "app"}', "/aws")

    assert answer.status_code == 200


# ---- the other protocols


@pytest.fixture(params=["smithy-rpc-v2-cbor", "query", "json"])
def spoken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Makes boto3 speak this protocol wherever a service has it."""
    others = [p for p in botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS if p != request.param]
    monkeypatch.setattr(
        botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", [request.param, *others]
    )
    return str(request.param)


def test_an_empty_list_is_empty_in_every_protocol(spoken: str, client: Any) -> None:
    answer = client("cloudwatch").describe_insight_rules(MaxResults=5)

    assert answer["InsightRules"] == []
    assert answer["ResponseMetadata"]["RequestId"]


def test_an_error_has_the_same_code_in_every_protocol(spoken: str, client: Any) -> None:
    monitoring = client("cloudwatch")

    with pytest.raises(ClientError) as unknown:
        monitoring.put_anomaly_detector(Namespace="n", MetricName="m", Stat="Average")
    with pytest.raises(ClientError) as invalid:
        monitoring.describe_insight_rules(MaxResults=501)

    assert code(unknown) == "InvalidAction"
    assert "LogQ does not carry out cloudwatch PutAnomalyDetector" in str(unknown.value)
    assert code(invalid) == "ValidationError"
    assert invalid.value.response["Error"]["Message"] == (
        "1 validation error detected: Value '501' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 500"
    )
    assert invalid.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_answer_in_cbor_names_its_protocol(served: Served) -> None:
    answer = httpx2.post(
        f"{served.url}/aws/service/GraniteServiceVersion20100801/operation/ListMetricStreams",
        content=b"\xbf\xff",
        headers={"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"},
    )

    assert answer.status_code == 200
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert answer.headers["content-type"] == "application/cbor"


@pytest.mark.parametrize(
    "body",
    [b"\x9f", b"\x7a\xff\xff\xff\xff", b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", b"\x81" * 5000]
    + [b"\x1c", b"\xa1\x80\x01", b"\xc2\x41\x01", b"\x61\xff"],
)
def test_a_body_that_is_no_cbor_is_refused(served: Served, body: bytes) -> None:
    answer = httpx2.post(
        f"{served.url}/service/GraniteServiceVersion20100801/operation/ListMetricStreams",
        content=body,
        headers={"smithy-protocol": "rpc-v2-cbor"},
    )

    assert answer.status_code == 400
    assert b"SerializationException" in answer.content


def test_sts_says_who_asks(client: Any) -> None:
    answer = client("sts").get_caller_identity()

    assert answer["Account"] == "000000000000"
    assert answer["Arn"] == "arn:aws:iam::000000000000:user/tester"
    assert answer["UserId"] == "AKTEST"


def test_the_query_protocol_may_stand_in_a_query_string(served: Served) -> None:
    answer = httpx2.get(f"{served.url}/?Action=GetCallerIdentity&Version=2011-06-15")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml"
    assert answer.text.startswith(
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        "<GetCallerIdentityResult><UserId>AKTEST</UserId>"
    )


def test_an_error_of_the_query_protocol_is_xml(served: Served) -> None:
    answer = httpx2.post(served.url, data={"Action": "<Nonsense>", "Version": "2010-03-31"})

    assert answer.status_code == 400
    assert "<Error><Type>Sender</Type><Code>InvalidAction</Code>" in answer.text
    assert "&lt;Nonsense&gt;" in answer.text


def test_a_packed_body_is_unpacked(served: Served) -> None:
    body = gzip.compress(b'{"logGroupName": "packed"}')

    answer = call(served, "Logs_20140328.CreateLogGroup", body, **{"Content-Encoding": "gzip"})

    assert answer.status_code == 200
    assert served.logq.storage.groups.get("packed")


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (gzip.compress(b" " * (17 << 20), mtime=0), "gzip", 413),
        (b" " * (17 << 20), "identity", 413),
        (gzip.compress(b"{}", mtime=0)[:-9], "gzip", 400),
        (b"{}", "gzip", 400),
        (b"{}", "br", 400),
    ],
)
def test_a_body_that_is_too_large_or_broken_is_refused(
    served: Served, body: bytes, encoding: str, status: int
) -> None:
    headers = {"Content-Encoding": encoding}
    answer = call(served, "Logs_20140328.DescribeLogGroups", body, **headers)

    assert answer.status_code == status


def test_a_signature_for_another_service_is_refused(served: Served) -> None:
    scope = "AKTEST/20260105/us-east-1/monitoring/aws4_request"
    answer = call(
        served,
        "Logs_20140328.DescribeLogGroups",
        Authorization=f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00",
    )

    assert answer.json() == {
        "__type": "InvalidSignatureException",
        "message": "Credential should be scoped to correct service: 'logs'. ",
    }


def test_a_fault_of_our_own_is_an_error_without_its_reason(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a secret path")

    monkeypatch.setattr(type(served.logq.storage.groups), "list", fail)
    answer = call(served, "Logs_20140328.DescribeLogGroups")

    assert answer.status_code == 500
    assert answer.json()["__type"] == "InternalFailure"
    assert "secret" not in answer.text
    assert answer.headers["x-amzn-requestid"] in answer.text


def test_other_paths_are_not_taken_for_the_wire_protocol(served: Served) -> None:
    assert httpx2.get(f"{served.url}/nowhere").status_code == 404
    assert httpx2.post(f"{served.url}/nowhere", json={}).status_code == 404
    assert httpx2.get(f"{served.url}/healthz").json() == {"status": "ok"}
    assert httpx2.post(f"{served.url}/healthz").status_code == 405


@pytest.mark.parametrize(
    ("service", "operation", "params", "wanted"),
    [
        ("events", "create_event_bus", {"Name": "b"}, "UnknownOperationException"),
        ("sns", "opt_in_phone_number", {"phoneNumber": "1"}, "InvalidAction"),
        ("sts", "get_session_token", {}, "InvalidAction"),
    ],
)
def test_services_whose_engines_are_not_here_say_so(
    service: str, operation: str, params: dict[str, Any], wanted: str, client: Any
) -> None:
    with pytest.raises(ClientError, match="LogQ does not carry out") as error:
        getattr(client(service), operation)(**params)

    assert code(error) == wanted
