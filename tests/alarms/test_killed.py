"""kill -9 in the middle of a transition: nothing is lost and nothing is told twice."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from logq.alarms.state import State
from logq.app import LogQ
from logq.notification import Notification
from tests.alarms.conftest import DELAY, START, World, alarm
from tests.storage.killing import Tell, die_at

POINTS = (
    "alarms.before-state",
    "alarms.after-state",
    "alarms.before-commit",
    "alarms.before-batch-commit",
    "alarms.after-batch-commit",
)


class Lasting(World):
    """What is published lies in the catalog, as in the outbox."""

    def publish(
        self, connection: sqlite3.Connection, topic_arn: str, notification: Notification
    ) -> None:
        row = (notification.subject.name, notification.status)
        connection.execute("INSERT INTO heard VALUES (?, ?)", row)


def evaluate(world: World) -> None:
    """The minute in which two alarms go off."""
    world.now = START + DELAY
    world.points = {("shared", START // 1000 - 60): 9.0}
    world.alarms.tick(world.now)
    world.alarms.close()


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_in_a_transition_loses_and_doubles_nothing(tmp_path: Path, point: str) -> None:
    path = tmp_path / "data"
    with LogQ(path, clock=lambda: START, environ={}) as logq:
        world = Lasting(logq)
        with logq.storage.database.write() as connection:
            connection.execute("CREATE TABLE heard (name TEXT, state TEXT)")
        for name in ("a", "b"):
            world.alarms.put(alarm(name, "shared"))
        world.alarms.close()

    def work(tell: Tell) -> None:
        with LogQ(path, clock=lambda: START, environ={}) as logq:
            evaluate(Lasting(logq))

    told, died = die_at(point, work)
    assert (told, died) == ([], True)

    with LogQ(path, clock=lambda: START, environ={}) as logq:
        world = Lasting(logq)
        evaluate(world)
        assert [world.state(name) for name in ("a", "b")] == [State.ALARM] * 2
        with logq.storage.database.read() as connection:
            heard = sorted(connection.execute("SELECT name, state FROM heard").fetchall())
        assert heard == [("a", "ALARM"), ("b", "ALARM")]
        for name in ("a", "b"):
            assert len(world.history(name, "StateUpdate")) == 1
            assert len(world.history(name, "Action")) == 1
