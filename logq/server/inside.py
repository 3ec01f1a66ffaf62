"""The server's application without a server, for a program that has the data directory open."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from logq.access.caller import ADMINISTRATOR
from logq.app import LogQ
from logq.server import create_app
from logq.server.service import Service
from logq.work.job import Job, get


class _Out(io.BytesIO):
    """What a job writes, kept."""

    def __init__(self) -> None:
        super().__init__()
        self.said: Mapping[str, Any] = {}

    def header(self, value: Mapping[str, Any]) -> None:
        """Take what the job says before its data."""
        self.said = value


@dataclass(frozen=True, slots=True)
class _Done:
    """The answer of a job that is over."""

    header: Mapping[str, Any]
    data: bytes
    summary: Mapping[str, Any]

    def chunks(self) -> Iterator[bytes]:
        """Its data at once."""
        yield self.data

    def cancel(self) -> None:
        """Too late."""


class _Itself:
    """The program runs jobs by itself: what a person starts here needs no fences around it."""

    def __init__(self, logq: LogQ) -> None:
        self._logq = logq

    def start(self, job: Job, owner: str) -> _Done:
        """Run a job to its end."""
        out = _Out()
        summary = get(job.kind)(self._logq, out, **job.params)
        return _Done(out.said, out.getvalue(), summary)


class _Owner(Service):
    """Whoever can write to the data directory may do everything, keys or none."""

    def open_to_local(self) -> bool:
        return True


def application(logq: LogQ) -> ASGIApp:
    """What answers for a data directory; every call is the administrator's, and audited."""
    return create_app(_Owner(logq, _Itself(logq), logq.audit, ADMINISTRATOR))
