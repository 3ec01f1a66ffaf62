"""Requests made from the OpenAPI document: no failure, and nothing that it does not promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from logq.app import LogQ
from logq.server import create_app
from logq.server.service import Service
from tests.server.rest.conftest import Calls, NoPool, Served, Somebody

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


LEFT_OUT = {
    ("get", "/api/v1/tail"),  # never ends
    ("post", "/api/v1/keys"),  # ends the time in which nobody needs one
    ("post", "/api/v1/groups/{group}/batches"),  # no JSON; has tests of its own
}


def document() -> dict[str, Any]:
    logq = LogQ(Path("nowhere"), environ={})
    somebody, calls = Somebody(), Calls()
    return create_app(Service(logq, NoPool(), calls, somebody)).openapi()


DOCUMENT = document()
OPERATIONS = [
    (method, path)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
    if path.startswith("/api/") and (method, path) not in LEFT_OUT
]


@pytest.fixture(scope="module")
def schema() -> Any:
    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda text: text)
def test_the_document_is_true(served: Served, schema: Any, method: str, path: str) -> None:
    operation = schema[path][method]

    @given(case=operation.as_strategy())
    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        answer = case.call(base_url=served.url, timeout=60)
        case.validate_response(answer, checks=CHECKS)

    ask()


SLOW = {"/api/v1/doctor", "/api/v1/compact", "/api/v1/retention", "/api/v1/audit/verify"}
"""They read everything and take next to no text."""
HOSTILE = {
    "nul": "\0",
    "half a character": "\ud800",
    "controls": "\x1b]0;title\x07\u202e\r\n\r\n<script>",
    "a path": "../../../../etc/passwd",
    "a pattern": "*" * 300,
    "brackets": "(" * 3_000,
    "long": "a" * 3_000,
    "a number": "9" * 400,
}


def filled(schema: Any, text: str) -> Any:
    """A value of a JSON schema in which every text is this one."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return filled(DOCUMENT["components"]["schemas"][name], text)
    for choice in ("anyOf", "allOf"):
        if choice in schema:
            return filled(schema[choice][0], text)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        given = {name: filled(part, text) for name, part in schema.get("properties", {}).items()}
        more = schema.get("additionalProperties")
        return given | ({text: filled(more, text)} if isinstance(more, dict) else {})
    if kind == "array":
        return [filled(schema["items"], text)]
    return {"integer": 1, "number": 1, "boolean": False}.get(kind or "", text)


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_makes_any_route_fail(served: Served, text: str) -> None:
    for method, path in OPERATIONS:
        if path in SLOW:
            continue
        operation = DOCUMENT["paths"][path][method]
        url, query = path, []
        for parameter in operation.get("parameters", ()):
            value = filled(parameter["schema"], text)
            value = value[0] if isinstance(value, list) else value
            given = as_bytes(value) if isinstance(value, str) else str(value).lower().encode()
            if parameter["in"] == "path":
                url = url.replace(f"{{{parameter['name']}}}", quote(given, safe=""))
            elif parameter["in"] == "query":
                query.append(f"{parameter['name']}={quote(given, safe='')}")
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        sent = json.dumps(filled(body["schema"], text)).encode() if body else None
        answer = httpx2.request(
            method.upper(),
            f"{served.url}{url}?{'&'.join(query)}",
            content=sent,
            headers={"Content-Type": "application/json"} if body else {},
            timeout=60,
        )
        assert answer.status_code < 500, (method, path, answer.text[:500])
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json", (method, path)


def test_the_document_describes_every_route_with_a_sentence(served: Served) -> None:
    document = served.get("/openapi.json").json()

    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            if path.startswith("/api/"):
                assert operation["description"].strip().endswith((".", "*")), (method, path)
                assert {"400", "401", "403", "429"} <= operation["responses"].keys()
                problem = operation["responses"]["403"]["content"]
                assert list(problem) == ["application/problem+json"]
            for parameter in operation.get("parameters", ()):
                described = parameter.get("description")
                assert described or parameter["in"] == "header", (method, path, parameter)
    assert document["security"] == [{"token": []}, {}]
