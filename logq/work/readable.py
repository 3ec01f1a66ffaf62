"""The query engine as a caller may see it: the log groups that it may read, and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from logq.app import LogQ
from logq.errors import AccessDenied, UnknownLogGroup
from logq.model import LogGroup, Snapshot
from logq.query.commands.filterindex import KIND as INDEX_POLICY
from logq.query.engine import Queries, Store


class Readable:
    """A store in which only some log groups are there."""

    def __init__(self, logq: LogQ) -> None:
        self._logq = logq
        self.names: frozenset[str] | None = None
        """The log groups that may be read; None: all."""
        self.usable: Mapping[str, Sequence[str]] | None = None
        """The names of definitions that may be used, by kind; None: all."""

    def define(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """A definition that may be used."""
        if kind == INDEX_POLICY:
            return self._logq.defined(kind, name) if self._may_read(name) else None
        if self.usable is not None and name not in self.usable.get(kind, ()):
            return None
        return self._logq.defined(kind, name)

    def _may_read(self, group: str) -> bool:
        return self.names is None or group in self.names

    def snapshot(self, groups: Sequence[str]) -> Snapshot:
        """Everything visible in the named groups; raises AccessDenied for a hidden one's name."""
        storage = self._logq.storage
        if self.names is None:
            return storage.snapshot(groups)
        wanted: list[str] = []
        for name in groups:
            if "*" in name:
                found = storage.groups.list(name)
                wanted += [group.name for group in found if group.name in self.names]
            elif name in self.names:
                wanted.append(name)
            else:
                raise AccessDenied(
                    f"log group {name!r} may not be read",
                    hint="a policy of the key must allow logs:StartQuery on it",
                )
        try:
            return storage.snapshot(wanted)
        except UnknownLogGroup as error:
            error.hint = None  # it names log groups that the caller may not know of
            raise

    def is_intact(self, segment_id: str) -> bool:
        """Whether the file of a segment is there as it was written."""
        return self._logq.storage.is_intact(segment_id)

    def log_groups(self) -> Sequence[LogGroup]:
        """The log groups that may be read."""
        found = self._logq.storage.log_groups()
        return [one for one in found if self.names is None or one.name in self.names]

    def quarantine(self, segment_id: str, reason: str) -> bool:
        """Take a segment that cannot be read out of every answer."""
        return self._logq.storage.quarantine(segment_id, reason)


@lru_cache(maxsize=1)
def _engine(logq: LogQ) -> tuple[Readable, Queries]:
    store: Readable = Readable(logq)
    checked: Store = store
    return store, logq.queries_over(checked, store.define, store.log_groups)


def readable_queries(
    logq: LogQ,
    readable: Sequence[str] | None,
    usable: Mapping[str, Sequence[str]] | None = None,
) -> Queries:
    """The process's query engine, which from now on sees these log groups only; None: all.

    One engine for all callers: what it has opened stays open, and a process runs one job at a time.
    """
    store, queries = _engine(logq)
    store.names = None if readable is None else frozenset(readable)
    store.usable = usable
    return queries


def interrupt(logq: LogQ) -> None:
    """Stop what the process's query engine has DuckDB do; from any thread."""
    _, queries = _engine(logq)
    queries.interrupt()


def readable_snapshot(
    logq: LogQ, readable: Sequence[str] | None, groups: Sequence[str]
) -> Snapshot:
    """What ``readable_queries`` would read of some log groups; raises AccessDenied."""
    store, _ = _engine(logq)
    store.names = None if readable is None else frozenset(readable)
    return store.snapshot(groups)
