"""Where an alarm stands: its state and why, as kept in the catalog."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from logq.alarms.reasons import INITIAL
from logq.alarms.state import State
from logq.alarms.suppression import Suppression

_COLUMNS = (
    "name, state, reason, reason_data, updated, transitioned, evaluation, muted_from,"
    " pending, timer, timer_due, version"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of one alarm; times are epoch milliseconds."""

    name: str
    state: State
    reason: str
    reason_data: str | None
    updated: int
    """When the state or how evaluation went was last written."""
    transitioned: int
    """When the state last changed."""
    evaluation: str | None = None
    """``EVALUATION_ERROR``, ``EVALUATION_FAILURE``, ``PARTIAL_DATA`` or nothing to say."""
    muted_from: State | None = None
    """The state that people last heard of, while a mute rule keeps a later one from them."""
    held: Suppression = Suppression()
    version: int = 1
    """Of the definition that it is about."""

    def moved(self, state: State, reason: str, data: str | None, now: int) -> Standing:
        """In another state."""
        return replace(
            self, state=state, reason=reason, reason_data=data, updated=now, transitioned=now
        )


def initial(name: str, now: int) -> Standing:
    """That of a new alarm."""
    return Standing(name, State.INSUFFICIENT_DATA, INITIAL, None, now, now)


def find(connection: sqlite3.Connection, name: str) -> Standing | None:
    """That of one alarm."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM alarm_states WHERE name = ?", (name,)
    ).fetchone()
    return _standing(row) if row else None


def everything(connection: sqlite3.Connection) -> dict[str, Standing]:
    """Those of all alarms."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM alarm_states")
    return {row[0]: _standing(row) for row in rows}


def states(connection: sqlite3.Connection, names: Iterable[str]) -> Mapping[str, Standing]:
    """Those of some alarms that are there."""
    found = ((name, find(connection, name)) for name in names)
    return {name: standing for name, standing in found if standing is not None}


def timed(connection: sqlite3.Connection, now: int) -> list[Standing]:
    """Those whose timer has ended."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM alarm_states WHERE timer_due <= ? ORDER BY timer_due", (now,)
    )
    return [_standing(row) for row in rows]


def next_timer(connection: sqlite3.Connection) -> int | None:
    """When the first timer ends."""
    found: int | None = connection.execute(
        "SELECT min(timer_due) FROM alarm_states WHERE timer_due IS NOT NULL"
    ).fetchone()[0]
    return found


def muted(connection: sqlite3.Connection) -> list[Standing]:
    """Those from whom a mute rule has kept something."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM alarm_states WHERE muted_from IS NOT NULL ORDER BY name"
    )
    return [_standing(row) for row in rows]


def store(connection: sqlite3.Connection, standing: Standing) -> None:
    """Write it."""
    held = standing.held
    connection.execute(
        f"INSERT OR REPLACE INTO alarm_states ({_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            standing.name,
            standing.state,
            standing.reason,
            standing.reason_data,
            standing.updated,
            standing.transitioned,
            standing.evaluation,
            standing.muted_from,
            int(held.pending),
            held.timer,
            held.due,
            standing.version,
        ),
    )


def forget(connection: sqlite3.Connection, name: str) -> None:
    """Delete it, with what contributors and runs it had."""
    for table, column in (
        ("alarm_states", "name"),
        ("alarm_contributors", "alarm"),
        ("alarm_runs", "alarm"),
    ):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))


def _standing(row: tuple[object, ...]) -> Standing:
    name, state, reason, data, updated, transitioned, evaluation, muted_from, *rest = row
    pending, timer, due, version = rest
    return Standing(
        str(name),
        State(str(state)),
        str(reason),
        None if data is None else str(data),
        _int(updated),
        _int(transitioned),
        None if evaluation is None else str(evaluation),
        None if muted_from is None else State(str(muted_from)),
        Suppression(
            bool(pending), None if timer is None else str(timer), None if due is None else _int(due)
        ),
        _int(version),
    )


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
