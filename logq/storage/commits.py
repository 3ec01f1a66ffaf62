"""Group commit: what several threads write at the same time becomes one transaction.

A commit waits for the disk. Whoever comes meanwhile queues up, and the next commit takes the whole
queue: a slow disk makes larger transactions in place of longer waits. Each caller returns only
after the commit that holds its own work, and a piece of work that fails takes back only itself.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from logq.errors import StorageError
from logq.storage.catalog import Catalog

MOST = 64
"""Pieces of work in one transaction: other processes wait meanwhile."""

T = TypeVar("T")


@dataclass(eq=False)
class _Piece:
    work: Callable[[sqlite3.Connection], Any]
    done: bool = False
    value: Any = None
    error: Exception | None = None


class Commits:
    """Runs pieces of work on a catalog, each durable when ``run`` returns or not done at all."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._queue: list[_Piece] = []
        self._changed = threading.Condition()
        self._committing = False

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something inside a transaction, maybe together with others; raises its errors.

        Not inside a block of ``Catalog.write``: others would wait for this thread, and it for them.
        """
        if self._catalog.writing:
            raise RuntimeError("events cannot be appended inside a transaction")
        mine = _Piece(work)
        with self._changed:
            self._queue.append(mine)
        while together := self._turn(mine):
            try:
                self._commit(together)
            finally:
                with self._changed:
                    self._committing = False
                    self._changed.notify_all()
        if mine.error is not None:
            raise mine.error
        value: T = mine.value
        return value

    def _turn(self, mine: _Piece) -> list[_Piece]:
        """What this thread has to commit now; nothing once its own piece is done."""
        with self._changed:
            self._changed.wait_for(lambda: mine.done or not self._committing)
            if mine.done:
                return []
            self._committing = True
            together, self._queue = self._queue[:MOST], self._queue[MOST:]
            return together

    def _commit(self, pieces: list[_Piece]) -> None:
        try:
            with self._catalog.write() as connection:
                if len(pieces) == 1:
                    pieces[0].value = pieces[0].work(connection)
                else:
                    for piece in pieces:
                        _apart(connection, piece)
        except BaseException as error:
            # The transaction is gone as a whole: nobody's work is done.
            for piece in pieces:
                piece.error = _why(error)
            if not isinstance(error, Exception):
                raise
        finally:
            for piece in pieces:
                piece.done = True


def _apart(connection: sqlite3.Connection, piece: _Piece) -> None:
    """Do one piece of several, so that it can fail alone."""
    connection.execute("SAVEPOINT piece")
    try:
        piece.value = piece.work(connection)
    except sqlite3.Error:
        raise  # a disk that is full takes the whole transaction back
    except Exception as error:
        piece.error = error
        connection.execute("ROLLBACK TO piece")
    connection.execute("RELEASE piece")


def _why(error: BaseException) -> Exception:
    if isinstance(error, Exception):
        return error
    return StorageError("storing was interrupted; nothing was stored", hint="send it again")
