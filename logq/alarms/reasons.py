"""Why an alarm is in its state: a sentence and JSON, in the words of CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from logq.alarms.comparison import COMPARISONS
from logq.alarms.definition import Check
from logq.alarms.state import Missing, Slot, State

INITIAL = "Unchecked: Initial alarm creation"
MOST_TEXT = 1_023
MOST_DATA = 4_000
VANISHED = "No data was returned for this contributor"


@dataclass(frozen=True, slots=True)
class Point:
    """What an evaluation saw in one period."""

    start: int
    """Epoch seconds."""
    value: float | None
    samples: float | None = None
    slot: Slot = Slot.MISSING


def stamp(ms: int) -> str:
    """``2019-10-02T17:04:40.989+0000``."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}+0000"


def reason(state: State, points: Sequence[Point], check: Check) -> str:
    """The sentence; ``points`` has the newest last."""
    if state == State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(check.n, 'datapoint')} {_were(check.n)} unknown."
    real = [point for point in reversed(points) if point.value is not None]
    looked = real[: check.n] if len(real) >= check.n else real
    filled = 0 if len(real) >= check.n else check.n - len(real)
    wanted = Slot.BREACH if state == State.ALARM else Slot.OK
    shown = [point for point in looked if point.slot == wanted]
    treated = {Missing.BREACHING: "Breaching", Missing.NOT_BREACHING: "NonBreaching"}.get(
        check.missing
    )
    if not real:
        return (
            f"Threshold Crossed: no datapoints were received for {_count(filled, 'period')} and "
            f"{_count(filled, 'missing datapoint')} {_were(filled)} treated as [{treated}]."
        )
    least = check.m if state == State.ALARM else check.n - check.m + 1
    way = "OK -> ALARM" if state == State.ALARM else "ALARM -> OK"
    minimum = f"(minimum {_count(least, 'datapoint')} for {way} transition)."
    parts = []
    if shown:
        values = ", ".join(f"{_number(p.value)} ({_clock(p.start)})" for p in shown)
        negation = "" if state == State.ALARM else "not "
        parts.append(
            f"{len(shown)} out of the last {_count(len(looked), 'datapoint', 'datapoints')} "
            f"[{values}] {_were(len(shown))} {negation}{COMPARISONS[check.operator].words} "
            f"the threshold ({_number(check.threshold)})"
        )
    if filled and treated and (treated == "Breaching") == (state == State.ALARM):
        parts.append(
            f"{_count(filled, 'missing datapoint')} {_were(filled)} treated as [{treated}]"
        )
    text = f"Threshold Crossed: {' and '.join(parts)} {minimum}"
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 3]}..."


def reason_data(
    now: int,
    points: Sequence[Point],
    check: Check,
    period: int,
    statistic: str | None = None,
    unit: str | None = None,
) -> str:
    """The JSON; ``now`` is epoch milliseconds, ``points`` has the newest last."""
    real = [point for point in points if point.value is not None][-check.n :]
    data: dict[str, Any] = {"version": "1.0", "queryDate": stamp(now)}
    if real:
        data["startDate"] = stamp(real[0].start * 1000)
    data |= {"statistic": statistic} if statistic else {}
    data |= {"unit": unit} if unit else {}
    data |= {
        "period": period,
        "recentDatapoints": [point.value for point in real],
        "threshold": check.threshold,
        "evaluatedDatapoints": [_evaluated(point) for point in reversed(real)],
    }
    text = _json(data)
    while len(text) > MOST_DATA and data["evaluatedDatapoints"]:
        data["evaluatedDatapoints"].pop()
        text = _json(data)
    while len(text) > MOST_DATA:
        data["recentDatapoints"].pop(0)
        text = _json(data)
    return text


def composite_reason(arn: str, state: State, at: int) -> str:
    """Why a composite alarm has changed: the alarm that moved last."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    text = f"{arn} transitioned to {state} at {moment:%A %d %B, %Y %H:%M:%S} UTC"
    return text[:MOST_TEXT]


def created_reason(arn: str, state: State) -> str:
    """The reason of a composite alarm that was just made."""
    return f"{arn} was created and its alarm rule evaluates to {state}"[:MOST_TEXT]


def updated_reason(arn: str, state: State) -> str:
    """The reason of a composite alarm whose rule was changed."""
    return f"{arn} was updated and its alarm rule evaluates to {state}"[:MOST_TEXT]


def composite_data(children: Mapping[str, tuple[State, int]]) -> str:
    """The alarms, by ARN with state and time, that made a composite alarm what it is."""
    triggering = [
        {"arn": arn, "state": {"value": state, "timestamp": stamp(at)}}
        for arn, (state, at) in children.items()
    ]
    text = _json({"triggeringAlarms": triggering})
    while len(text) > MOST_DATA:
        triggering.pop()
        text = _json({"triggeringAlarms": triggering})
    return text


def _evaluated(point: Point) -> dict[str, Any]:
    data: dict[str, Any] = {"timestamp": stamp(point.start * 1000)}
    if point.samples is not None:
        data["sampleCount"] = point.samples
    return {**data, "value": point.value}


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _count(count: int, noun: str, plural: str | None = None) -> str:
    return f"{count} {plural or (noun if count == 1 else noun + 's')}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _number(value: float | None) -> str:
    return repr(float(value or 0.0))


def _clock(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%d/%m/%y %H:%M:%S}"
