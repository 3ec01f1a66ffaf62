"""What a worker process is asked, and the answer as it comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Job:
    """Work for one worker process."""

    kind: str
    """A name in ``jobs.registry``."""
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
