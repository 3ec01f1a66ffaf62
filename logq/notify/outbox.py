"""The outbox: what is to be delivered, written in the transaction of what it tells of.

An entry stays until it was delivered or given up. Whoever reads the outbox sees of each key only
the oldest entry, the head: nothing overtakes it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import takewhile

from logq.outgoing import LOG_GROUP, Outgoing

_GIVEN = tuple(field.name for field in fields(Outgoing))
_COLUMNS = ", ".join(f'"{name}"' for name in _GIVEN)
_HEADS = f"""
SELECT seq, {_COLUMNS}, tried, first_try, next_at, fault FROM outbox o
WHERE lane = ? AND kind != '{LOG_GROUP}' AND seq = (SELECT min(seq) FROM outbox WHERE key = o.key)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the outbox as it stands."""

    seq: int
    """Rises with every entry."""
    out: Outgoing
    tried: int
    first_try: int | None
    next_at: int
    """Epoch milliseconds, as the one before it."""
    fault: str
    """What went wrong last time."""


def enqueue(connection: sqlite3.Connection, entries: Iterable[Outgoing], delay: int = 0) -> int:
    """Add entries, to be delivered after ``delay`` ms; how many.

    The same id to the same receiver adds nothing. Log groups get a lane each, whatever is said.
    """
    marks = ", ".join("?" * (len(_GIVEN) + 1))
    rows = [
        (*(getattr(entry, name) for name in _GIVEN), _due(entry) + delay)
        for entry in (_own_lane(entry) for entry in entries)
    ]
    connection.executemany(
        f"INSERT OR IGNORE INTO outbox ({_COLUMNS}, next_at) VALUES ({marks})", rows
    )
    return len(rows)


def group_lane(group: str) -> str:
    """The lane of a log group."""
    return f"log group {group}"


def _due(entry: Outgoing) -> int:
    return 0 if entry.kind == LOG_GROUP else entry.created  # the time of an event may be any


def _own_lane(entry: Outgoing) -> Outgoing:
    return replace(entry, lane=group_lane(entry.to)) if entry.kind == LOG_GROUP else entry


def lanes(connection: sqlite3.Connection) -> dict[str, int]:
    """Each lane that has entries, with the time when its first head is due."""
    found = connection.execute(
        "SELECT lane, min(next_at) FROM outbox o"
        " WHERE seq = (SELECT min(seq) FROM outbox WHERE key = o.key) GROUP BY lane"
    )
    return dict(found.fetchall())


def heads(connection: sqlite3.Connection, lane: str, now: int, limit: int) -> list[Entry]:
    """The heads of a lane that are due, oldest first; ``stored`` has those for log groups."""
    sql = _HEADS + " AND next_at <= ? ORDER BY seq LIMIT ?"
    return [_entry(row) for row in connection.execute(sql, (lane, now, limit))]


def stored(connection: sqlite3.Connection, lane: str, now: int, limit: int) -> list[Entry]:
    """The due entries of a lane that go into a log group as they are, oldest first.

    None behind one that is not due: what is in a log group already has lower numbers.
    """
    sql = f"SELECT seq, {_COLUMNS}, tried, first_try, next_at, fault FROM outbox"
    sql += f" WHERE lane = ? AND kind = '{LOG_GROUP}' ORDER BY seq LIMIT ?"
    found = (_entry(row) for row in connection.execute(sql, (lane, limit)))
    return list(takewhile(lambda entry: entry.next_at <= now, found))


def behind(connection: sqlite3.Connection, key: str, seq: int) -> list[Entry]:
    """The entries of a key that wait behind its head, oldest first."""
    sql = f"SELECT seq, {_COLUMNS}, tried, first_try, next_at, fault FROM outbox"
    sql += " WHERE key = ? AND seq > ? ORDER BY seq"
    return [_entry(row) for row in connection.execute(sql, (key, seq))]


def remove(connection: sqlite3.Connection, entries: Sequence[int]) -> None:
    """Take out what was delivered or given up."""
    connection.executemany("DELETE FROM outbox WHERE seq = ?", [(seq,) for seq in entries])


def postpone(
    connection: sqlite3.Connection, entries: Sequence[int], now: int, next_at: int, fault: str
) -> None:
    """Note a failed attempt and when to try again."""
    connection.executemany(
        "UPDATE outbox SET tried = tried + 1, first_try = coalesce(first_try, ?), next_at = ?,"
        " fault = ? WHERE seq = ?",
        [(now, next_at, fault, seq) for seq in entries],
    )


def forget(connection: sqlite3.Connection, to: str) -> int:
    """Take out everything to one receiver; how many entries."""
    return connection.execute('DELETE FROM outbox WHERE "to" = ?', (to,)).rowcount


def waiting(connection: sqlite3.Connection) -> tuple[int, int | None]:
    """How many entries there are, and when the oldest was made."""
    count, oldest = connection.execute("SELECT count(*), min(created) FROM outbox").fetchone()
    return int(count), oldest


def _entry(row: Sequence[object]) -> Entry:
    seq, *given, tried, first_try, next_at, fault = row
    return Entry(seq, Outgoing(*given), tried, first_try, next_at, fault)  # type: ignore[arg-type]
