"""A way of writing calls and answers, and the registry of all."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from botocore.model import OperationModel, ServiceModel

from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.services import Target


@dataclass(frozen=True, slots=True)
class Call:
    """A request, its body read and unpacked."""

    path: str
    """Undecoded."""
    query: str
    """The query string, undecoded."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, but for the headers that all have."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class WireProtocol(Protocol):
    """A way of writing calls and answers."""

    def speaks(self, call: Call) -> bool:
        """Whether a call is of this protocol; its body is not there yet."""
        ...

    def target(self, call: Call) -> Target:
        """What a call asks for, as far as it can be seen; raises WireError."""
        ...

    def read(self, operation: OperationModel, call: Call) -> dict[str, Any]:
        """The parameters, of the types of the input shape; raises WireError."""
        ...

    def write(self, operation: OperationModel, result: Mapping[str, Any], id: str) -> Reply:
        """The answer with these members of the output shape."""
        ...

    def fail(
        self,
        error: WireError,
        service: ServiceModel | None,
        operation: OperationModel | None,
        id: str,
    ) -> Reply:
        """The answer that says what went wrong."""
        ...


_PROTOCOLS: list[tuple[int, WireProtocol]] = []


def protocol(rank: int, instance: WireProtocol) -> None:
    """Register a protocol; those of lower rank are asked first whether a call is theirs."""
    _PROTOCOLS.append((rank, instance))


@cache
def protocols() -> tuple[WireProtocol, ...]:
    """All protocols in the order in which they are asked."""
    package = importlib.import_module("logq.server.cloudwatch.protocols")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
    return tuple(instance for _, instance in sorted(_PROTOCOLS, key=lambda pair: pair[0]))


@dataclass(frozen=True, slots=True)
class Reversed:
    """An operation whose input is its output, for botocore's serializers of requests."""

    model: OperationModel

    @property
    def input_shape(self) -> Any:
        return self.model.output_shape

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)
