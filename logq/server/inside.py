"""The server's application without a server, for a program that has the data directory open."""

from __future__ import annotations

from typing import NoReturn

from starlette.types import ASGIApp

from logq.access.caller import ADMINISTRATOR
from logq.app import LogQ
from logq.server import create_app
from logq.server.service import Service
from logq.work.job import Job


class _NoWorkers:
    """The program runs its queries by itself."""

    def start(self, job: Job, owner: str) -> NoReturn:
        raise NotImplementedError(f"no worker for {job.kind}")


class _Owner(Service):
    """Whoever can write to the data directory may do everything, keys or none."""

    def open_to_local(self) -> bool:
        return True


def application(logq: LogQ) -> ASGIApp:
    """What answers for a data directory; every call is the administrator's, and audited."""
    return create_app(_Owner(logq, _NoWorkers(), logq.audit, ADMINISTRATOR))
