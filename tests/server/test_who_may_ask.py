"""The whole way: keys of ``logq keys``, a running server, AWS' own client, and the audit of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx2
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError

from logq.access.caller import ADMINISTRATOR
from logq.access.keys import Form, NewKey
from logq.app import LogQ
from logq.server import create_app
from logq.server.service import Service
from logq.work.pool import Workers
from tests.audit.conftest import rows


@dataclass(frozen=True)
class Served:
    url: str
    logq: LogQ

    def aws(self, made: NewKey, secret: str | None = None) -> Any:
        """boto3 with an access key."""
        return boto3.client(
            "logs", region_name="us-east-1", endpoint_url=self.url,
            aws_access_key_id=made.key.id, aws_secret_access_key=secret or made.secret,
            config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip

    def groups(self, token: str | None = None) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx2.get(f"{self.url}/api/v1/groups", headers=headers, timeout=60)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    with (
        LogQ(tmp_path / "data", environ=environ) as logq,
        Workers(logq.data, logq.settings, logq.clock, 1) as pool,
    ):
        for name in ("/app/web", "/secret"):
            logq.storage.groups.create(name)
        app = create_app(Service(logq, pool, logq.audit, ADMINISTRATOR))
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            until = time.monotonic() + 60
            while not server.started:
                assert time.monotonic() < until, "the server did not start"
                time.sleep(0.005)
            port = server.servers[0].sockets[0].getsockname()[1]
            yield Served(f"http://127.0.0.1:{port}", logq)
        finally:
            server.should_exit = True
            thread.join(60)


def code(error: ClientError) -> tuple[str, int]:
    return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]


def test_the_first_key_closes_the_server(served: Served) -> None:
    assert served.groups().status_code == 200

    made = served.logq.access.keys.create("ops", ["LogQReadOnly"], Form.TOKEN)

    assert served.groups().status_code == 401
    assert served.groups("lq_0123456789ab_" + "x" * 43).status_code == 401
    assert served.groups(made.secret).status_code == 200
    assert httpx2.get(f"{served.url}/healthz").status_code == 200


def test_a_list_shows_what_the_policy_allows(served: Served) -> None:
    made = served.logq.access.keys.create("app", ["LogQReadOnly:/app/*"], Form.TOKEN)

    answer = served.groups(made.secret)

    assert [group["name"] for group in answer.json()["groups"]] == ["/app/web"]
    assert "secret" not in answer.text


def test_boto3_works_with_an_access_key_and_is_held_to_its_policy(served: Served) -> None:
    made = served.logq.access.keys.create("ops", ["LogQReadOnly:/app/*"])
    client = served.aws(made)

    found = client.describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in found] == ["/app/web"]
    with pytest.raises(ClientError) as caught:
        client.delete_log_group(logGroupName="/app/web")
    assert code(caught.value)[0] == "AccessDeniedException"
    with pytest.raises(ClientError) as caught:
        client.describe_log_streams(logGroupName="/secret")
    assert code(caught.value)[0] == "AccessDeniedException"


def test_a_wrong_secret_and_a_revoked_key_are_refused_as_aws_does(served: Served) -> None:
    made = served.logq.access.keys.create("ops", ["LogQAdmin"])
    with pytest.raises(ClientError) as caught:
        served.aws(made, "wrong").describe_log_groups()
    assert code(caught.value) in {("InvalidSignatureException", 400),
                                  ("SignatureDoesNotMatch", 403),
                                  ("InvalidSignatureException", 403)}  # fmt: skip
    assert served.aws(made).describe_log_groups()["logGroups"]

    served.logq.access.keys.revoke(made.key.id)
    with pytest.raises(ClientError) as caught:
        until = time.monotonic() + 60
        while time.monotonic() < until:  # what was asked lately may be known for a second
            served.aws(made).describe_log_groups()
    assert code(caught.value)[0] == "UnrecognizedClientException"


def test_calls_and_refusals_are_in_the_audit(served: Served) -> None:
    made = served.logq.access.keys.create("ops", ["LogQReadOnly:/app/*"])
    client = served.aws(made)
    client.describe_log_groups()
    with pytest.raises(ClientError):
        client.delete_log_group(logGroupName="/secret")
    with pytest.raises(ClientError):
        served.aws(made, "wrong").describe_log_groups()
    served.groups()
    served.logq.audit.flush()

    query = (
        "fields eventName, userIdentity.type, userIdentity.accessKeyId, errorCode, "
        "requestParameters.reason | sort sequence"
    )
    number = made.key.id
    assert rows(served.logq, query) == [
        ("DescribeLogGroups", "IAMUser", number, None, None),
        ("DeleteLogGroup", "IAMUser", number, "AccessDenied", None),
        ("Authenticate", "Unknown", number, "Unauthenticated", "signature"),
        ("Authenticate", "Unknown", None, "Unauthenticated", "missing"),
    ]
    texts = str(rows(served.logq, "fields @message"))
    assert made.secret not in texts and "Signature=" not in texts
    assert served.logq.verify_audit().findings == []


def test_the_audit_is_read_by_an_auditor_only(served: Served) -> None:
    keys = served.logq.access.keys
    reader = keys.create("reader", ["LogQReadOnly"], Form.TOKEN)
    auditor = keys.create("auditor", ["LogQAuditor"], Form.TOKEN)
    assert served.groups(reader.secret).status_code == 200
    served.logq.audit.flush()

    def asked(made: NewKey) -> httpx2.Response:
        return httpx2.post(
            f"{served.url}/api/v1/query",
            json={"query": "stats count(*) as n", "groups": ["/logq/audit"]},
            headers={"authorization": f"Bearer {made.secret}"},
            timeout=60,
        )

    assert asked(reader).status_code == 403
    answer = asked(auditor)
    assert answer.status_code == 200, answer.text
    assert '"n":' in answer.text
