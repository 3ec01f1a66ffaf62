"""Errors as data, on their way from a worker process to who asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from logq.errors import LogQError, QueryError, Span, Throttled


class WorkerFault(Exception):
    """A bug that showed in a worker process; its text is the worker's trace."""


def to_data(error: LogQError) -> dict[str, Any]:
    """An error as JSON can hold it."""
    data: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if isinstance(error, QueryError):
        data["expected"] = list(error.expected)
        data["span"] = [error.span.start, error.span.end] if error.span else None
    if isinstance(error, Throttled):
        data["retry_after"] = error.retry_after
    return data


def from_data(data: Mapping[str, Any]) -> Exception:
    """The inverse; what is no LogQError becomes a WorkerFault."""
    if "trace" in data:
        return WorkerFault(data["trace"])
    kind = next((k for k in _tree(LogQError) if k.__name__ == data["code"]), LogQError)
    more: dict[str, Any] = {}
    if issubclass(kind, QueryError):
        span = data.get("span")
        more = {"span": Span(*span) if span else None, "expected": tuple(data["expected"])}
    elif issubclass(kind, Throttled):
        more = {"retry_after": data["retry_after"]}
    return kind(data["message"], hint=data["hint"], **more)


def _tree(kind: type[LogQError]) -> Iterator[type[LogQError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)
