"""The table of what was measured lately: one row for a metric, a bucket of time and a unit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import orjson

from logq.metric import Datum, Metric
from logq.metrics import names
from logq.metrics.summary import Figures, Summary


class Place(NamedTuple):
    """Where samples lie, in the order of the table."""

    resolution: int
    """Seconds."""
    start: int
    """Epoch seconds."""
    metric: int
    """Its id."""
    unit: str


class Cell(NamedTuple):
    """The samples of one place, as they are stored."""

    place: Place
    figures: Figures
    detail: bytes | None

    @property
    def summary(self) -> Summary:
        """A new summary of the samples."""
        return Summary.of(self.figures, self.detail)


_STARTS = """
WITH RECURSIVE starts (start) AS MATERIALIZED (
    SELECT min(start) FROM datapoints WHERE resolution = :resolution AND start >= :first
    UNION ALL
    SELECT (SELECT min(d.start) FROM datapoints d
            WHERE d.resolution = :resolution AND d.start > starts.start)
    FROM starts WHERE starts.start < :end
),
wanted (id) AS MATERIALIZED (SELECT value FROM json_each(:ids))
"""
"""The buckets that exist, each found by one seek, and the metrics that are asked for."""

_READ = f"""
{_STARTS}
SELECT d.* FROM starts CROSS JOIN wanted CROSS JOIN datapoints d
ON d.resolution = :resolution AND d.start = starts.start AND d.metric_id = wanted.id
WHERE starts.start < :end
"""


def add(connection: sqlite3.Connection, data: Iterable[Datum]) -> None:
    """Add samples to what there is."""
    fresh: dict[tuple[Metric, int, int, str], Summary] = {}
    last: dict[Metric, int] = {}
    for datum in data:
        start = datum.time // datum.resolution * datum.resolution
        key = (datum.metric, datum.resolution, start, datum.unit)
        summary = fresh.get(key)
        if summary is None:
            summary = fresh[key] = Summary()
        collect(summary, datum)
        last[datum.metric] = max(start, last.get(datum.metric, start))
    ids = names.ids_for(connection, last.items())
    merge(
        connection,
        {
            Place(resolution, start, ids[metric], unit): summary
            for (metric, resolution, start, unit), summary in fresh.items()
            if summary.figures.samples
        },
    )


def collect(summary: Summary, datum: Datum) -> None:
    """Add the samples of a datum to a summary."""
    if datum.statistics is not None:
        given = datum.statistics
        if given.samples:
            summary.add_figures(Figures(given.samples, given.sum, given.minimum, given.maximum))
        return
    for value, count in zip(datum.values, datum.counts or (1.0,) * len(datum.values), strict=True):
        if count:
            summary.add(value, count)


def merge(connection: sqlite3.Connection, fresh: Mapping[Place, Summary]) -> None:
    """Add samples to those that lie at the same places."""
    rows = []
    for place, summary in sorted(fresh.items(), key=lambda pair: pair[0]):
        there = connection.execute(
            "SELECT samples, total, low, high, detail FROM datapoints "
            "WHERE resolution = ? AND start = ? AND metric_id = ? AND unit = ?",
            place,
        ).fetchone()
        if there is not None:
            held = Summary.of(Figures(*there[:4]), there[4])
            held.merge(summary)
            summary = held
        rows.append((*place, *summary.figures, summary.detail()))
    connection.executemany("INSERT OR REPLACE INTO datapoints VALUES (?,?,?,?,?,?,?,?,?)", rows)


def read(
    connection: sqlite3.Connection, resolution: int, ids: Sequence[int], first: int, end: int
) -> Iterator[Cell]:
    """The cells of some metrics that start from ``first`` on and before ``end``."""
    bound = {
        "resolution": resolution,
        "first": first,
        "end": end,
        "ids": orjson.dumps(sorted(ids)).decode(),
    }
    for row in connection.execute(_READ, bound):
        yield Cell(Place(*row[:4]), Figures(*row[4:8]), row[8])
