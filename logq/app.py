"""LogQ as one object: a data directory, the engines on it, and the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from logq import settings
from logq.arns import RESERVED, Place
from logq.config import find_config, read_config, table
from logq.errors import AlreadyExists, InvalidValue, NotFound

if TYPE_CHECKING:
    from logq.access.access import Access
    from logq.access.master import MasterKey
    from logq.audit.audit import Audit
    from logq.audit.store import Line
    from logq.audit.verify import Report as AuditReport
    from logq.ingest.agent import AgentReport, Stop
    from logq.ingest.agent_config import AgentConfig
    from logq.ingest.experience import Experience
    from logq.ingest.incoming import Incoming
    from logq.ingest.parser import Parser
    from logq.ingest.report import LoadReport, Progress
    from logq.model import Accepted, Checkpoint, LogGroup, Snapshot
    from logq.monitoring import Monitoring
    from logq.query.engine import Queries, Store
    from logq.query.known import Define
    from logq.query.reading import Reader
    from logq.storage import Storage
    from logq.storage.findings import Report


_OF_LOG_GROUPS = {"index_policy": "policy"}
"""Kinds of definitions that a log group has one of, and what it is called."""


def epoch_ms() -> int:
    """The time now in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class LogQ:
    """A data directory with its engines; each is built when it is first asked for."""

    def __init__(
        self,
        data: Path,
        config: Path | None = None,
        *,
        clock: Callable[[], int] = epoch_ms,
        environ: Mapping[str, str] = os.environ,
        notify: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.data = data
        self.clock = clock
        self.environ = environ
        self._notify = notify
        self._tell: Callable[[Accepted], None] = lambda _: None
        self.config = find_config(data, config)
        self.options = read_config(self.config) if self.config else {}
        self.settings = settings.load(table(self.options, "settings"), environ)

    @cached_property
    def storage(self) -> Storage:
        """The storage engine; opens or makes the data directory."""
        from logq.storage import Storage

        opened = Storage.open(self.data, self.clock, self.settings)
        opened.when_events_come(lambda group, batch: self.monitoring.watch(group, batch))
        opened.when_something_changes(
            lambda connection, change: self.monitoring.changed(connection, change)
        )
        return opened

    @cached_property
    def queries(self) -> Queries:
        """The query engine over this directory's events."""
        return self.queries_over(self.storage, self.defined, self.storage.log_groups)

    def verify_audit(self, start: int | None = None, end: int | None = None) -> AuditReport:
        """Check the audit between two times, epoch milliseconds, both inclusive."""
        from logq.audit.verify import verify

        return verify(OwnGroups(self), self.master_key, self.clock(), start, end)

    def queries_over(
        self,
        store: Store,
        define: Define | None = None,
        log_groups: Callable[[], Sequence[LogGroup]] = tuple,
    ) -> Queries:
        """A query engine over some of this directory's events, definitions and log groups."""
        from logq.query.engine import Queries
        from logq.query.known import nothing_defined
        from logq.storage.grams import may_contain

        return Queries(
            store,
            self.settings,
            self.clock,
            directory=str(self.data.absolute()),
            text_index=may_contain,
            define=define or nothing_defined,
            log_groups=log_groups,
        )

    def defined(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """What a person defined under this name, or for the log group of this name, as JSON."""
        own = _OF_LOG_GROUPS.get(kind)
        if own is not None:
            found = self.storage.definitions.get(kind, own, group=name)
        else:
            found = self.storage.definitions.get(kind, name)
        return found.body if found else None

    @cached_property
    def reader(self) -> Reader:
        """Reads events of this directory in order."""
        return self.reader_over(self.storage)

    def reader_over(self, store: Store) -> Reader:
        """A reader of some of this directory's events."""
        from logq.query.reading import Reader
        from logq.storage.grams import may_contain

        return Reader(
            store, self.settings, directory=str(self.data.absolute()), text_index=may_contain
        )

    def ensure_group(self, name: str) -> LogGroup:
        """The log group of this name, made if it is not there; raises InvalidValue."""
        if name.startswith(RESERVED):
            raise InvalidValue(
                f"log groups below {RESERVED} belong to LogQ itself", hint="choose another name"
            )
        try:
            return self.storage.groups.get(name)
        except NotFound:
            with suppress(AlreadyExists):  # another process was quicker
                self.storage.groups.create(name)
            return self.storage.groups.get(name)

    @cached_property
    def access(self) -> Access:
        """Keys, policies and who is who."""
        from logq.access.access import Access

        return Access(
            self.storage.definitions,
            self.clock,
            self.master_key,
            unsigned_payload=self.settings.unsigned_payload,
            mark=self.storage.directory.root / "CLOSED",
        )

    @cached_property
    def master_key(self) -> MasterKey:
        """What secrets and signatures are derived from; made when it is first used."""
        from logq.access.master import MasterKey, key_file

        return MasterKey(key_file(self.settings.key_file, self.data, self.environ))

    @cached_property
    def audit(self) -> Audit:
        """Where calls are recorded."""
        from logq.audit.audit import Audit
        from logq.audit.rules import Rules

        rules = Rules(
            self.settings.audit_data_reads,
            self.settings.audit_management_reads,
            self.settings.audit_data_writes,
        )
        return Audit(OwnGroups(self), self.master_key, self.clock, self.place, rules, self._notify)

    @cached_property
    def monitoring(self) -> Monitoring:
        """Metrics, alarms, events and notifications."""
        from logq.monitoring import Monitoring

        return Monitoring(
            self.storage,
            self.clock,
            self.settings,
            self.place,
            lambda purpose: self.master_key.derive(purpose),
            self._notify,
            self.accept,
            lambda: self.reader,
        )

    @property
    def place(self) -> Place:
        """The region and account of the ARNs of what is here."""
        return Place(self.settings.region, self.settings.account)

    def accept(
        self, group: str, incoming: Incoming, checkpoints: Sequence[Checkpoint] = ()
    ) -> Accepted:
        """Store events that a sender states, durably; raises UnknownLogGroup and StorageError."""
        from logq.ingest.parser import Parser

        format = self.storage.groups.format(group)
        prefix = self.settings.json_prefix != "none"
        with self._experience.shredder(group, prefix=prefix) as shredder:
            limit = self.settings.max_event_bytes
            parser = Parser(format, max_event_bytes=limit, shredder=shredder)
            batch = parser.accept(incoming, self.clock()).batch
        accepted = self.storage.events.append(group, batch, checkpoints)
        self._tell(accepted)
        return accepted

    @cached_property
    def _experience(self) -> Experience:
        from logq.ingest.experience import Experience

        return Experience()

    def when_accepted(self, tell: Callable[[Accepted], None]) -> None:
        """Whom to tell of stored events that senders stated."""
        self._tell = tell

    def load(
        self,
        files: Sequence[str],
        group: str,
        progress: Callable[[Progress], None] = lambda _: None,
        *,
        format: str = "auto",
        **options: Any,
    ) -> LoadReport:
        """Read files once into a log group, made if it is not there; ``options`` as ``Options``."""
        from logq.ingest.loader import Loader, options_under

        pinned = self.ensure_group(group).format if format == "auto" else format
        loader = Loader(self.storage.events, self.storage.checkpoints, self.clock)
        chosen = options_under(self.settings, format=pinned, **options)
        return loader.load(files, group, chosen, progress)

    def follow(
        self, config: AgentConfig, stop: Stop, notify: Callable[[str], None], *, once: bool = False
    ) -> AgentReport:
        """Run the agent until ``stop`` is set, and look after the data meanwhile."""
        from logq.ingest.agent import run_agent
        from logq.storage.keeper import keeping, maintain_apart

        with keeping(lambda: maintain_apart(self.data, self.settings), notify) as keeper:
            self.storage.when_journal_is_full(lambda _: keeper.nudge())
            return run_agent(config, self.storage, self.data, self.clock, stop, notify, once=once)

    def doctor(
        self, repair: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Report:
        """Check the data directory, also one that cannot be opened; raises CatalogMissing."""
        from logq.storage.doctor import examine

        return examine(self.data, self.clock, repair, progress)

    def close(self) -> None:
        """Give the data directory back."""
        if "reader" in self.__dict__:
            self.reader.close()
        if "queries" in self.__dict__:
            self.queries.close()
        if "audit" in self.__dict__:
            self.audit.close()
        if "monitoring" in self.__dict__:
            self.monitoring.close()
        if "storage" in self.__dict__:
            self.storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class OwnGroups:
    """LogQ's own log groups in a data directory: those of the audit, the history of alarms."""

    def __init__(self, logq: LogQ) -> None:
        self._logq = logq

    def prepare(self, group: str, retention_days: int) -> None:
        """Make the log group unless it is there."""
        with suppress(AlreadyExists):
            self._logq.storage.groups.create(group, retention_days, protected=True)

    def append(self, group: str, lines: Sequence[Line], checkpoint: Checkpoint) -> None:
        """Store events and move the checkpoint together; raises CheckpointConflict."""
        from logq.ingest.incoming import incoming

        events = incoming(
            [line.text for line in lines],
            [line.time for line in lines],
            [line.stream for line in lines],
        )
        batch = self._parser.accept(events, self._logq.clock()).batch
        self._logq.storage.events.append(group, batch, [checkpoint])

    @cached_property
    def _parser(self) -> Parser:
        """Knows after the first records how they look; no setting makes it cut one."""
        from logq.ingest.parser import Parser

        return Parser("json")

    def checkpoint(self, owner: str, key: str) -> str | None:
        """The stored value, or None."""
        return self._logq.storage.checkpoints.get(owner, key)

    def snapshot(self, group: str) -> Snapshot:
        """Every event that is there; empty without the group."""
        from logq.model import Snapshot

        try:
            return self._logq.storage.snapshot([group])
        except NotFound:
            return Snapshot((), {})
