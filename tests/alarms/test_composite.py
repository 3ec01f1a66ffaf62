"""Composite alarms, suppressors and mute rules in the engine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logq.alarms.composite import circle, read_rule, upwards
from logq.alarms.definition import Actions, Alarm, CompositeWatch
from logq.alarms.mute import MuteRule
from logq.alarms.standing import Standing
from logq.alarms.state import State
from logq.errors import InvalidValue, Protected
from tests.alarms.conftest import TOPIC, World, alarm


def composite(world: World, name: str, rule: str, **watch: object) -> None:
    actions = Actions((TOPIC,), (TOPIC,), (TOPIC,))
    world.alarms.put(Alarm(name, CompositeWatch(rule, **watch), actions=actions))  # type: ignore[arg-type]


def test_a_composite_alarm_follows_in_the_same_transaction(world: World) -> None:
    for name in ("a", "b"):
        world.put(name, topic=TOPIC)
    composite(world, "both", "ALARM(a) AND ALARM(b)")
    composite(world, "top", "ALARM(both)")
    world.told.clear()
    world.alarms.set_state("a", State.ALARM, "")
    world.alarms.set_state("b", State.ALARM, "")

    assert world.told == [(name, "ALARM") for name in ("a", "b", "both", "top")]
    assert world.alarms.get("both").standing.reason.startswith(
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:b transitioned to ALARM at Monday 05"
    )


def test_a_suppressor_holds_the_actions_back_and_lets_them_go(world: World) -> None:
    for name in ("a", "planned"):
        world.put(name)
    composite(world, "c", "ALARM(a)", suppressor="planned", wait=60, extension=120)
    world.minute()
    world.minute()
    world.told.clear()
    world.alarms.set_state("planned", State.ALARM, "")
    world.alarms.set_state("a", State.ALARM, "")
    assert world.alarms.get("c").suppressed_by == "Alarm"
    world.alarms.set_state("planned", State.OK, "")
    assert world.alarms.get("c").suppressed_by == "ExtensionPeriod"
    assert ("c", "ALARM") not in world.told
    world.now += 121_000
    world.alarms._ticking._wake(world.alarms._rosters.now(), _timed(world), [], world.now)

    assert ("c", "ALARM") in world.told


def _timed(world: World) -> list[Standing]:
    from logq.alarms import standing

    with world.logq.storage.database.read() as connection:
        return list(standing.timed(connection, world.now))


def test_rules_that_run_in_a_circle_are_refused(world: World) -> None:
    world.put("a")
    composite(world, "one", "ALARM(a)")
    composite(world, "two", "ALARM(one)")
    with pytest.raises(InvalidValue, match="one -> two -> one"):
        composite(world, "one", "ALARM(two)")
    with pytest.raises(InvalidValue, match="no alarm 'nobody'"):
        composite(world, "three", "ALARM(nobody)")
    with pytest.raises(Protected):
        world.alarms.delete("a")


@pytest.mark.parametrize(
    "rule",
    ["", "ALARM", "ALARM()", "ALARM(a", "ALARM(a) OR", "WARN(a)", "AT_LEAST(3, ALARM, (a, b))",
     "AT_LEAST(0, ALARM, (a))", "AT_LEAST(1.5, ALARM, (a, b))", "AT_LEAST(101%, OK, (a))",
     "NOT " * 3000 + "TRUE"],
    ids=["empty", "word", "nobody", "open", "or", "state", "more", "none", "half", "share", "deep"],
)  # fmt: skip
def test_a_rule_that_cannot_be_read_is_refused(rule: str) -> None:
    with pytest.raises(InvalidValue):
        read_rule(rule)


names = st.sampled_from(["a", "b", "c", "d"])


@settings(max_examples=50)
@given(st.dictionaries(names, st.lists(names, max_size=3), max_size=4), names)
def test_a_circle_is_found_if_and_only_if_there_is_one(
    rules: dict[str, list[str]], name: str
) -> None:
    reached, frontier = set[str](), set(rules.get(name, ()))
    while frontier:
        reached |= frontier
        frontier = {c for each in frontier for c in rules.get(each, ())} - reached

    assert bool(circle(name, rules)) == (name in reached)


def test_what_depends_comes_behind_what_it_depends_on() -> None:
    parents = {"a": ["x", "y"], "x": ["y", "z"], "y": ["z"]}

    assert upwards(["a"], parents) == ["x", "y", "z"]


def test_a_snooze_keeps_quiet_and_tells_at_its_end_what_nobody_knows(world: World) -> None:
    from logq.alarms.mute import snooze

    world.put("a")
    world.see("a", 1)
    world.told.clear()
    world.alarms.put_mute(snooze("a", world.now, 180_000))
    world.see("a", 9, 9)
    assert world.told == []
    assert world.alarms.get("a").standing.muted_from == State.OK
    world.see("a", 9, 9)

    assert world.told == [("a", "ALARM")]


def test_alarms_are_muted_by_prefix_and_by_tags() -> None:
    rule = MuteRule("r", "cron(0 22 * * MON-FRI)", "PT8H", prefix="web-", tags={"team": "x"})

    assert rule.targets("web-1", {})
    assert rule.targets("db", {"team": "x", "more": "y"})
    assert not rule.targets("db", {"team": "y"})
    assert alarm("a").tags == {}


@pytest.mark.parametrize(
    ("expression", "zone", "inside", "outside"),
    [
        ("cron(0 22 * * MON-FRI)", "UTC", "2026-01-05T23:00", "2026-01-10T23:00"),
        ("cron(30 1 1 JAN,JUL *)", "UTC", "2026-01-01T02:00", "2026-02-01T02:00"),
        ("cron(0 2 * * *)", "Europe/Berlin", "2026-01-05T01:30", "2026-01-05T00:30"),
        ("at(2026-01-05T10:00)", "+05:30", "2026-01-05T05:00", "2026-01-05T10:00"),
    ],
    ids=["weekdays", "months", "zone", "offset"],
)
def test_a_window_is_open_when_its_schedule_says(
    expression: str, zone: str, inside: str, outside: str
) -> None:
    from logq.units import parse_time

    rule = MuteRule("r", expression, "PT2H", zone, names=("a",))

    assert rule.until(parse_time(inside, 0)) is not None
    assert rule.until(parse_time(outside, 0)) is None
