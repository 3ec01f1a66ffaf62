"""The scene of metrics: samples that come in, and the windows that alarms look at."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from logq.metric import Datum, Metric, MetricStat, Window
from logq.metrics.metrics import Metrics
from logq.settings import Settings
from logq.storage import Storage
from tests.bench.measuring import Cost, Goal, Row
from tests.bench.scenes import Bench

_START = 1_790_000_040
_MINUTES = 5
_PER_CALL = 1_000


def metrics(bench: Bench) -> Iterator[Row]:
    """Each metric with three samples a minute; a hundredth as many metrics as events."""
    many = max(_PER_CALL, bench.events // 100)
    hosts = [Metric("App", "latency", (("host", f"h{n}"), ("zone", "eu"))) for n in range(many)]
    chance = random.Random(7)
    now = (_START + 60 * _MINUTES) * 1000
    with Storage.open(Path(bench.fresh("metrics")), lambda: now) as storage:
        engine = Metrics(storage.database, lambda: now, Settings())
        costs = []
        for minute in range(_MINUTES):
            data = [
                Datum(host, _START + 60 * minute, tuple(chance.random() for _ in range(3)))
                for host in hosts
            ]
            for at in range(0, many, _PER_CALL):
                part = data[at : at + _PER_CALL]
                costs.append(_cost(lambda part=part: engine.put(part)))  # type: ignore[misc]
        typical = sorted(costs, key=lambda cost: cost.wall)[len(costs) // 2]
        note = f"{_PER_CALL:,} metrics with 3 samples a call, durable"
        yield Row("metrics: put", typical, Cost(), Goal("cpu", 0, 0.060), note=note)
        windows = [Window(_START + 60 * n, _START + 60 * n + 60) for n in range(_MINUTES)]
        for stat in ("Average", "p99"):
            asks = [(MetricStat(host, stat, 60), windows) for host in hosts]
            cost = _cost(lambda asks=asks: engine.windows(asks))  # type: ignore[misc]
            note = f"{many:,} metrics, {_MINUTES} windows each"
            goal = Goal("cpu", 0, 5.0 * many / 10_000)
            yield Row(f"metrics: windows, {stat}", cost, Cost(), goal, note=note)


def _cost(work: Callable[[], object]) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)
