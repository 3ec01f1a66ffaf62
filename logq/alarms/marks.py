"""Numbers that the engine keeps in the catalog."""

from __future__ import annotations

import sqlite3

CHANGED = "changed"
"""Rises with every change of an alarm or mute rule, so that processes notice those of others."""
TICKED = "ticked"
"""The last evaluation, epoch milliseconds."""


def mark(connection: sqlite3.Connection, name: str) -> int | None:
    """The number, or None."""
    row = connection.execute("SELECT value FROM alarm_marks WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else None


def set_mark(connection: sqlite3.Connection, name: str, value: int) -> None:
    """Keep a number."""
    connection.execute("INSERT OR REPLACE INTO alarm_marks VALUES (?, ?)", (name, value))


def changed(connection: sqlite3.Connection) -> None:
    """Tell every process that the definitions are others now."""
    connection.execute(
        "INSERT INTO alarm_marks VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
        (CHANGED,),
    )
