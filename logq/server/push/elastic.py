"""Elasticsearch: a status for every item, and what its shippers ask before they send any."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from logq.errors import LogQError
from logq.ingest.intakes.elastic import Bulk
from logq.server.push.door import Door, Fault, Outcome, fault_of
from logq.server.service import Service

VERSION = "8.17.0"
"""The Elasticsearch whose clients are served; Filebeat refuses one that is older than itself."""
_HEADERS = {"X-Elastic-Product": "Elasticsearch"}
_TYPES = {
    400: "illegal_argument_exception",
    401: "security_exception",
    403: "security_exception",
    404: "index_not_found_exception",
    413: "content_too_long_exception",
    429: "es_rejected_execution_exception",
    503: "unavailable_shards_exception",
}
_ASKED = (
    "_cat", "_cluster", "_component_template", "_data_stream", "_ilm", "_index_template",
    "_ingest", "_logstash", "_nodes", "_template", "logstash",
)  # fmt: skip
"""First parts of paths under which shippers look for, and put, what LogQ needs not to know."""


def _succeed(request: Request, outcome: Outcome) -> Response:
    decoded = outcome.decoded
    assert isinstance(decoded, Bulk)
    assert decoded.actions is not None
    stored = [_item(kind.name, kind.index, 201, ',"result":"created"') for kind in decoded.kinds]
    kinds = decoded.actions.to_pylist()
    items = list(map(stored.__getitem__, kinds))
    for rejected in decoded.rejected:
        at = rejected.line - 1
        fault = Fault(400, "", rejected.reason)
        items[at] = _refused(decoded, kinds[at], fault)
    for one in decoded.deliveries:
        if error := outcome.refused.get(one.group):
            texts: dict[int, str] = {}
            for at in one.items.to_pylist():
                kind = kinds[at]
                if kind not in texts:
                    texts[kind] = _refused(decoded, kind, fault_of(error))
                items[at] = texts[kind]
    errors = "true" if outcome.rejected else "false"
    text = f'{{"took":0,"errors":{errors},"items":[{",".join(items)}]}}'
    return _answer(text.encode())


def _item(action: str, index: str, status: int, rest: str) -> str:
    named = orjson.dumps(index).decode()
    return f'{{"{action}":{{"_index":{named},"status":{status}{rest}}}}}'


def _refused(decoded: Bulk, kind: int, fault: Fault) -> str:
    action = decoded.kinds[kind]
    told = orjson.dumps({"type": _type(fault), "reason": fault.message}).decode()
    return _item(action.name, action.index, fault.status, f',"error":{told}')


def _fail(request: Request, fault: Fault) -> Response:
    cause = {"type": _type(fault), "reason": fault.message}
    error = {"root_cause": [cause], **cause}
    response = _answer(orjson.dumps({"error": error, "status": fault.status}), fault.status)
    response.headers.update(fault.headers)
    return response


def _type(fault: Fault) -> str:
    return _TYPES.get(fault.status, "exception")


def _answer(content: bytes, status: int = 200) -> Response:
    return Response(content, status, _HEADERS, "application/json")


def extra_routes(service: Service) -> list[Route]:
    """What Filebeat, Logstash and others ask before they send, and what they set up."""

    def known(make: Callable[[Request], object]) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            try:
                await run_in_threadpool(service.context, request)
            except LogQError as error:
                return _fail(request, fault_of(error))
            return _answer(orjson.dumps(make(request)))

        return answer

    def about(request: Request) -> object:
        return {
            "name": "logq",
            "cluster_name": "logq",
            "cluster_uuid": "logq",
            "version": {
                "number": VERSION,
                "build_flavor": "default",
                "build_type": "docker",
                "lucene_version": "9.12.0",
                "minimum_wire_compatibility_version": "7.17.0",
                "minimum_index_compatibility_version": "7.0.0",
            },
            "tagline": "You Know, for Search",
        }

    def licensed(request: Request) -> object:
        return {
            "license": {
                "uid": "logq",
                "type": "basic",
                "mode": "basic",
                "status": "active",
                "expiry_date_in_millis": 4_102_444_800_000,
            }
        }

    def features(request: Request) -> object:
        ilm = {"available": True, "enabled": True}
        return {**licensed_as_xpack(), "features": {"ilm": ilm}, "tagline": "LogQ"}

    def licensed_as_xpack() -> dict[str, object]:
        return {"license": {"uid": "logq", "type": "basic", "mode": "basic", "status": "active"}}

    def nothing(request: Request) -> object:
        if request.method in ("GET", "HEAD"):
            return {"nodes": {}} if request.url.path.startswith("/_nodes") else {}
        return {"acknowledged": True}

    reading = ["GET", "HEAD"]
    every = ["GET", "HEAD", "PUT", "POST"]
    routes = [
        _Root("/", known(about), methods=reading),
        Route("/_license", known(licensed), methods=reading),
        Route("/_xpack", known(features), methods=reading),
    ]
    for first in _ASKED:
        routes.append(Route(f"/{first}", known(nothing), methods=every))
        routes.append(Route(f"/{first}/{{rest:path}}", known(nothing), methods=every))
    return routes


class _Root(Route):
    """The root of the server, which it shares with the console and with CloudWatch's clients."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or b"Action=" in scope["query_string"]:
            return Match.NONE, {}
        accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
        return (Match.NONE, {}) if b"text/html" in accept else super().matches(scope)


DOORS = (Door("elastic", _succeed, _fail, itemised=True),)
