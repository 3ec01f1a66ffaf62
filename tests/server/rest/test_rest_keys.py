"""Who may ask once there is a key."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.server.rest.conftest import Served
from tests.server.rest.test_rest_schema import DOCUMENT, OPERATIONS, filled


@pytest.fixture(scope="module")
def made(running: Served) -> Any:
    """The first key, an administrator's; from then on nobody is anonymous."""
    body = {"name": "admin", "policies": ["LogQAdmin"]}
    answer = running.post("/api/v1/keys", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_with_the_first_key_nothing_is_answered_without_one(served: Served, made: Any) -> None:
    for method, path in [*OPERATIONS, ("post", "/api/v1/keys"), ("get", "/api/v1/tail")]:
        operation = DOCUMENT["paths"][path][method]
        url, query = path, []
        for parameter in operation.get("parameters", ()):
            value = filled(parameter["schema"], "x")
            value = quote(str(value[0] if isinstance(value, list) else value).lower())
            if parameter["in"] == "path":
                url = url.replace(f"{{{parameter['name']}}}", value)
            elif parameter["in"] == "query":
                query.append(f"{parameter['name']}={value}")
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        answer = httpx2.request(
            method.upper(),
            f"{served.url}{url}?{'&'.join(query)}",
            content=json.dumps(filled(body["schema"], "x")) if body else None,
            headers={"Content-Type": "application/json"} if body else {},
        )
        assert answer.status_code == 401, (method, path, answer.text)
        assert answer.json()["code"] == "Unauthenticated", (method, path)
    assert served.get("/openapi.json").status_code == 401


def test_a_key_does_what_its_policies_say_until_it_is_revoked(served: Served, made: Any) -> None:
    admin = bearer(made["secret"])
    body = {"name": "reader", "policies": ["LogQReadOnly:/app/web"], "days": 1}
    answer = served.post("/api/v1/keys", json=body, headers=admin)
    key, reader = answer.json()["key"], bearer(answer.json()["secret"])

    groups = served.get("/api/v1/groups", headers=reader).json()["groups"]
    assert [group["name"] for group in groups] == ["/app/web"]
    assert served.query("limit 1", "/app/web", headers=reader).status_code == 200
    assert served.query("limit 1", "/app/secret", headers=reader).status_code == 403
    assert served.post("/api/v1/compact", headers=reader).status_code == 403
    assert served.get("/api/v1/keys", headers=reader).json()["keys"] == []
    info = served.get("/api/v1/info", headers=reader).json()
    assert (info["caller"], info["kind"]) == ("reader", "token")

    url = f"{served.url}/api/v1/keys/{key['id']}"
    assert httpx2.delete(url, headers=admin).json()["state"] == "revoked"
    assert served.get("/api/v1/groups", headers=reader).status_code == 401


def test_a_policy_is_put_shown_and_deleted(served: Served, made: Any) -> None:
    admin = bearer(made["secret"])
    rule = {"Effect": "Allow", "Action": "logs:Get*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [rule]}
    url = f"{served.url}/api/v1/policies/mine"

    assert httpx2.put(url, json=document, headers=admin).status_code == 200
    assert httpx2.get(url, headers=admin).json()["document"] == document
    wrong = httpx2.put(url, json={"Statement": 1}, headers=admin)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "InvalidPolicy")
    assert httpx2.delete(url, headers=admin).status_code == 204


def test_the_audit_is_proved(served: Served, made: Any) -> None:
    answer = served.get("/api/v1/audit/verify", headers=bearer(made["secret"]))

    assert answer.status_code == 200
    assert answer.json()["findings"] == []
