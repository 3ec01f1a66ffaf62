"""The catalog as engines see it that keep tables of their own in it."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from typing import Protocol


class Database(Protocol):
    """Transactions on the catalog; what several engines write in one block happens together."""

    def write(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction that is durable when the outermost block of this thread has ended.

        A block inside a block joins it: an error takes back only the inner one, unless it goes on.
        No events may be appended inside.
        """
        ...

    def read(self) -> AbstractContextManager[sqlite3.Connection]:
        """A view of the catalog at one moment; sees nothing of transactions that are under way.

        But inside a block of writing of the same thread it sees what that block has written.
        """
        ...
