"""Smithy RPC v2 CBOR: the operation in the path, a CBOR map in the body."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import OperationModel, ServiceModel
from botocore.parsers import ResponseParserError, create_parser
from botocore.serialize import create_serializer

from logq.server.cloudwatch import shapes
from logq.server.cloudwatch.fault import WireError, form
from logq.server.cloudwatch.protocol import Call, Reply, Reversed, protocol
from logq.server.cloudwatch.protocols.json import error_headers, type_name
from logq.server.cloudwatch.services import Target, by_prefix

_NAME = "smithy-rpc-v2-cbor"
_TYPE = "application/cbor"
_HEADERS = {"smithy-protocol": "rpc-v2-cbor"}
_PATH = re.compile(r"/service/([A-Za-z0-9_.]+)/operation/([A-Za-z0-9_]+)/?$")
_PARSER = create_parser(_NAME)
_SERIALIZER = create_serializer(_NAME, False)


@dataclass(frozen=True, slots=True)
class Cbor:
    """See the module."""

    def speaks(self, call: Call) -> bool:
        return call.headers.get("smithy-protocol") == "rpc-v2-cbor"

    def target(self, call: Call) -> Target:
        match = _PATH.search(call.path)
        if match is None:
            return Target(None, "")
        return Target(by_prefix().get(match[1]), match[2])

    def read(self, operation: OperationModel, call: Call) -> dict[str, Any]:
        shape = operation.input_shape
        read: dict[str, Any] = shapes.read(shape, _decode(call.body)) if shape else {}
        return read

    def write(self, operation: OperationModel, result: Mapping[str, Any], id: str) -> Reply:
        body = b""
        if operation.output_shape is not None:
            request = _SERIALIZER.serialize_to_request(result, Reversed(operation))
            body = bytes(request["body"])
        return Reply(200, _TYPE, body, _HEADERS)

    def fail(
        self,
        error: WireError,
        service: ServiceModel | None,
        operation: OperationModel | None,
        id: str,
    ) -> Reply:
        shown = form(error, service, operation)
        body = {"__type": type_name(service, shown.shape), "message": error.message}
        return Reply(
            shown.status,
            _TYPE,
            _texts(body),
            _HEADERS | error_headers(error, service, operation),
        )


class _Bounded(io.BufferedReader):
    """A body that makes no room for more than it holds, whatever lengths it names."""

    def __init__(self, body: bytes) -> None:
        super().__init__(io.BytesIO(body))
        self._size = len(body)

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, self._size))


def _decode(body: bytes) -> Any:
    if not body:
        return {}
    try:
        return _PARSER.parse_data_item(_Bounded(body))
    except (ResponseParserError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise WireError("SerializationException", f"the body is not CBOR: {error}") from None


def _texts(values: Mapping[str, str]) -> bytes:
    """A CBOR map of texts (RFC 8949, section 3.1)."""
    parts = [_head(5, len(values))]
    for text in (text for pair in values.items() for text in pair):
        raw = text.encode()
        parts += [_head(3, len(raw)), raw]
    return b"".join(parts)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    return bytes([major << 5 | 26]) + number.to_bytes(4, "big")


protocol(1, Cbor())
