"""One way to ask for anything: the REST API of a server, or of the data directory itself."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logq.cli.session import Session
    from logq.client.server import Server


@contextmanager
def asking(run: Session, *, create: bool = False) -> Iterator[Server]:
    """The server that is named, else one inside this process; raises NotFound.

    ``create`` makes the data directory if it is not there.
    """
    from logq.client.server import Server

    if run.server:
        server = Server(run.server, run.token)
        try:
            yield server
        finally:
            server.close()
        return
    from logq.client import inside
    from logq.server.inside import application

    with run.open_here(create=create) as logq:
        transport = inside.Inside(application(logq))
        server = Server(inside.URL, transport=transport, user=user())
        try:
            yield server
        finally:
            server.close()


def user() -> str:
    """Who runs this program, for the audit."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a number without a name, as in containers
        return "unknown"
