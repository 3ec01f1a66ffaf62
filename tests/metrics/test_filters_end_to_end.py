"""Metric filters over every way in: what was accepted was counted, once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from logq.app import LogQ
from logq.ingest.incoming import incoming
from logq.metric import Metric, MetricStat, Window
from logq.metrics.filter import KIND, MetricFilter

NOW = 1_780_000_000_000
START = NOW // 60_000 * 60


@pytest.fixture
def logq(tmp_path: Path) -> Iterator[LogQ]:
    with LogQ(tmp_path / "data", environ={}, clock=lambda: NOW) as opened:
        opened.ensure_group("/app")
        wanted = MetricFilter("{ $.ms = * }", "shop", "latency", value="$.ms")
        opened.storage.definitions.put(KIND, "f", dataclasses.asdict(wanted), group="/app")
        yield opened


def read(logq: LogQ, stat: str) -> float | None:
    ask = MetricStat(Metric("shop", "latency"), stat, 60)
    ((value,),) = logq.monitoring.metrics.windows([(ask, [Window(START, START + 60)])])
    return None if value is None else value.value


def test_pushed_events_count(logq: LogQ) -> None:
    logq.accept("/app", incoming(['{"ms": 3}', '{"ms": 5}', "{}"], [NOW] * 3, ["s"] * 3))

    assert (read(logq, "SampleCount"), read(logq, "Sum"), read(logq, "p100")) == (2, 8, 5)


def test_files_that_are_read_count_once_however_often_they_are_named(
    logq: LogQ, tmp_path: Path
) -> None:
    path = tmp_path / "app.log"
    path.write_text("".join(f'{{"time": {NOW}, "ms": {n}}}\n' for n in range(1_000)))
    logq.load([str(path)], "/app")
    logq.load([str(path)], "/app")

    assert (read(logq, "SampleCount"), read(logq, "Maximum")) == (1_000, 999)
