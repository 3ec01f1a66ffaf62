"""Short ways to say what is measured and asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from logq.metric import Datum, Metric, MetricStat, Value, Window
from logq.metrics.metrics import Metrics
from logq.storage.migrations import MIGRATIONS

NOW = 1_790_000_040
"""Epoch seconds, the start of a minute; a quarter of an hour after a full hour."""

CPU = Metric("App", "cpu", (("host", "a"),))


@dataclass
class Clock:
    """A clock that tests move by hand; epoch milliseconds."""

    now: int = NOW * 1000

    def __call__(self) -> int:
        return self.now


class Memory:
    """A catalog that holds nothing but metrics, in memory: no disk makes it slow."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        for step in MIGRATIONS:
            if "datapoints" in step:
                self._connection.executescript(step)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        yield self._connection


def datum(
    *values: float, at: int = NOW, metric: Metric = CPU, unit: str = "None", resolution: int = 60
) -> Datum:
    """A datum with these values."""
    return Datum(metric, at, values, unit=unit, resolution=resolution)


def ask(
    metrics: Metrics,
    stat: str,
    *windows: tuple[int, int],
    metric: Metric = CPU,
    unit: str | None = None,
) -> list[float | None]:
    """The statistic over windows that are given by their starts and ends, relative to NOW."""
    over = [Window(NOW + start, NOW + end) for start, end in windows]
    length = over[0].end - over[0].start
    (found,) = metrics.windows([(MetricStat(metric, stat, length, unit), over)])
    return numbers(found)


def numbers(found: Sequence[Value | None]) -> list[float | None]:
    """The bare values."""
    return [each.value if each else None for each in found]
