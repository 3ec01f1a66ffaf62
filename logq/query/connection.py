"""A locked DuckDB for one query, and its errors in the words of LogQ."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from logq.errors import DiskFull, EngineFault, LimitExceeded, StorageError, TimedOut
from logq.query.build import fn, render, text
from logq.query.macros import used_by
from logq.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa


REMIND_SECONDS = 0.05


class Damaged(StorageError):
    """Perhaps a file could not be read; the engine finds out which one and goes on without it."""

    reason = ""
    """What DuckDB said."""


def connect(settings: Settings, directory: str | None) -> duckdb.DuckDBPyConnection:
    """A DuckDB that can read the data directory and nothing else."""
    config: dict[str, Any] = {
        "memory_limit": settings.query_memory,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "preserve_insertion_order": "true",
    }
    if settings.query_threads:
        config["threads"] = str(settings.query_threads)
    try:
        connection = duckdb.connect(":memory:", config=config)
    except duckdb.Error as error:
        raise _translated(error, settings) from None
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET error_on_division_by_zero = false")
    if directory is not None:
        quoted = directory.replace("'", "''")
        connection.execute(f"SET temp_directory = '{quoted}/tmp'")
        connection.execute(f"SET allowed_directories = ['{quoted}']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


class Session:
    """One query's own view of a database, with its tables, macros and deadline."""

    def __init__(
        self,
        database: duckdb.DuckDBPyConnection,
        settings: Settings,
        tables: Sequence[tuple[str, Any]],
    ) -> None:
        self._settings = settings
        self._connection = database.cursor()
        for name, table in tables:
            self.register(name, table)
        self._expired = False
        self._closed = False
        self._closing = threading.Lock()
        # The guard knows the session weakly: an answer that nobody reads goes when it is dropped.
        self._done = threading.Event()
        guard = (weakref.ref(self), self._done, settings.query_seconds)
        threading.Thread(target=_guard, args=guard, name="query deadline", daemon=True).start()
        weakref.finalize(self, self._done.set)

    def register(self, name: str, table: Any) -> None:
        """Let queries read an Arrow table under a name."""
        self._connection.register(name, table)

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run one SELECT; raises LogQError."""
        with self.guarded():
            self._define_macros(sql)
            return self._connection.execute(sql)

    def stream(self, sql: str, batch_rows: int) -> pa.RecordBatchReader:
        """Run one SELECT for Arrow batches, without holding its rows; raises LogQError."""
        with self.guarded():
            self._connection.abort()
            self._define_macros(sql)
            return self._connection.sql(sql).to_arrow_reader(batch_rows)

    def _define_macros(self, sql: str) -> None:
        for macro in used_by(sql):
            self._connection.execute(macro)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """DuckDB's errors as LogQ's; raises TimedOut also where DuckDB had nothing to interrupt."""
        try:
            yield
        except duckdb.InterruptException:
            if not self._expired:
                raise KeyboardInterrupt from None
        except duckdb.Error as error:
            raise _translated(error, self._settings) from error
        if self._expired:
            raise TimedOut(
                f"the query took longer than {self._settings.query_seconds} s",
                hint="narrow the time range, or raise the setting query_seconds",
            )

    def next_batch(self, reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
        """The next batch of an answer, None at its end; raises LogQError."""
        import pyarrow as pa

        with self.guarded():
            try:
                return reader.read_next_batch()
            except StopIteration:
                return None
            except (OSError, pa.ArrowException) as error:
                raise _of_arrow(error) from error

    def batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        """The batches of an answer; raises LogQError."""
        while (batch := self.next_batch(reader)) is not None:
            yield batch

    def can_read(self, path: str) -> bool:
        """Whether a segment file can be read from end to end."""
        with self.guarded():
            try:
                rows = self._connection.execute(
                    # A count alone would be answered from the footer.
                    f"SELECT max(hash(COLUMNS(*))) FROM {render(fn('read_parquet', text(path)))}"
                ).fetchall()
            except (duckdb.InterruptException, duckdb.OutOfMemoryException):
                raise  # says nothing about the file
            except duckdb.Error:
                return False
            return bool(rows)

    def close(self) -> None:
        """Give everything back; may be called again."""
        self._done.set()
        with self._closing:
            self._closed = True
            self._connection.close()

    def interrupt(self) -> None:
        """Have what is running raise KeyboardInterrupt; from any thread, and at any time."""
        with self._closing:
            if not self._closed:
                self._connection.interrupt()

    def expire(self) -> None:
        """The time is over: stop what is running."""
        self._expired = True
        self.interrupt()


def _guard(session: weakref.ref[Session], done: threading.Event, seconds: float) -> None:
    """Stop a session after its time; more than once, since DuckDB forgets what comes too early."""
    while not done.wait(seconds):
        found = session()
        if found is None:
            return
        found.expire()
        del found
        seconds = REMIND_SECONDS


_OF_FILES = (
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.SerializationException,
    duckdb.InternalException,
    duckdb.FatalException,
)
"""What DuckDB raises over a damaged Parquet file, besides the bare ``duckdb.Error``."""


def _of_arrow(error: Exception) -> duckdb.Error:
    """DuckDB's error behind one of Arrow's, which carries only its text."""
    message = str(error)
    for start, kind in _ARROW_ERRORS.items():
        if message.startswith(start):
            return kind(message)
    return duckdb.InternalException(message)


_ARROW_ERRORS: dict[str, type[duckdb.Error]] = {
    "INTERRUPT": duckdb.InterruptException,
    "Out of Memory": duckdb.OutOfMemoryException,
    "IO Error": duckdb.IOException,
    "Invalid Input": duckdb.InvalidInputException,
    "Serialization": duckdb.SerializationException,
    "Out of Range": duckdb.OutOfRangeException,
}


def _translated(error: duckdb.Error, settings: Settings) -> Exception:
    message = str(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        if "max_temp_directory_size" in message or "No space left" in message:
            return DiskFull("no space is left for the query's temporary files")
        return LimitExceeded(
            f"the query needs more than {settings.query_memory} of memory",
            hint="narrow it with filter, or raise the setting query_memory",
        )
    if isinstance(error, _OF_FILES) or type(error) is duckdb.Error:
        suspected = Damaged(f"a segment cannot be read: {message}")
        suspected.reason = message
        return suspected
    if isinstance(error, duckdb.OutOfRangeException):
        return LimitExceeded(
            "a number in the query grows beyond 38 digits",
            hint="divide it first, or make it a fraction: sum(x * 1.0)",
        )
    return EngineFault.of(message)
