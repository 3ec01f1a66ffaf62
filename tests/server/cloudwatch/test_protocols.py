"""Calls over the three protocols, as AWS's clients and as raw HTTP make them."""

from __future__ import annotations

from typing import Any

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
