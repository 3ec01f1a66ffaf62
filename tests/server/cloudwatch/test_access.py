"""Signatures of real clients over every protocol: who may come in, and what the others hear."""

from __future__ import annotations

from typing import Any

import boto3
import botocore.model
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from logq.app import LogQ, epoch_ms
from tests.server.cloudwatch.serving import serve


@pytest.fixture
def guarded(tmp_path: Any) -> Any:
    """A server in whose directory there is a key that may only read."""
    environ = {"LOGQ_KEY_FILE": str(tmp_path / "master.key")}
    with LogQ(tmp_path / "data", environ=environ) as logq:
        yield logq


def client(url: str, service: str, key: str, secret: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("logs", "json", "describe_log_groups", {}),
    ("cloudwatch", "json", "describe_insight_rules", {}),
    ("cloudwatch", "smithy-rpc-v2-cbor", "describe_insight_rules", {}),
    ("cloudwatch", "query", "describe_insight_rules", {}),
    ("sts", "query", "get_caller_identity", {}),
]
CODES = {
    "wrong secret": ("InvalidSignatureException", "SignatureDoesNotMatch"),
    "unknown key": ("UnrecognizedClientException", "InvalidClientTokenId"),
}


@pytest.mark.parametrize(("service", "protocol", "call", "params"), CASES)
def test_a_key_opens_every_protocol_and_nothing_else_does(
    service: str,
    protocol: str,
    call: str,
    params: dict[str, Any],
    guarded: LogQ,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = [protocol, *botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS]
    monkeypatch.setattr(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", order)
    made = guarded.access.keys.create("tester", ["LogQAdmin"])
    key, secret = made.key.id, made.secret

    with serve(guarded) as served:
        answer = getattr(client(served.url, service, key, secret), call)(**params)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200

        for what, given in {"wrong secret": (key, "x"), "unknown key": ("AKNOBODY", "x")}.items():
            with pytest.raises(ClientError) as error:
                getattr(client(served.url, service, *given), call)(**params)
            # monitoring says the old code in every protocol, for programs that test it.
            assert error.value.response["Error"]["Code"] == CODES[what][service != "logs"]


def test_who_may_only_read_is_told_that_by_the_policy(guarded: LogQ) -> None:
    guarded.storage.groups.create("app")
    made = guarded.access.keys.create("reader", ["LogQReadOnly"])

    with serve(guarded) as served:
        logs = client(served.url, "logs", made.key.id, made.secret)
        assert [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]] == ["app"]
        with pytest.raises(ClientError) as error:
            logs.delete_log_group(logGroupName="app")

    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_without_credentials_nothing_is_answered(guarded: LogQ) -> None:
    guarded.access.keys.create("someone", ["LogQAdmin"])

    with serve(guarded) as served:
        json = httpx2.post(
            served.url, content=b"{", headers={"X-Amz-Target": "Logs_20140328.Nonsense"}
        )
        form = httpx2.post(served.url, data={"Action": "Nonsense"})

    assert (json.status_code, json.json()) == (
        400,
        {
            "__type": "MissingAuthenticationTokenException",
            "message": "Missing Authentication Token",
        },
    )
    assert form.status_code == 403
    assert "<Code>MissingAuthenticationToken</Code>" in form.text


def test_a_signature_of_another_day_has_expired(guarded: LogQ) -> None:
    made = guarded.access.keys.create("tester", ["LogQAdmin"])
    guarded.clock = lambda: epoch_ms()

    with serve(guarded) as served:
        answer = httpx2.post(
            served.url,
            content=b"{}",
            headers={
                "X-Amz-Target": "Logs_20140328.DescribeLogGroups",
                "X-Amz-Date": "20200101T000000Z",
                "Authorization": "AWS4-HMAC-SHA256 "
                f"Credential={made.key.id}/20200101/us-east-1/logs/aws4_request, "
                f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}",
            },
        )

    assert answer.json()["__type"] == "InvalidSignatureException"
    assert answer.json()["message"].startswith("Signature expired: ")
