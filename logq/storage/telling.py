"""Whoever wants to know what people make, change and delete."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from logq.model import Change

Tell = Callable[[sqlite3.Connection, Change], None]
"""What else happens in the transaction of a change."""


def tell_nobody(connection: sqlite3.Connection, change: Change) -> None:
    """Nothing else happens."""
