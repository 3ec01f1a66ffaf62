"""The series of an alarm whose query gives several: each has a state of its own."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from logq.alarms.comparison import classify
from logq.alarms.definition import Check
from logq.alarms.reasons import VANISHED, Point, reason
from logq.alarms.state import State, evaluate

MOST = 500
"""Series of one alarm; of more the first are looked at."""

Attributes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """The results of one run of a query: a value for each series."""

    time: int
    """Epoch seconds."""
    values: Mapping[str, tuple[Attributes, float | None]]
    """By the id of the series."""


@dataclass(frozen=True, slots=True)
class Contributor:
    """One series and its state."""

    id: str
    attributes: Attributes
    state: State
    reason: str
    value: float | None
    """Of the newest run that has it."""
    transitioned: int
    """Epoch milliseconds."""


def contributor_id(attributes: Attributes) -> str:
    """At most 16 characters, the same for the same attributes."""
    text = json.dumps(sorted(attributes.items()), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def points_of(id: str, runs: Sequence[Run], check: Check) -> list[Point]:
    """What the last N runs say of one series, the newest last."""
    missing = [Point(0, None)] * (check.n - len(runs))
    found = []
    for run in runs[-check.n :]:
        value = run.values[id][1] if id in run.values else None
        slot = classify(value, check.operator, check.threshold)
        found.append(Point(run.time, value, None, slot))
    return [*missing, *found]


def evolve(
    before: Mapping[str, Contributor], runs: Sequence[Run], check: Check, now: int
) -> dict[str, Contributor]:
    """The series of the last N runs with their states, and those that have just vanished."""
    found: dict[str, Contributor] = {}
    for run in runs:
        for id, (attributes, value) in run.values.items():
            old = before.get(id)
            points = points_of(id, runs, check)
            state = evaluate([point.slot for point in points], check.n, check.m, check.missing)
            state = state or (old.state if old else State.INSUFFICIENT_DATA)
            if old is not None and old.state == state:
                found[id] = Contributor(id, attributes, state, old.reason, value, old.transitioned)
            else:
                why = reason(state, points, check)
                found[id] = Contributor(id, attributes, state, why, value, now)
    for id, old in before.items():
        if id not in found and old.state != State.OK:
            found[id] = Contributor(id, old.attributes, State.OK, VANISHED, None, now)
    return found


def together(found: Mapping[str, Contributor]) -> State:
    """The state of the alarm."""
    states = {each.state for each in found.values() if each.reason != VANISHED}
    if not states:
        return State.INSUFFICIENT_DATA
    worst = (State.ALARM, State.OK, State.INSUFFICIENT_DATA)
    return next(state for state in worst if state in states)


# ---- as kept in the catalog


def load(connection: sqlite3.Connection, alarm: str) -> dict[str, Contributor]:
    """The series of an alarm by id."""
    rows = connection.execute(
        "SELECT id, attributes, state, reason, value, transitioned"
        " FROM alarm_contributors WHERE alarm = ? ORDER BY id",
        (alarm,),
    )
    return {
        id: Contributor(id, json.loads(attributes), State(state), why, value, transitioned)
        for id, attributes, state, why, value, transitioned in rows
    }


def store(connection: sqlite3.Connection, alarm: str, found: Mapping[str, Contributor]) -> None:
    """Keep these series of an alarm; those that vanished are forgotten."""
    connection.execute("DELETE FROM alarm_contributors WHERE alarm = ?", (alarm,))
    connection.executemany(
        "INSERT INTO alarm_contributors VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                alarm,
                each.id,
                json.dumps(each.attributes, ensure_ascii=False),
                each.state,
                each.reason,
                each.value,
                each.transitioned,
            )
            for each in found.values()
            if each.reason != VANISHED
        ],
    )


def last_runs(connection: sqlite3.Connection, alarm: str, most: int) -> list[Run]:
    """The newest runs of an alarm, oldest first."""
    rows = connection.execute(
        "SELECT time, body FROM alarm_runs WHERE alarm = ? ORDER BY time DESC LIMIT ?",
        (alarm, most),
    ).fetchall()
    runs = []
    for time, body in reversed(rows):
        series = json.loads(body)
        runs.append(Run(time, {contributor_id(a): (a, value) for a, value in series}))
    return runs


def add_run(connection: sqlite3.Connection, alarm: str, run: Run, most: int) -> None:
    """Keep a run, and no more than so many."""
    body = json.dumps([[dict(a), value] for a, value in run.values.values()], ensure_ascii=False)
    connection.execute(
        "INSERT OR REPLACE INTO alarm_runs VALUES (?, ?, ?)", (alarm, run.time, body)
    )
    connection.execute(
        "DELETE FROM alarm_runs WHERE alarm = ? AND time NOT IN"
        " (SELECT time FROM alarm_runs WHERE alarm = ? ORDER BY time DESC LIMIT ?)",
        (alarm, alarm, most),
    )
