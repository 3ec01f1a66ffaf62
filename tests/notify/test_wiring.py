"""Notifications in a whole LogQ: with real log groups, metrics, patterns and master key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from logq.app import LogQ
from logq.errors import InvalidEventPattern
from logq.metric import Metric, MetricStat, Window
from logq.notify.topic import Options, Topic
from logq.outgoing import LOG_GROUP, Outgoing
from tests.notify.made import NOW, alarm

OPS = "arn:aws:sns:us-east-1:000000000000:ops"


@pytest.fixture
def logq(tmp_path: Path) -> LogQ:
    environ = {"LOGQ_KEY_FILE": str(tmp_path / "master.key")}
    return LogQ(tmp_path / "data", clock=lambda: NOW, environ=environ)


def messages(logq: LogQ, group: str) -> list[str]:
    found = logq.storage.snapshot([group])
    return [text for piece in found.pieces for text in piece.table["@message"].to_pylist()]


def test_a_log_group_is_told_and_it_is_counted(logq: LogQ) -> None:
    with logq:
        notify = logq.monitoring.notify
        logq.storage.groups.create("/ops")
        notify.topics.create(Topic("ops", OPS))
        options = Options(filter_policy={"team": ["web", {"prefix": "back"}]})
        notify.subscribing.subscribe("ops", "log-group", "/ops", options)
        with notify.database.write() as connection:
            told = [
                notify.publish(connection, OPS, replace(alarm(n=n), attributes={"team": team}))
                for n, team in enumerate(("web", "backend", "mobile"))
            ]
        notify.delivery().step()

        assert told == [1, 1, 0]
        assert len(messages(logq, "/ops")) == 2
        logq.monitoring.own.publish(whole=True)
        stat = MetricStat(Metric("LogQ/Logs", "NotificationsDelivered"), "Sum", 60)
        window = Window(NOW // 1000 // 60 * 60, NOW // 1000 // 60 * 60 + 60)
        [[value]] = logq.monitoring.metrics.windows([(stat, [window])])
        assert value is not None
        assert value.value == 2


def test_a_filter_policy_that_is_none_is_refused(logq: LogQ) -> None:
    with logq:
        notify = logq.monitoring.notify
        notify.topics.create(Topic("ops", OPS))
        with pytest.raises(InvalidEventPattern):
            notify.subscribing.subscribe(
                "ops", "log-group", "/ops", Options(filter_policy={"a": "b"})
            )


def test_events_for_a_missing_group_become_dead_letters_that_can_be_queried(logq: LogQ) -> None:
    with logq:
        notify = logq.monitoring.notify
        with notify.database.write() as connection:
            notify.enqueue(connection, [Outgoing("i", "k", LOG_GROUP, "/gone", "", "{}", NOW)])
        delivery = notify.delivery()
        delivery.step()
        delivery.step()

        [letter] = messages(logq, "/logq/dead-letters")
        assert "/gone" in letter


def test_what_was_stored_before_the_process_died_is_not_stored_again(logq: LogQ) -> None:
    with logq:
        logq.storage.groups.create("/app")
        from logq.appending import Appending

        append = Appending(logq.storage, logq.accept)
        append("/app", [(1, NOW, "s", "one"), (2, NOW, "s", "two"), (3, NOW, "s", "")])
        append("/app", [(2, NOW, "s", "two"), (4, NOW, "s", "four"), (0, NOW, "s", "free")])

        assert sorted(messages(logq, "/app")) == ["four", "free", "one", "two"]


def test_nobody_is_reminded_of_a_muted_alarm(logq: LogQ) -> None:
    with logq:
        notify = logq.monitoring.notify
        assert not notify._around.muted(alarm("nothing").subject.arn)
