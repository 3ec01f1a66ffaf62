"""The table of what was measured before: packed cells."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson

from logq.metrics.cells import Cell, Place
from logq.metrics.packing import number_of, pack, unpack
from logq.metrics.summary import Summary


def read(
    connection: sqlite3.Connection, resolution: int, ids: Sequence[int], first: int, end: int
) -> Iterator[Cell]:
    """The cells of some metrics that start from ``first`` on and before ``end``."""
    rows = connection.execute(
        "SELECT b.metric_id, b.number, b.data FROM datapoint_blocks b "
        "WHERE b.resolution = ? AND b.number BETWEEN ? AND ? AND b.last >= ? AND b.first < ? "
        "AND b.metric_id IN (SELECT value FROM json_each(?))",
        (
            resolution,
            number_of(resolution, first),
            number_of(resolution, end),
            first,
            end,
            orjson.dumps(list(ids)).decode(),
        ),
    )
    for metric, number, data in rows:
        for cell in unpack(metric, resolution, number, data):
            if first <= cell.place.start < end:
                yield cell


def merge(connection: sqlite3.Connection, fresh: Mapping[Place, Summary]) -> None:
    """Add samples to those that lie at the same places."""
    by_block: dict[tuple[int, int, int], dict[Place, Summary]] = defaultdict(dict)
    for place, summary in fresh.items():
        number = number_of(place.resolution, place.start)
        by_block[place.resolution, number, place.metric][place] = summary
    for (resolution, number, metric), cells in sorted(by_block.items()):
        there = connection.execute(
            "SELECT data FROM datapoint_blocks "
            "WHERE resolution = ? AND number = ? AND metric_id = ?",
            (resolution, number, metric),
        ).fetchone()
        held = list(unpack(metric, resolution, number, there[0])) if there else []
        merged = joined(held, cells)
        connection.execute(
            "INSERT OR REPLACE INTO datapoint_blocks VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(resolution, number, metric),
                *(merged[0].place.start, merged[-1].place.start),
                pack(merged),
            ),
        )


def joined(held: Iterable[Cell], fresh: Mapping[Place, Summary]) -> list[Cell]:
    """Cells and further samples, in order."""
    cells = {cell.place: cell for cell in held}
    for place, summary in fresh.items():
        there = cells.get(place)
        if there is not None:
            whole = there.summary
            whole.merge(summary)
            summary = whole
        cells[place] = Cell(place, summary.figures, summary.detail())
    return [cells[place] for place in sorted(cells)]
