"""What shippers send, request by request, and what is found afterwards.

One file of ``recorded`` is one shipper. ``body`` is text and ``base64`` bytes, ``packed`` by its
``Content-Encoding``; ``has`` are members of the JSON answer, ``answers`` its headers; ``found`` are
queries afterwards, whose missing values are written as empty texts.
"""

from __future__ import annotations

import base64
import gzip
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cramjam
import httpx2
import pytest

from tests.server.cloudwatch.serving import Served

FILES = sorted((Path(__file__).parent / "recorded").glob("*.toml"))
PACKERS = {"gzip": gzip.compress, "zstd": lambda data: bytes(cramjam.zstd.compress(data))}


def send(http: httpx2.Client, request: Mapping[str, Any]) -> httpx2.Response:
    """One recorded request."""
    body = base64.b64decode(request.get("base64", "")) or request.get("body", "").lstrip().encode()
    headers = dict(request.get("headers", {}))
    if packed := request.get("packed"):
        body = PACKERS[packed](body)
        headers["Content-Encoding"] = packed
    return http.request(request["method"], request["path"], content=body, headers=headers)


def members(wanted: Mapping[str, Any]) -> Iterator[tuple[list[str], Any]]:
    """The leaves of a table and where they are."""
    for key, value in wanted.items():
        if isinstance(value, dict):
            yield from (([key, *keys], leaf) for keys, leaf in members(value))
        else:
            yield [key], value


def at(document: Any, keys: list[str]) -> Any:
    """A member of a document."""
    for key in keys:
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def plain(value: object) -> object:
    """A value as the files write it."""
    return "" if value is None else value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_shipper_sends_is_answered_and_found(
    path: Path, http: httpx2.Client, served: Served
) -> None:
    recorded = tomllib.loads(path.read_text("utf-8"))

    for request in recorded["request"]:
        reply = send(http, request)
        assert reply.status_code == request["status"], (request["path"], reply.text)
        for name, value in request.get("answers", {}).items():
            assert reply.headers[name] == value
        for keys, value in members(request.get("has", {})):
            assert at(reply.json(), keys) == value, reply.text

    for found in recorded["found"]:
        rows = served.logq.queries.run(found["query"], groups=[found["group"]]).rows()
        assert [[plain(value) for value in row] for row in rows] == found["rows"]
