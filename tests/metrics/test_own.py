"""LogQ counts itself: what comes in, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from logq.actions.counted import Counted
from logq.actions.groups import create_log_group
from logq.app import LogQ
from logq.errors import AlreadyExists
from logq.ingest.incoming import incoming
from logq.metric import Metric, MetricStat, Window
from tests.actions.conftest import Calls, context_of
from tests.metrics.building import NOW, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def logq(tmp_path: Path, clock: Clock) -> Iterator[LogQ]:
    with LogQ(tmp_path / "data", clock=clock, environ={}) as opened:
        yield opened


def total(logq: LogQ, name: str, **dimensions: str) -> float | None:
    """What was counted in the minute of NOW."""
    metric = Metric("LogQ/Logs", name, tuple(sorted(dimensions.items())))
    stat = MetricStat(metric, "Sum", 60)
    [[value]] = logq.monitoring.metrics.windows([(stat, [Window(NOW, NOW + 60)])])
    return value.value if value else None


def test_events_that_come_in_are_counted_by_log_group(logq: LogQ, clock: Clock) -> None:
    logq.storage.groups.create("app")
    logq.accept("app", incoming(["abc", "defg"], [clock.now] * 2, "s"))
    assert total(logq, "IncomingBytes", LogGroupName="app") is None

    clock.now += 60_000
    due = logq.monitoring.keep(clock.now)

    assert due == clock.now + 60_000
    assert total(logq, "IncomingBytes", LogGroupName="app") == 7
    assert total(logq, "IncomingLogEvents", LogGroupName="app") == 2


def test_a_process_that_only_takes_in_events_stores_its_counts_with_them(
    logq: LogQ, clock: Clock
) -> None:
    logq.storage.groups.create("app")
    for _ in range(3):
        logq.accept("app", incoming(["abc"], [clock.now], "s"))
    clock.now += 60_000
    logq.accept("app", incoming(["abc"], [clock.now], "s"))

    assert total(logq, "IncomingLogEvents", LogGroupName="app") == 3


def test_what_was_counted_is_stored_at_the_end(tmp_path: Path, clock: Clock) -> None:
    for lines in (["a"], ["b", "c"]):
        with LogQ(tmp_path / "data", clock=clock, environ={}) as logq:
            logq.ensure_group("app")
            logq.accept("app", incoming(lines, [clock.now] * len(lines), "s"))

    with LogQ(tmp_path / "data", clock=clock, environ={}) as logq:
        assert total(logq, "IncomingLogEvents", LogGroupName="app") == 3


def test_calls_and_their_errors_are_counted_by_action(logq: LogQ) -> None:
    own, calls = logq.monitoring.own, Calls()
    context = replace(context_of(logq), recorder=Counted(calls, own.count))
    create_log_group(context, "app")
    with pytest.raises(AlreadyExists):
        create_log_group(context, "app")

    own.publish(whole=True)

    assert len(calls.seen) == 2
    assert total(logq, "CallCount", Action="logs:CreateLogGroup") == 2
    assert total(logq, "ErrorCount", Action="logs:CreateLogGroup") == 1
    assert total(logq, "ThrottleCount", Action="logs:CreateLogGroup") is None
