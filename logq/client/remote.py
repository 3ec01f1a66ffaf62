"""A server in the place of a data directory."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from logq.client.groups import Groups
from logq.client.queries import Queries
from logq.client.server import Server
from logq.client.storage import Storage
from logq.errors import AlreadyExists, NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from logq.app import LogQ
    from logq.ingest.agent import AgentReport, Stop
    from logq.ingest.agent_config import AgentConfig
    from logq.ingest.report import LoadReport, Progress
    from logq.model import LogGroup
    from logq.storage.findings import Report

CHUNK = 8 << 20
"""Bytes of lines in one batch: the server holds it in memory while it stores it."""


class Remote:
    """What commands do with a data directory, done by a server.

    ``local`` gives the configuration, the settings and the clock; its data directory holds only
    what an agent notes of itself.
    """

    def __init__(self, local: LogQ, server: Server) -> None:
        self._local = local
        self.server = server
        self.groups = Groups(server)
        self.queries = Queries(server)
        self.clock = local.clock

    @cached_property
    def storage(self) -> Storage:
        """Log groups, events and checkpoints of the server."""
        return Storage(self.server)

    @property
    def data(self) -> Path:
        """The directory of what an agent notes of itself."""
        return self._local.data

    @property
    def config(self) -> Path | None:
        """The configuration file in force."""
        return self._local.config

    @property
    def options(self) -> dict[str, Any]:
        """Its tables."""
        return self._local.options

    def ensure_group(self, name: str) -> LogGroup:
        """The log group of this name, made if it is not there; raises InvalidValue."""
        try:
            return self.groups.get(name)
        except NotFound:
            with suppress(AlreadyExists):  # another process was quicker
                self.groups.create(name)
            return self.groups.get(name)

    def load(
        self,
        files: Sequence[str],
        group: str,
        progress: Callable[[Progress], None] = lambda _: None,
        *,
        format: str = "auto",
        **options: Any,
    ) -> LoadReport:
        """Read files here and store their events there, as ``LogQ.load``."""
        from logq.ingest.loader import Loader, options_under

        pinned = self.ensure_group(group).format if format == "auto" else format
        storage = self.storage
        loader = Loader(storage.events, storage.checkpoints, self.clock, chunk=CHUNK)
        chosen = options_under(self._local.settings, format=pinned, **options)
        return loader.load(files, group, chosen, progress)

    def follow(
        self, config: AgentConfig, stop: Stop, notify: Callable[[str], None], *, once: bool = False
    ) -> AgentReport:
        """Run the agent here and ship what it reads, each event exactly once."""
        from logq.ingest.agent import run_agent

        self.data.mkdir(parents=True, exist_ok=True)
        storage = Storage(self.server, agent_name(self.data))
        return run_agent(config, storage, self.data, self.clock, stop, notify, once=once)

    def doctor(
        self, repair: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Report:
        """Check the server's data directory."""
        from logq.storage.findings import Finding, Report

        params = {"repair": str(repair).lower()}
        found = self.server.call("POST", "/doctor", params=params, patient=True)
        findings = tuple(Finding(**one) for one in found.pop("findings"))
        return Report(**found, findings=findings)

    def fields(
        self, groups: Sequence[str], start: int | None, end: int | None, zone: str
    ) -> tuple[list[dict[str, Any]], list[str]]:
        """Discovered fields as the server lists them, and its warnings."""
        times = {"start": start, "end": end}
        params = {"group": list(groups), "tz": zone}
        params |= {name: str(time) for name, time in times.items() if time is not None}
        found = self.server.call("GET", "/fields", params=params, patient=True)
        return found["fields"], found["warnings"]

    def close(self) -> None:
        """Give the connections back."""
        self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def agent_name(directory: Path) -> str:
    """What tells this directory's agents from those of other machines; made once."""
    path = directory / "agent-name"
    with suppress(FileExistsError):
        unfinished = directory / f"agent-name.{os.getpid()}"
        unfinished.write_text(secrets.token_hex(8))
        try:
            os.link(unfinished, path)  # of two at once, one wins
        finally:
            unfinished.unlink()
    return path.read_text()
