"""What a worker process is asked, the answer as it comes, and the registry of jobs."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, TypeVar

F = TypeVar("F", bound=Callable[..., Mapping[str, Any]])


@dataclass(frozen=True, slots=True)
class Job:
    """Work for one worker process."""

    kind: str
    """A name in the registry below."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of the job's function; plain values that JSON can hold."""
    seconds: float | None = None
    """The deadline; None: the setting ``query_seconds``."""


class Answer(Protocol):
    """A running job; safe to use from any thread."""

    @property
    def header(self) -> Mapping[str, Any]:
        """What the job says before its data; waits for it. Raises the job's LogQError."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The data as the job makes it; raises the job's LogQError, also in the middle."""
        ...

    @property
    def summary(self) -> Mapping[str, Any]:
        """What the job says after its data; empty until then."""
        ...

    def cancel(self) -> None:
        """Stop the job; its worker is free within a second. Does nothing if it has ended."""
        ...


class Pool(Protocol):
    """Worker processes of which each runs one job at a time."""

    def start(self, job: Job, owner: str) -> Answer:
        """Begin a job or queue it; raises Throttled if the owner or the queue has too many."""
        ...


_JOBS: dict[str, Callable[..., Mapping[str, Any]]] = {}


def job(name: str) -> Callable[[F], F]:
    """Register a function of a module of this name in ``jobs/`` as a job.

    It is called as ``function(logq, out, **params)`` in a worker process, says ``out.header`` once,
    writes its data to ``out``, and returns the summary.
    """

    def register(function: F) -> F:
        if name in _JOBS:
            raise ValueError(f"job {name!r} is registered twice")
        _JOBS[name] = function
        return function

    return register


@cache
def names() -> tuple[str, ...]:
    """The names of all jobs; loads none of them."""
    package = importlib.import_module("logq.work.jobs")
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__)))


def get(name: str) -> Callable[..., Mapping[str, Any]]:
    """The function of a job; raises KeyError."""
    if name in names():
        importlib.import_module(f"logq.work.jobs.{name}")
    return _JOBS[name]
