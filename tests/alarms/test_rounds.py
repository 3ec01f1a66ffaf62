"""The rounds of a process: one process makes them, and the history is mirrored once."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from logq.alarms.state import State
from logq.app import LogQ, OwnGroups
from logq.metric import Datum, Metric, MetricStat, Window
from logq.rounds import HISTORY, LOCK, Rounds, _alone
from tests.alarms.conftest import START, alarm


def rounds_of(logq: LogQ) -> Rounds:
    return Rounds(logq.data, logq.monitoring, OwnGroups(logq), logq.clock)


def test_a_round_evaluates_and_mirrors_the_history_once(tmp_path: Path) -> None:
    now = [START + 5_000]
    with LogQ(tmp_path / "data", clock=lambda: now[0], environ={}) as logq:
        logq.monitoring.alarms.put(alarm("errors"))
        metric = Metric("App", "errors")
        logq.monitoring.metrics.put([Datum(metric, START // 1000 - 30, (9.0,))])
        rounds = rounds_of(logq)
        rounds.once(now[0])
        now[0] += 1
        rounds.once(now[0])

        found = logq.queries.run("fields @message", groups=[HISTORY])
        items = [json.loads(row[0]) for row in found.rows()]
        assert sorted(item["type"] for item in items) == [
            "Action",
            "ConfigurationUpdate",
            "StateUpdate",
        ]
        assert logq.monitoring.alarms.get("errors").standing.state == State.ALARM


def test_evaluations_and_how_late_they_are_are_metrics(tmp_path: Path) -> None:
    now = [START + 5_000]
    with LogQ(tmp_path / "data", clock=lambda: now[0], environ={}) as logq:
        for name in ("a", "b"):
            logq.monitoring.alarms.put(alarm(name))
        rounds = rounds_of(logq)
        rounds.once(now[0])
        now[0] += 60_000 + 2_500  # the next minute, and late
        rounds.once(now[0])
        logq.monitoring.own.publish(whole=True)

        minutes = [Window(START // 1000, START // 1000 + 120)]
        found = {
            name: logq.monitoring.metrics.windows(
                [(MetricStat(Metric("LogQ/Logs", name), stat, 120), minutes)]
            )[0][0]
            for name, stat in (("AlarmEvaluations", "Sum"), ("AlarmEvaluationLag", "Maximum"))
        }
    assert {name: value and value.value for name, value in found.items()} == {
        "AlarmEvaluations": 4,
        "AlarmEvaluationLag": 2.5,
    }


def test_only_one_process_makes_the_rounds_and_another_takes_over(tmp_path: Path) -> None:
    with LogQ(tmp_path / "data", environ={}) as logq:
        logq.monitoring.alarms.put(alarm("a"))
        rounds, stop = rounds_of(logq), threading.Event()
        thread = threading.Thread(target=rounds.run, args=(stop,))
        with _alone(logq.data / LOCK) as mine:
            assert mine
            thread.start()
            with _alone(logq.data / LOCK) as again:
                assert not again
        deadline = time.monotonic() + 60
        while logq.monitoring.alarms.get("a").standing.evaluation is None:
            with logq.storage.database.read() as connection:
                ticked = connection.execute("SELECT 1 FROM alarm_marks WHERE name = 'ticked'")
                if ticked.fetchone():
                    break
            assert time.monotonic() < deadline, "nobody has taken over"
            time.sleep(0.05)
        stop.set()
        rounds.stop()
        thread.join(60)
        assert not thread.is_alive()
