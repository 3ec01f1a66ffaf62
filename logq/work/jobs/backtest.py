"""The job ``backtest``: what an alarm would have done over stored data."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logq.alarms.backtest import Backtest, replay_log, replay_metric
from logq.alarms.definition import LogWatch
from logq.alarms.log_alarm import Answered
from logq.alarms.stored import KIND, alarm_of
from logq.metric import MINUTE
from logq.metrics.filter import MetricFilter, filter_of
from logq.metrics.metrics import Metrics
from logq.model import MESSAGE, TIMESTAMP, Definition
from logq.query.filter_pattern import Filter, compile_filters, parse_pattern
from logq.storage import Storage
from logq.work.job import job
from logq.work.readable import readable_queries

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.app import LogQ
    from logq.query.engine import Queries
    from logq.work.worker import Out

MOST_ROWS = 10_000_000
_BEFORE_MS = 8 * 86_400_000
"""The longest range that an evaluation looks back."""


@job("backtest")
def backtest(
    logq: LogQ,
    out: Out,
    *,
    name: str,
    body: Mapping[str, Any],
    start: int,
    end: int,
    filters: Sequence[tuple[str, Mapping[str, Any]]] = (),
    readable: Sequence[str] | None = None,
    usable: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Replay a stored alarm's ``body`` between two times, epoch milliseconds.

    With ``filters`` (log group and metric filter) its metrics are counted from stored events, else
    those that are stored are read. The header has the outcome.
    """
    alarm = alarm_of(Definition(KIND, name, None, body, 0, 0, 1))
    queries = readable_queries(logq, readable, usable)
    watch = alarm.watch
    if isinstance(watch, LogWatch):
        groups = watch.groups

        def query(text: str, first: int, last: int) -> Answered:
            result = queries.run(text, groups=groups, start=first, end=last, limit=MOST_ROWS)
            rows = list(result.rows())
            names = tuple(column.name for column in result.columns)
            return Answered(names, rows, frozenset(result.shape.keys))

        said(out, replay_log(alarm, start, end, query))
    elif filters:
        with tempfile.TemporaryDirectory(prefix="logq-backtest-") as folder:
            counted = Storage.open(Path(folder) / "data", logq.clock, logq.settings)
            with counted:
                metrics = Metrics(counted.database, logq.clock, logq.settings)
                for group, each in filters:
                    count(queries, metrics, counted, group, filter_of(each), start, end)
                said(out, replay_metric(alarm, start, end, metrics))
    else:
        said(out, replay_metric(alarm, start, end, logq.monitoring.metrics))
    return {}


def count(
    queries: Queries,
    metrics: Metrics,
    storage: Storage,
    group: str,
    wanted: MetricFilter,
    start: int,
    end: int,
) -> None:
    """Store the datapoints that a metric filter makes of stored events."""
    import pyarrow as pa

    from logq.metrics.samples import samples

    pattern = parse_pattern(wanted.pattern)
    result = queries.run(
        f"fields {TIMESTAMP}, {MESSAGE}",
        groups=[group],
        start=start - _BEFORE_MS,
        end=end,
        limit=MOST_ROWS,
        pattern=pattern,
    )
    compiled = compile_filters([Filter(pattern, wanted.value, dict(wanted.dimensions))])
    for batch in result.arrow():
        table = pa.Table.from_batches([batch])
        if not table.num_rows:
            continue
        (found,) = compiled.run(table)
        made = samples(wanted, found, _all(table))
        if made is not None:
            with storage.database.write() as connection:
                metrics.add(connection, made.data)


def _all(table: pa.Table) -> Any:
    """The times of events, none of them too old."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from logq.metrics.samples import Times

    ms = table.column(TIMESTAMP).combine_chunks().cast(pa.timestamp("ms")).cast(pa.int64())
    minutes = pc.multiply(pc.divide(ms, MINUTE * 1000), MINUTE)
    return Times(minutes, pa.array([True] * table.num_rows, pa.bool_()))


def said(out: Out, found: Backtest) -> None:
    """The outcome as plain values."""
    out.header(
        {
            "start": found.start,
            "end": found.end,
            "pages": found.pages,
            "alarm_ms": found.alarm_ms,
            "steps": [
                {
                    "time": step.time,
                    "before": step.before,
                    "after": step.after,
                    "reason": step.reason,
                }
                for step in found.steps
            ],
            "points": [list(point) for point in found.points],
        }
    )
