"""What alarms did: changes of their states and definitions, and whom they told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logq.alarms.definition import Alarm
from logq.alarms.standing import Standing
from logq.alarms.state import State

KEPT_DAYS = 30
KEPT_MS = KEPT_DAYS * 86_400_000
CONFIGURATION, STATE, ACTION = "ConfigurationUpdate", "StateUpdate", "Action"
CONTRIBUTOR_STATE, CONTRIBUTOR_ACTION = "AlarmContributorStateUpdate", "AlarmContributorAction"
TYPES = (CONFIGURATION, STATE, ACTION, CONTRIBUTOR_STATE, CONTRIBUTOR_ACTION)
ALARM_TYPES = {"metric": "MetricAlarm", "composite": "CompositeAlarm", "log": "LogAlarm"}
"""As CloudWatch calls them."""

_COLUMNS = "id, time, alarm, alarm_type, type, summary, data, contributor, attributes, groups"
_MOST_SUMMARY, _MOST_DATA = 255, 4_095


@dataclass(frozen=True, slots=True)
class Item:
    """Something that an alarm did."""

    time: int
    """Epoch milliseconds."""
    alarm: str
    alarm_type: str
    """``MetricAlarm``, ``CompositeAlarm`` or ``LogAlarm``."""
    type: str
    """One of ``TYPES``."""
    summary: str
    data: str
    """JSON."""
    contributor: str | None = None
    attributes: Mapping[str, str] | None = None
    groups: tuple[str, ...] = ()
    """The log groups of which it may tell something."""
    id: int = 0
    """Rises with every item."""


@dataclass(frozen=True, slots=True)
class Search:
    """Which items are wanted."""

    alarm: str | None = None
    type: str | None = None
    alarm_types: tuple[str, ...] = ()
    contributor: str | None = None
    start: int | None = None
    end: int | None = None
    """Epoch milliseconds, both inclusive."""
    ascending: bool = False
    after: tuple[int, int] | None = None
    """Time and id of the item behind which to go on."""


def add(connection: sqlite3.Connection, item: Item) -> None:
    """Write an item."""
    connection.execute(
        f"INSERT INTO alarm_history ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            item.time,
            item.alarm,
            item.alarm_type,
            item.type,
            item.summary[:_MOST_SUMMARY],
            item.data,
            item.contributor,
            json.dumps(item.attributes, ensure_ascii=False) if item.attributes else None,
            json.dumps(item.groups, ensure_ascii=False),
        ),
    )


def find(connection: sqlite3.Connection, wanted: Search, most: int) -> list[Item]:
    """Items in order of time, newest first unless ``ascending``."""
    terms: list[str] = []
    values: list[Any] = []

    def where(term: str, *given: Any) -> None:
        terms.append(term)
        values.extend(given)

    if wanted.alarm is not None:
        where("alarm = ?", wanted.alarm)
    if wanted.type is not None:
        where("type = ?", wanted.type)
    if wanted.alarm_types:
        marks = ", ".join("?" * len(wanted.alarm_types))
        where(f"alarm_type IN ({marks})", *wanted.alarm_types)
    if wanted.contributor is not None:
        where("contributor = ?", wanted.contributor)
    if wanted.start is not None:
        where("time >= ?", wanted.start)
    if wanted.end is not None:
        where("time <= ?", wanted.end)
    if wanted.after is not None:
        where(f"(time, id) {'>' if wanted.ascending else '<'} (?, ?)", *wanted.after)
    order = "ASC" if wanted.ascending else "DESC"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM alarm_history"
        f"{' WHERE ' if terms else ''}{' AND '.join(terms)}"
        f" ORDER BY time {order}, id {order} LIMIT ?",
        (*values, most),
    )
    return [_item(row) for row in rows]


def behind(connection: sqlite3.Connection, id: int, most: int) -> list[Item]:
    """The items that were written after one, in their order."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM alarm_history WHERE id > ? ORDER BY id LIMIT ?", (id, most)
    )
    return [_item(row) for row in rows]


def expire(connection: sqlite3.Connection, now: int) -> None:
    """Delete what is older than it is kept."""
    connection.execute("DELETE FROM alarm_history WHERE time < ?", (now - KEPT_MS,))


def item(alarm: Alarm, time: int, type: str, summary: str, data: str) -> Item:
    """An item of an alarm."""
    return Item(time, alarm.name, ALARM_TYPES[alarm.type], type, summary, data, groups=alarm.groups)


def as_event(item: Item) -> str:
    """An item as the JSON of a log event."""
    return _json(
        {
            "alarm": item.alarm,
            "alarmType": item.alarm_type,
            "type": item.type,
            "summary": item.summary,
            "contributor": item.contributor,
            "data": json.loads(item.data),
        }
    )


def state_item(before: Standing, after: Standing, alarm: Alarm) -> Item:
    """A change of state."""
    data = {
        "version": "1.0",
        "oldState": _state(before.state, before.reason, before.reason_data),
        "newState": _state(after.state, after.reason, after.reason_data),
    }
    summary = f"Alarm updated from {before.state} to {after.state}"
    return item(alarm, after.transitioned, STATE, summary, fitting(data))


def fitting(data: dict[str, Any]) -> str:
    """JSON that is not longer than an item may be: first the data of reasons goes."""
    text = _json(data)
    for part in ("oldState", "newState"):
        if len(text) > _MOST_DATA and part in data:
            data = {**data, part: {**data[part], "stateReasonData": None}}
            text = _json(data)
    if len(text) > _MOST_DATA:
        text = _json({"version": "1.0", "cut": text[: _MOST_DATA // 3]})
    return text


def _state(state: State, reason: str, data: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {"stateValue": state, "stateReason": reason}
    if data:
        said["stateReasonData"] = json.loads(data)
    return said


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _item(row: Sequence[Any]) -> Item:
    id, time, alarm, alarm_type, type, summary, data, contributor, attributes, groups = row
    return Item(
        time,
        alarm,
        alarm_type,
        type,
        summary,
        data,
        contributor,
        json.loads(attributes) if attributes else None,
        tuple(json.loads(groups)),
        id,
    )
