"""Metric alarms from points to notifications."""

from __future__ import annotations

import json
from typing import Any

import pytest

from logq.alarms.reasons import INITIAL
from logq.alarms.state import Missing, State
from tests.alarms.cases import each
from tests.alarms.conftest import DELAY, TOPIC, World, alarm


def test_a_new_alarm_knows_nothing_until_it_is_evaluated(world: World) -> None:
    made = world.alarms.put(alarm("errors"))

    assert made.standing.state == State.INSUFFICIENT_DATA
    assert made.standing.reason == INITIAL
    world.see("errors", 1)
    assert world.state("errors") == State.OK
    assert world.told == [("errors", "OK")]


def test_an_alarm_goes_off_and_ends_with_one_notification_each(world: World) -> None:
    world.put("errors")
    world.see("errors", 1, 6, 7, 8, 2, 2)

    assert world.told == [("errors", "OK"), ("errors", "ALARM"), ("errors", "OK")]
    changes = [item.summary for item in world.history("errors", "StateUpdate")]
    assert changes == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]


def test_the_reason_says_which_points_crossed_the_threshold(world: World) -> None:
    world.put("errors")
    world.see("errors", 6)

    standing = world.alarms.get("errors").standing
    assert standing.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [6.0 (05/01/26 10:00:00)] was greater "
        "than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert json.loads(standing.reason_data or "") == {
        "version": "1.0",
        "queryDate": "2026-01-05T10:01:05.000+0000",
        "startDate": "2026-01-05T10:00:00.000+0000",
        "statistic": "Sum",
        "period": 60,
        "recentDatapoints": [6.0],
        "threshold": 5,
        "evaluatedDatapoints": [
            {"timestamp": "2026-01-05T10:00:00.000+0000", "sampleCount": 1, "value": 6.0}
        ],
    }


def test_missing_points_are_told_as_what_they_were_treated(world: World) -> None:
    world.put("quiet", missing=Missing.BREACHING, n=2)
    world.put("calm", missing=Missing.NOT_BREACHING)
    world.put("gone")
    world.see("gone", 9, None, None, None)

    reasons = {name: world.alarms.get(name).standing.reason for name in ("quiet", "calm", "gone")}
    assert reasons == {
        "quiet": "Threshold Crossed: no datapoints were received for 2 periods and 2 missing "
        "datapoints were treated as [Breaching].",
        "calm": "Threshold Crossed: no datapoints were received for 1 period and 1 missing "
        "datapoint was treated as [NonBreaching].",
        "gone": "Insufficient Data: 1 datapoint was unknown.",
    }


def test_thousands_of_alarms_are_read_in_one_go(world: World) -> None:
    for number in range(300):
        world.put(f"a{number}")
    world.reads = 0
    world.minute()

    assert world.reads == 1


def test_a_thousand_alarms_that_flip_together_are_each_told_once(world: World) -> None:
    names = [f"a{number}" for number in range(1000)]
    for name in names:
        world.alarms.put(alarm(name, "shared"))
    world.see("shared", 1)
    world.told.clear()
    world.see("shared", 9)

    assert sorted(world.told) == sorted((name, "ALARM") for name in names)
    world.see("shared", 9)
    assert len(world.told) == 1000


