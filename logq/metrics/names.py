"""The metrics that are known, and when each was last measured."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from logq.metric import Metric

_LAST_SECONDS = 60
"""When a metric was last measured is known this precisely, so that few writes are for it alone."""


@dataclass(frozen=True, slots=True)
class Known:
    """A metric that is stored."""

    id: int
    metric: Metric
    last: int
    """When it was last measured: epoch seconds, the start of a bucket, or a minute before."""


def ids_for(
    connection: sqlite3.Connection, last: Iterable[tuple[Metric, int]]
) -> dict[Metric, int]:
    """The ids of metrics that are measured at these times, made where they are new."""
    ids: dict[Metric, int] = {}
    for metric, time in last:
        key = _key(metric)
        found = connection.execute(
            "SELECT id, last FROM metrics WHERE namespace = ? AND name = ? AND dimensions = ?", key
        ).fetchone()
        if found is None:
            found = connection.execute(
                "INSERT INTO metrics (namespace, name, dimensions, last) VALUES (?, ?, ?, ?) "
                "RETURNING id",
                (*key, time),
            ).fetchone()
        elif time >= found[1] + _LAST_SECONDS:
            connection.execute("UPDATE metrics SET last = ? WHERE id = ?", (time, found[0]))
        ids[metric] = found[0]
    return ids


def find_ids(connection: sqlite3.Connection, metrics: Iterable[Metric]) -> dict[Metric, int]:
    """The ids of those of the metrics that are known."""
    ids: dict[Metric, int] = {}
    for metric in metrics:
        found = connection.execute(
            "SELECT id FROM metrics WHERE namespace = ? AND name = ? AND dimensions = ?",
            _key(metric),
        ).fetchone()
        if found is not None:
            ids[metric] = found[0]
    return ids


def known(
    connection: sqlite3.Connection,
    *,
    namespace: str | None = None,
    name: str | None = None,
    since: int = 0,
) -> Iterator[Known]:
    """Metrics that were measured since a time."""
    where = ["last >= ?"]
    bound: list[str | int] = [since]
    for column, value in (("namespace", namespace), ("name", name)):
        if value is not None:
            where.append(f"{column} = ?")
            bound.append(value)
    rows = connection.execute(
        f"SELECT id, namespace, name, dimensions, last FROM metrics WHERE {' AND '.join(where)}",
        bound,
    )
    for id, space, title, dimensions, last in rows:
        pairs = tuple((key, value) for key, value in orjson.loads(dimensions))
        yield Known(id, Metric(space, title, pairs), last)


def forget(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Delete metrics with all that was measured of them."""
    gone = [(id,) for id in ids]
    for table in ("datapoints", "datapoint_blocks"):
        connection.executemany(f"DELETE FROM {table} WHERE metric_id = ?", gone)
    connection.executemany("DELETE FROM metrics WHERE id = ?", gone)


def _key(metric: Metric) -> tuple[str, str, str]:
    return metric.namespace, metric.name, orjson.dumps(sorted(metric.dimensions)).decode()
