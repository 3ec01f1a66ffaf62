"""The messages of Loki's push protocol, for which there is no package.

Texts are declared as bytes: a line that is not UTF-8 must not cost a whole request.
Source: ``pkg/push/push.proto`` of Grafana Loki.
"""

from __future__ import annotations

from functools import cache
from typing import Any

_MESSAGES: dict[str, tuple[tuple[str, int, str], ...]] = {
    # message -> name, number and type of its fields; [] for repeated ones
    "Timestamp": (("seconds", 1, "int64"), ("nanos", 2, "int32")),
    "LabelPair": (("name", 1, "bytes"), ("value", 2, "bytes")),
    "Entry": (
        ("timestamp", 1, "Timestamp"),
        ("line", 2, "bytes"),
        ("structuredMetadata", 3, "LabelPair[]"),
    ),
    "Stream": (("labels", 1, "bytes"), ("entries", 2, "Entry[]")),
    "PushRequest": (("streams", 1, "Stream[]"),),
}


def push_request(body: bytes) -> Any:
    """A ``PushRequest`` message; raises google.protobuf.message.DecodeError."""
    return message_class().FromString(body)


@cache
def message_class() -> Any:
    """The class of ``PushRequest`` messages."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    scalar = descriptor_pb2.FieldDescriptorProto
    types = {"int64": scalar.TYPE_INT64, "int32": scalar.TYPE_INT32, "bytes": scalar.TYPE_BYTES}
    file = descriptor_pb2.FileDescriptorProto(
        name="logq/loki_push.proto", package="logq.loki", syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind in fields:
            field = message.field.add(name=field_name, number=number)
            many = kind.endswith("[]")
            field.label = scalar.LABEL_REPEATED if many else scalar.LABEL_OPTIONAL
            kind = kind.removesuffix("[]")
            field.type = types.get(kind, scalar.TYPE_MESSAGE)
            if kind not in types:
                field.type_name = f".logq.loki.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("logq.loki.PushRequest"))
