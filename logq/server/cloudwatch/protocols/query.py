"""The query protocol: a form in, XML out."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from logq.server.cloudwatch import shapes
from logq.server.cloudwatch.fault import WireError, form
from logq.server.cloudwatch.protocol import Call, Reply, protocol
from logq.server.cloudwatch.services import Target, by_version

_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 100_000
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""
_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


@dataclass(frozen=True, slots=True)
class Query:
    """See the module."""

    def speaks(self, call: Call) -> bool:
        return _is_form(call) or "Action=" in call.query

    def target(self, call: Call) -> Target:
        fields = dict(_fields(call))
        return Target(by_version().get(fields.get("Version", "")), fields.get("Action", ""))

    def read(self, operation: OperationModel, call: Call) -> dict[str, Any]:
        shape = operation.input_shape
        if shape is None:
            return {}
        given: dict[str, Any] = _read(shape, _tree(_fields(call)))
        return given

    def write(self, operation: OperationModel, result: Mapping[str, Any], id: str) -> Reply:
        shape = operation.output_shape
        answer = ""
        if shape is not None:
            wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
            answer = _element(wrapper, "".join(_members(shape, result)))
        metadata = _element("ResponseMetadata", _element("RequestId", id))
        name = f"{operation.name}Response"
        return _reply(200, name, operation.service_model, answer + metadata)

    def fail(
        self,
        error: WireError,
        service: ServiceModel | None,
        operation: OperationModel | None,
        id: str,
    ) -> Reply:
        shown = form(error, service, operation, query=True)
        details = (
            _element("Type", "Sender" if shown.sender else "Receiver")
            + _element("Code", shown.code)
            + _element("Message", _text(error.message))
        )
        body = _element("Error", details) + _element("RequestId", id)
        return _reply(shown.status, "ErrorResponse", service, body)


# ---- in


def _is_form(call: Call) -> bool:
    return call.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def _fields(call: Call) -> list[tuple[str, str]]:
    try:
        fields = parse_qsl(call.query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
        if _is_form(call):
            text = call.body.decode()
            fields += parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise WireError("SerializationException", f"the form cannot be read: {error}") from None
    return fields


def _tree(fields: list[tuple[str, str]]) -> dict[str, Any]:
    """``a.b.1=x`` as ``{"a": {"b": {"1": "x"}}}``; a later field wins."""
    root: dict[str, Any] = {}
    for key, value in fields:
        *path, last = key.split(".")
        node = root
        for part in path:
            below = node.get(part)
            if not isinstance(below, dict):
                below = node[part] = {}
            node = below
        node[last] = value
    return root


def _read(shape: Shape, given: Any) -> Any:
    if isinstance(shape, StructureShape):
        below = given if isinstance(given, dict) else {}
        named = {n: (m, m.serialization.get("name", n)) for n, m in shape.members.items()}
        return {n: _read(m, below[key]) for n, (m, key) in named.items() if key in below}
    if isinstance(shape, ListShape):
        item = shape.member.serialization.get("name", "member")
        return [_read(shape.member, value) for value in _numbered(shape, given, item)]
    if isinstance(shape, MapShape):
        key = shape.key.serialization.get("name", "key")
        value = shape.value.serialization.get("name", "value")
        entries = _numbered(shape, given, "entry")
        pairs = [e for e in entries if isinstance(e, dict) and isinstance(e.get(key), str)]
        return {e[key]: _read(shape.value, e.get(value, "")) for e in pairs}
    return shapes.read(shape, _scalar(shape, given))


def _numbered(shape: Shape, given: Any, item: str) -> list[Any]:
    """The values of ``item.1``, ``item.2``, ... in order; a flattened list has no ``item``."""
    if isinstance(given, dict) and not shape.serialization.get("flattened"):
        given = given.get(item)
    if not isinstance(given, dict):
        return []
    return [given[n] for n in sorted((k for k in given if k.isdecimal()), key=int)]


def _scalar(shape: Shape, given: Any) -> Any:
    kind = shape.type_name
    if not isinstance(given, str):
        return given
    if kind == "boolean":
        return {"true": True, "false": False}.get(given.lower(), given)
    if kind in _NUMBERS and given not in ("NaN", "Infinity", "-Infinity"):
        try:
            return _NUMBERS[kind](given)
        except ValueError:
            return given
    return given


# ---- out


def _reply(status: int, name: str, service: ServiceModel | None, content: str) -> Reply:
    space = service.metadata.get("xmlNamespace", "") if service else ""
    attribute = f' xmlns="{escape(space)}"' if space else ""
    return Reply(status, "text/xml", f"<{name}{attribute}>{content}</{name}>\n".encode())


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def _text(value: str) -> str:
    return escape(_UNFIT.sub("\ufffd", value))


def _members(shape: Shape, value: Mapping[str, Any]) -> Iterator[str]:
    members = _shapes_of(shape)
    for name, below in value.items():
        member = members[name]
        key = member.serialization.get("name", name)
        if isinstance(member, ListShape) and member.serialization.get("flattened"):
            yield from (_element(key, _content(member.member, item)) for item in below)
        else:
            yield _element(key, _content(member, below))


@cache
def _shapes_of(shape: Shape) -> Mapping[str, Shape]:
    members: Mapping[str, Shape] = shape.members
    return members


def _content(shape: Shape, value: Any) -> str:
    if isinstance(shape, StructureShape):
        return "".join(_members(shape, value))
    if isinstance(shape, ListShape):
        item = shape.member.serialization.get("name", "member")
        return "".join(_element(item, _content(shape.member, below)) for below in value)
    if isinstance(shape, MapShape):
        key = shape.key.serialization.get("name", "key")
        name = shape.value.serialization.get("name", "value")
        pairs = (
            _element(key, _text(k)) + _element(name, _content(shape.value, v))
            for k, v in value.items()
        )
        return "".join(_element("entry", pair) for pair in pairs)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return _text(str(value))


protocol(3, Query())
