"""An operation of the wire protocol and the registry of all."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from logq.actions.context import Context

Params = dict[str, Any]
Result = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class EventStream:
    """An answer without an end: messages of ``application/vnd.amazon.eventstream``."""

    messages: Iterator[bytes]
    """Closed when the client goes away."""
    pause: float
    """Seconds between messages, in which no thread waits."""


Run = Callable[[Context, Params], Result | EventStream]


@dataclass(frozen=True, slots=True)
class Operation:
    """A function that carries out one operation of a service."""

    service: str
    name: str
    run: Run
    action: str
    """What policies call it, and where it is described."""
    noun: str
    """What it is about, for "The specified ... does not exist."."""
    raw_input: bool
    """Gets the parsed JSON object as it is, unchecked: the function checks what it needs."""
    raw_output: bool
    """Returns what orjson writes, past the model."""


_OPERATIONS: dict[tuple[str, str], Operation] = {}


def operation(
    service: str,
    name: str,
    *,
    action: str | None = None,
    noun: str = "log group",
    raw_input: bool = False,
    raw_output: bool = False,
) -> Callable[[Run], Run]:
    """Register a function that carries out an operation; the model has checked its parameters.

    ``action`` is named where it is not the operation's own name. The function returns the members
    of the output shape: what is None is left out, times are datetimes.
    ``raw_input`` and ``raw_output`` are for the few hot operations of JSON-only services.
    """

    def register(run: Run) -> Run:
        if (service, name) in _OPERATIONS:
            raise ValueError(f"operation {service} {name} is registered twice")
        asked = action or f"{service}:{name}"
        _OPERATIONS[service, name] = Operation(
            service, name, run, asked, noun, raw_input, raw_output
        )
        return run

    return register


@cache
def _load() -> None:
    package = importlib.import_module("logq.server.cloudwatch.operations")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def operations() -> Mapping[tuple[str, str], Operation]:
    """Every operation by service and name."""
    _load()
    return _OPERATIONS
