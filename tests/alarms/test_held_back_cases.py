"""Actions that wait or are muted, case by case, as the specification has it."""

from __future__ import annotations

from typing import Any

import pytest

from logq.alarms.state import State
from logq.alarms.suppression import Suppression
from tests.alarms.cases import each


@pytest.mark.parametrize("case", each("suppression_cases"))
def test_a_suppressor_holds_actions_back_as_the_case_says(case: dict[str, Any]) -> None:
    composite, suppressor = (State(case["initial"][k]) for k in ("composite", "suppressor"))
    held, acted = Suppression(), []
    events = list(case["events"])
    for now in range(30):
        held, act = held.expired(now)
        if act:
            acted.append([now, "act", composite])
        while events and events[0][0] == now:
            _, who, state = events.pop(0)
            if who == "composite":
                composite = State(state)
                held = held.transitioned(suppressor, now, case["wait_period"])
            else:
                before, suppressor = suppressor, State(state)
                held = held.suppressor_moved(before, suppressor, now, case["extension_period"])

    assert acted == case["expected_actions"]
