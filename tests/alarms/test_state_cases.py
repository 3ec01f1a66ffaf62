"""The state of an alarm, case by case, as the specification has it."""

from __future__ import annotations

from typing import Any

import pytest

from logq.alarms.comparison import classify
from logq.alarms.composite import read_rule
from logq.alarms.state import Missing, Slot, State, evaluate, fewest_samples
from tests.alarms.cases import each


def expect(found: State | None, expected: str, case: dict[str, Any]) -> None:
    if expected == "NOT_ALARM":
        before = State(case.get("current_state", "OK"))
        assert (found or before) != State.ALARM
    else:
        assert found == (None if expected == "RETAIN" else State(expected))


@pytest.mark.parametrize("case", each("cases"))
def test_slots_lead_to_the_state_of_the_case(case: dict[str, Any]) -> None:
    slots = [Slot(each) for each in case["datapoints"]]
    assert len(slots) == case["evaluation_range"] or "range" in case["note"]

    for missing, expected in case["expected"].items():
        found = evaluate(
            slots, case["evaluation_periods"], case["datapoints_to_alarm"], Missing(missing)
        )
        expect(found, expected, case)


@pytest.mark.parametrize("case", each("cases", having="values"))
def test_values_are_the_slots_of_the_case(case: dict[str, Any]) -> None:
    band = case.get("band", {"lower": case.get("threshold"), "upper": None})
    operator = case["comparison_operator"]

    found = [classify(value, operator, band["lower"], band["upper"]) for value in case["values"]]

    assert found == case["datapoints"]


@pytest.mark.parametrize("case", each("sequences"))
def test_a_stream_of_points_goes_through_the_states_of_the_case(case: dict[str, Any]) -> None:
    n, m = case["evaluation_periods"], case["datapoints_to_alarm"]
    length = case.get("evaluation_range", n + 2)
    slots = [Slot(each) for each in case.get("initial_window", ["missing"] * length)]
    state = State(case["initial_state"])
    states, actions = [], []
    names = {
        "OK": "OKActions",
        "ALARM": "AlarmActions",
        "INSUFFICIENT_DATA": "InsufficientDataActions",
    }
    for point in case["points"]:
        slots = [*slots[1:], Slot(point)]
        found = evaluate(slots, n, m, Missing(case["treat_missing_data"])) or state
        actions.append(names[found] if found != state else None)
        state = found
        states.append(state)

    assert states == case["expected_states"]
    if "expected_actions" in case:
        assert actions == case["expected_actions"]


@pytest.mark.parametrize("case", each("low_sample_cases", "stat"))
def test_a_percentile_needs_as_many_samples_as_the_case_says(case: dict[str, Any]) -> None:
    assert fewest_samples(case["stat"]) == case["min_samples"]


@pytest.mark.parametrize("case", each("composite_cases"))
def test_a_rule_is_true_or_not_as_the_case_says(case: dict[str, Any]) -> None:
    rule = read_rule(case["rule"])

    assert (
        rule.holds({name: State(state) for name, state in case["states"].items()})
        is (case["expected"])
    )
    assert set(rule.children) == set(case["states"])
