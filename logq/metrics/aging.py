"""What becomes of datapoints as they grow old: packed, rolled up into longer ones, deleted.

Each step is one transaction of bounded size, so that nobody waits long for it and a crash leaves
it done or not begun.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from logq.database import Database
from logq.failpoints import reach
from logq.metrics import blocks, cells
from logq.metrics.cells import Place
from logq.metrics.packing import SLOTS, number_of, unpack
from logq.metrics.summary import Summary
from logq.settings import Settings

_METRICS = 16
"""How many metrics a step packs."""
_BLOCKS = 16
"""How many blocks a step rolls up."""
_DELETED = 500
_OPEN_SLOTS, _BATCH_SLOTS = 30, 180
"""The latest buckets are never packed, and always so many at once: values by the minute after half
an hour, every three hours."""


@dataclass(frozen=True, slots=True)
class Tier:
    """How long datapoints of a resolution are kept, and what they become then."""

    resolution: int
    keep: int
    """Seconds."""
    next: int | None
    """The resolution of the next tier."""


def tiers(settings: Settings) -> tuple[Tier, ...]:
    """All tiers, finest first."""
    day = 86_400
    return (
        Tier(1, settings.metric_hours_1s * 3_600, 60),
        Tier(60, settings.metric_days_60s * day, 300),
        Tier(300, settings.metric_days_300s * day, 3_600),
        Tier(3_600, settings.metric_days_3600s * day, None),
    )


def step(database: Database, now: int, settings: Settings) -> bool:
    """Do a part of what is due at ``now``, epoch seconds; False if nothing was."""
    for tier in tiers(settings):
        if _pack(database, tier.resolution, now) or _roll_up(database, tier, now):
            return True
    return _forget(database, now - tiers(settings)[-1].keep)


def _pack(database: Database, resolution: int, now: int) -> bool:
    """Move datapoints of some metrics and one block from their rows into the block."""
    batch = resolution * _BATCH_SLOTS
    cutoff = (now - resolution * _OPEN_SLOTS) // batch * batch
    query = (
        "SELECT start, metric_id FROM datapoints WHERE resolution = ? AND start < ? "
        "ORDER BY start, metric_id LIMIT 1"
    )
    with database.read() as connection:  # mostly there is nothing to do, and no writer waits
        if connection.execute(query, (resolution, cutoff)).fetchone() is None:
            return False
    with database.write() as connection:
        found = connection.execute(query, (resolution, cutoff)).fetchone()
        if found is None:
            return False
        start, first = found
        end = min(cutoff, (number_of(resolution, start) + 1) * SLOTS * resolution)
        ids = range(first, first + _METRICS)
        held = list(cells.read(connection, resolution, ids, start, end))
        blocks.merge(connection, {cell.place: cell.summary for cell in held})
        reach("metrics.in-packing")
        connection.executemany(
            "DELETE FROM datapoints "
            "WHERE resolution = ? AND start = ? AND metric_id = ? AND unit = ?",
            [cell.place for cell in held],
        )
        reach("metrics.packed")
    return True


def _roll_up(database: Database, tier: Tier, now: int) -> bool:
    """Replace some blocks that are too old by what they are in the next tier."""
    due = number_of(tier.resolution, now - tier.keep)
    query = (
        "SELECT number, metric_id, data FROM datapoint_blocks "
        "WHERE resolution = ? AND number < ? ORDER BY number, metric_id LIMIT ?"
    )
    bound = (tier.resolution, due, _BLOCKS if tier.next else _DELETED)
    with database.read() as connection:
        if not connection.execute(query, bound).fetchall():
            return False
    with database.write() as connection:
        old = connection.execute(query, bound).fetchall()
        if tier.next is not None:
            blocks.merge(connection, _rolled_up(tier.resolution, tier.next, old))
        reach("metrics.in-roll-up")
        connection.executemany(
            "DELETE FROM datapoint_blocks WHERE resolution = ? AND number = ? AND metric_id = ?",
            [(tier.resolution, number, metric) for number, metric, _ in old],
        )
        reach("metrics.rolled-up")
    return True


def _rolled_up(
    resolution: int, coarser: int, old: Sequence[tuple[int, int, bytes]]
) -> dict[Place, Summary]:
    found: dict[Place, Summary] = {}
    for number, metric, data in old:
        for cell in unpack(metric, resolution, number, data):
            start = cell.place.start // coarser * coarser
            place = Place(coarser, start, metric, cell.place.unit)
            found.setdefault(place, Summary()).merge(cell.summary)
    return found


def _forget(database: Database, oldest: int) -> bool:
    """Delete metrics of which nothing can be left."""
    bound = (oldest - SLOTS * 3_600, _DELETED)
    query = "SELECT id FROM metrics WHERE last < ? LIMIT ?"
    with database.read() as connection:
        if connection.execute(query, bound).fetchone() is None:
            return False
    with database.write() as connection:
        _delete(connection, connection.execute(query, bound).fetchall())
    return True


def _delete(connection: sqlite3.Connection, gone: Sequence[tuple[int]]) -> None:
    connection.executemany("DELETE FROM metrics WHERE id = ?", gone)
