"""Log alarms: queries on a schedule, their contributors and what may go wrong."""

from __future__ import annotations

import pytest

from logq.alarms.definition import Actions, Alarm, Check, LogWatch
from logq.alarms.log_alarm import Answered
from logq.alarms.state import Missing, State
from logq.errors import StorageError
from tests.alarms.conftest import TOPIC, World


def put(
    world: World,
    aggregation: str = "count(*)",
    n: int = 1,
    m: int | None = None,
    missing: Missing = Missing.MISSING,
) -> Alarm:
    wanted = Check("GreaterThanThreshold", 5, n, m or n, missing)
    watch = LogWatch('filter level = "ERROR"', ("/app",), aggregation, wanted)
    actions = Actions((TOPIC,), (TOPIC,), (TOPIC,))
    return world.alarms.put(Alarm("logs", watch, actions=actions)).alarm


def see(world: World, alarm: Alarm, *answers: Answered | Exception) -> None:
    """Each is the answer of a minute's run; waits for it."""
    for answer in answers:
        world.answers.append(answer)
        world.now += 60_000
        moment = world.now // 1000
        world.alarms._log_alarms.evaluate(alarm, moment, world.alarms._ticking)


def rows(**values: float) -> Answered:
    return Answered(("host", "count(*)"), list(values.items()), frozenset({"host"}))


def total(value: float | None) -> Answered:
    return Answered(("count(*)",), [] if value is None else [[value]])


def test_a_count_above_the_threshold_is_an_alarm_with_log_lines(world: World) -> None:
    alarm = put(world)
    see(world, alarm, total(1), total(9), total(None))

    assert world.told == [("logs", s) for s in ("OK", "ALARM", "OK")]
    _, rang, _ = world.notifications
    assert [line.message for line in rang.log_lines] == ["a line"]
    assert rang.trigger is not None
    assert rang.trigger.query == 'filter level = "ERROR"\n| stats count(*)'
    assert '"QueryString"' in rang.message


def test_m_of_n_results_decide(world: World) -> None:
    alarm = put(world, n=3, m=2)
    see(world, alarm, total(9), total(1), total(9))

    assert world.state("logs") == State.ALARM


def test_each_row_is_a_contributor_with_a_state_of_its_own(world: World) -> None:
    alarm = put(world, "count(*) by host")
    see(world, alarm, rows(a=9, b=1), rows(a=9, b=9), rows(b=9), rows(b=1))

    assert world.told == [("logs", "ALARM"), ("logs", "OK")]
    moved = [
        (item.attributes, item.summary.rpartition(" ")[2])
        for item in world.history("logs", "AlarmContributorStateUpdate")
    ]
    assert moved == [
        ({"host": "a"}, "ALARM"),
        ({"host": "b"}, "OK"),
        ({"host": "b"}, "ALARM"),
        ({"host": "a"}, "OK"),
        ({"host": "b"}, "OK"),
    ]
    assert [dict(each.attributes) for each in world.notifications[0].contributors] == [
        {"host": "a"}
    ]


def test_no_rows_at_all_are_insufficient_data_whatever_the_treatment(world: World) -> None:
    alarm = put(world, "count(*) by host", missing=Missing.BREACHING)
    see(world, alarm, rows(a=9), rows())

    assert world.state("logs") == State.INSUFFICIENT_DATA


def test_a_query_that_fails_is_said_and_changes_nothing(world: World) -> None:
    alarm = put(world)
    see(world, alarm, total(1), StorageError("the disk is away"))

    standing = world.alarms.get("logs").standing
    assert (standing.state, standing.evaluation) == (State.OK, "EVALUATION_ERROR")
    see(world, alarm, RuntimeError("a bug"))
    assert world.alarms.get("logs").standing.evaluation == "EVALUATION_FAILURE"
    see(world, alarm, total(1))
    assert world.alarms.get("logs").standing.evaluation is None


def test_more_series_than_are_looked_at_is_partial_data(world: World) -> None:
    alarm = put(world, "count(*) by host")
    many = [[f"h{number}", 1.0] for number in range(501)]
    see(world, alarm, Answered(("host", "count(*)"), many, frozenset({"host"})))

    assert world.alarms.get("logs").standing.evaluation == "PARTIAL_DATA"


@pytest.mark.parametrize("value", ["many", True, None, float("nan")], ids=str)
def test_what_is_no_number_is_missing(world: World, value: object) -> None:
    alarm = put(world)
    see(world, alarm, Answered(("max(x)",), [[value]]))

    assert world.state("logs") == State.INSUFFICIENT_DATA