def test_late_data_changes_the_state_when_it_is_there(world: World) -> None:
    world.put("errors", n=3, m=1)
    world.see("errors", 1, None, 1)
    world.points["errors", world.now // 60_000 * 60 - 120] = 9.0  # two minutes late
    world.minute()

    assert world.state("errors") == State.ALARM


def test_after_a_pause_only_the_present_is_evaluated_and_the_gap_is_noted(world: World) -> None:
    world.put("errors")
    world.see("errors", 1)
    for minute in range(5, 30):
        world.points["errors", world.now // 60_000 * 60 + 60 * minute] = 9.0
    world.now += 3_600_000
    world.alarms = world.open()
    world.told.clear()
    world.minute()

    assert world.told == [("errors", "INSUFFICIENT_DATA")]
    gaps = [item for item in world.history("errors") if "gap" in json.loads(item.data)]
    assert len(gaps) == 1
    assert gaps[0].summary.startswith("Alarm was not evaluated for 1.02 h, from 2026-01-05T10:01")


def test_a_clock_that_jumps_back_evaluates_nothing_twice(world: World) -> None:
    world.put("errors")
    world.see("errors", 9)
    assert world.told == [("errors", "ALARM")]
    later = world.now
    world.now -= 30 * 60_000
    world.alarms.tick(world.now)
    for _ in range(3):
        world.points["errors", world.now // 60_000 * 60] = 9.0
        world.minute()
    world.now = later
    world.alarms.tick(world.now)

    assert world.told == [("errors", "ALARM")]


def test_alarms_are_evaluated_after_the_delay_and_then_every_minute(world: World) -> None:
    world.put("errors")
    first = world.alarms.tick(world.now)
    assert first - world.now <= DELAY

    due = world.now + DELAY
    assert world.alarms.tick(due) - due <= 60_000
    assert world.reads >= 1


def test_a_topic_that_is_not_there_keeps_no_alarm_from_changing(world: World) -> None:
    world.put("errors", topic=TOPIC.replace("people", "nobody"))
    world.see("errors", 9)

    assert world.state("errors") == State.ALARM
    (told,) = world.history("errors", "Action")
    assert told.summary.startswith("Failed to execute action")


def test_disabled_actions_run_neither_now_nor_when_they_are_enabled(world: World) -> None:
    world.put("errors")
    world.alarms.enable("errors", False)
    world.see("errors", 9)
    world.alarms.enable("errors", True)
    world.see("errors", 9)

    assert world.state("errors") == State.ALARM
    assert world.told == []


def test_a_state_that_was_set_holds_until_the_next_evaluation(world: World) -> None:
    world.put("errors")
    world.see("errors", 1)
    world.alarms.set_state("errors", State.ALARM, "a test")
    assert world.state("errors") == State.ALARM
    world.see("errors", 1)

    assert world.told == [("errors", s) for s in ("OK", "ALARM", "OK")]


def test_events_tell_of_states_and_definitions(world: World) -> None:
    world.put("errors")
    world.see("errors", 9)
    world.put("errors", threshold=10)
    world.alarms.delete("errors")

    kinds = [(e.detail_type, e.detail.get("operation")) for e in world.events]
    assert kinds == [
        ("CloudWatch Alarm Configuration Change", "create"),
        ("CloudWatch Alarm State Change", None),
        ("CloudWatch Alarm Configuration Change", "update"),
        ("CloudWatch Alarm Configuration Change", "delete"),
    ]
    detail = world.events[1].detail
    assert detail["state"]["value"] == "ALARM"
    assert detail["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert detail["configuration"]["metrics"][0]["metricStat"]["stat"] == "Sum"
    assert world.history("errors", "ConfigurationUpdate")[-1].summary == 'Alarm "errors" deleted'


def test_a_notification_has_log_lines_and_the_message_of_cloudwatch(world: World) -> None:
    world.put("errors")
    world.see("errors", 9)

    (said,) = world.notifications
    assert [line.message for line in said.log_lines] == ["a line"]
    body = json.loads(said.message)
    assert body["NewStateValue"] == "ALARM"
    assert body["Region"] == "US East (N. Virginia)"
    assert body["Trigger"]["Statistic"] == "SUM"
    assert body["Trigger"]["TreatMissingData"] == "missing"
    assert said.trigger is not None and said.trigger.operator == ">"


@pytest.mark.parametrize("case", each("mute_cases"))
def test_a_mute_rule_holds_actions_back_as_the_case_says(
    world: World, case: dict[str, Any]
) -> None:
    """An hour of the case is an hour of the clock."""
    from logq.alarms.mute import MuteRule

    world.put("a")
    world.alarms.set_state("a", State.OK, "at first")
    world.told.clear()
    start = world.now
    for number, (begin, end) in enumerate(case["mute_windows"]):
        expression = f"at(2026-01-05T{10 + begin:02d}:00)"
        rule = MuteRule(f"r{number}", expression, f"PT{end - begin}H", names=("a",))
        world.alarms.put_mute(rule)
    events = {hour: state for hour, state in case["events"]}
    acted: list[tuple[int, str]] = []
    transitions = world.alarms
    for hour in range(12):
        world.now = start + hour * 3_600_000
        roster = transitions._rosters.now()
        transitions._ticking._wake(roster, [], _kept(world), world.now)
        if hour in events:
            world.alarms.set_state("a", State(events[hour]), "now")
        acted += [(hour, state) for _, state in world.told]
        world.told.clear()

    expected = case["expected_actions"]
    assert [state for _, state in acted] == [state for _, _, state in expected]
    for (hour, _), (_, earliest, _) in zip(acted, expected, strict=True):
        assert hour >= earliest


def _kept(world: World) -> Any:
    from logq.alarms import standing

    with world.logq.storage.database.read() as connection:
        return standing.muted(connection)
