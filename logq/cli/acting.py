"""Actions on a data directory from the command line: as its administrator, and audited."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from logq.actions.context import Context
    from logq.cli.session import Session
    from logq.work.job import Job


class _NoWorkers:
    """The command line runs its queries by itself."""

    def start(self, job: Job, owner: str) -> NoReturn:
        raise NotImplementedError(f"no worker for {job.kind}")


@contextmanager
def acting(run: Session, *, create: bool = False) -> Iterator[Context]:
    """The context of an action; whoever can write to the directory may do everything."""
    import uuid

    from logq.access.caller import ADMINISTRATOR
    from logq.actions.context import Context, Origin
    from logq.cli import version

    with run.open_here(create=create) as logq:
        agent = f"logq/{version()} ({_user()})"
        origin = Origin(str(uuid.uuid4()), "127.0.0.1", agent)
        yield Context(logq, ADMINISTRATOR, origin, _NoWorkers(), logq.audit)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a number without a name, as in containers
        return "unknown"
