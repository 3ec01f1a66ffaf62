"""The minutes of metric filters with a default value: which had events, and none that matched.

A minute is closed when it has been over for a while. What comes later adds to it, and its default
stays. AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from logq.metric import MINUTE

GRACE_SECONDS = 10
KEPT_SECONDS = 86_400
"""How long a minute is remembered: events that come later make no second default, and none."""


def record(
    connection: sqlite3.Connection,
    group: str,
    name: str,
    seen: Mapping[int, int],
    matched: Mapping[int, int],
    now: int,
) -> None:
    """Note events of some minutes; minutes and ``now`` in epoch seconds."""
    connection.executemany(
        "INSERT INTO filter_minutes VALUES (?, ?, ?, ?, 0)"
        " ON CONFLICT DO UPDATE SET matched = matched + excluded.matched",
        [
            (group, name, minute, matched.get(minute, 0))
            for minute in seen
            if minute > now - KEPT_SECONDS
        ],
    )


def close(connection: sqlite3.Connection, now: int) -> list[tuple[str, str, int]]:
    """The minutes that are over since the last call and had no match: group, filter, minute."""
    over = now - MINUTE - GRACE_SECONDS
    found = connection.execute(
        "SELECT log_group, filter, minute FROM filter_minutes"
        " WHERE closed = 0 AND minute <= ? AND matched = 0 ORDER BY minute",
        (over,),
    ).fetchall()
    connection.execute(
        "UPDATE filter_minutes SET closed = 1 WHERE closed = 0 AND minute <= ?", (over,)
    )
    connection.execute(
        "DELETE FROM filter_minutes WHERE closed = 1 AND minute <= ?", (now - KEPT_SECONDS,)
    )
    return [(group, name, minute) for group, name, minute in found]
