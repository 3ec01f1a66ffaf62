"""The catalog database: one connection, its migrations, its transactions and its errors."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from logq.errors import DiskFull, StorageError
from logq.failpoints import reach
from logq.storage.migrations import MIGRATIONS

BUSY_SECONDS = 30.0
IDLE_READERS = 4
"""Connections for reading that are kept for later."""

_BUSY, _READONLY, _CORRUPT, _FULL, _NOTADB = 5, 8, 11, 13, 26


class CatalogDamaged(StorageError):
    """The catalog file is not, or no longer, a database."""


class Catalog:
    """The catalog of one data directory; safe to use from several threads."""

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._lock = threading.RLock()
        self._depth = 0  # of the blocks of writing in the thread that holds the lock
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        with _database_errors():
            self._connection = self._connect()
        try:
            with _database_errors():
                _use_write_ahead_log(self._connection, busy_seconds)
                self._connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            self._connection.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self.path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
        )

    def close(self) -> None:
        """Give the database back; the object cannot be used afterwards."""
        with self._lock:
            self._closed = True
            while self._readers:
                self._readers.pop().close()
            self._connection.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is durable when the block has ended, or has not happened.

        A block inside a block of the same thread joins it: it is durable with the outer one, and
        an error in it takes back only the inner one, unless it goes on.
        """
        with self._lock:
            begin = _savepoint if self._depth else _immediate
            self._depth += 1
            try:
                with begin(self._connection) as connection:
                    yield connection
            finally:
                self._depth -= 1

    @property
    def writing(self) -> bool:
        """Whether this thread is inside a block of ``write``."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            return self._depth > 0
        finally:
            self._lock.release()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A view of the catalog at one moment; waits for no writer.

        Inside a block of writing of the same thread it is what that block sees.
        """
        if self.writing:
            yield self._connection
            return
        with _database_errors():
            connection = self._reader()
        try:
            with _transaction(connection, "BEGIN"):
                yield connection
        finally:
            if self._closed or len(self._readers) >= IDLE_READERS:
                connection.close()
            else:
                self._readers.append(connection)

    def _reader(self) -> sqlite3.Connection:
        """A connection that nobody else uses now."""
        if self._closed:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
        try:
            return self._readers.pop()
        except IndexError:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
            return connection

    @property
    def version(self) -> int:
        """How many migrations the catalog has seen; 0 for an empty file."""
        with self.read() as connection:
            return _version(connection)

    def migrate(self) -> None:
        """Bring the catalog to this program's version; raises StorageError if it is newer."""
        version = self.version
        if version > len(MIGRATIONS):
            raise StorageError(
                f"this data directory was written by a newer LogQ "
                f"(catalog version {version}, this program knows {len(MIGRATIONS)})",
                hint="upgrade LogQ, or use another data directory",
            )
        if 0 < version < len(MIGRATIONS):
            self._keep_copy(version)
        for start in [0] if version == 0 else range(version, len(MIGRATIONS)):
            # A new catalog is made at once: nobody can see, and keep a copy of, half of it.
            stop = start + 1 if start else len(MIGRATIONS)
            with self.write() as connection:
                if _version(connection) != start:
                    continue  # another process was faster
                for step in MIGRATIONS[start:stop]:
                    for statement in step.split(";\n"):
                        connection.execute(statement)
                        reach("migration.in-step")
                connection.execute(f"PRAGMA user_version = {stop}")
                reach("migration.before-commit")
            reach("migration.after-commit")

    def fold(self) -> None:
        """Move everything from the write-ahead log into the catalog file itself."""
        with self._lock, _database_errors():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _keep_copy(self, version: int) -> None:
        copy = self.path.with_name(f"catalog.version-{version}.sqlite")
        if copy.exists():
            return
        unfinished = copy.with_suffix(f".unfinished-{os.getpid()}")
        unfinished.unlink(missing_ok=True)
        with self._lock, _database_errors():
            self._connection.execute("VACUUM INTO ?", (str(unfinished),))
        unfinished.rename(copy)
        reach("migration.after-copy")


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[sqlite3.Connection]:
    with _database_errors():
        if connection.in_transaction:  # Ctrl-C came where nothing could catch it
            connection.execute("ROLLBACK")
        try:
            connection.execute(begin)
            yield connection
            if connection.in_transaction:  # unless the block took it all back
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _immediate(connection: sqlite3.Connection) -> AbstractContextManager[sqlite3.Connection]:
    return _transaction(connection, "BEGIN IMMEDIATE")


@contextmanager
def _savepoint(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    with _database_errors():
        connection.execute("SAVEPOINT inner_block")
        try:
            yield connection
        except BaseException:
            if connection.in_transaction:  # a full disk takes the whole transaction back
                connection.execute("ROLLBACK TO inner_block")
                connection.execute("RELEASE inner_block")
            raise
        connection.execute("RELEASE inner_block")


def _use_write_ahead_log(connection: sqlite3.Connection, seconds: float) -> None:
    """Switch the journal mode; SQLite itself does not wait for other processes in this."""
    limit = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != _BUSY or time.monotonic() > limit:
                raise
            time.sleep(0.01)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _database_errors() -> Iterator[None]:
    """Say what the database refused, in the user's words."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == _FULL:
            raise DiskFull(
                "no space left on the disk while writing the catalog",
                hint="free some space, delete a log group or give one a shorter retention",
            ) from error
        if code == _BUSY:
            raise StorageError(
                f"another process has been writing to the data directory for over "
                f"{BUSY_SECONDS:.0f} seconds",
                hint="try again; if it stays so, stop the LogQ process that hangs",
            ) from error
        if code in (_CORRUPT, _NOTADB):
            raise CatalogDamaged(
                f"the catalog is damaged: {error}",
                hint="run 'logq doctor --repair' to rebuild it from the segments",
            ) from error
        if code == _READONLY:
            raise StorageError(
                "the data directory is read-only", hint="check its owner and permissions"
            ) from error
        if isinstance(error, sqlite3.OperationalError):
            raise StorageError(
                f"the catalog cannot be used: {error}",
                hint="check the disk and the permissions of the data directory",
            ) from error
        raise
