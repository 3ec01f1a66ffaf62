"""Notifications as JSON: the body of the outbox, of webhooks and of log events."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from logq.notification import (
    SCHEMA,
    Contributor,
    Datapoint,
    LogLine,
    Notification,
    Subject,
    Trigger,
)


def iso(milliseconds: int | None) -> str | None:
    """A time as ``2026-11-24T02:43:37.123Z``."""
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def document(notification: Notification) -> dict[str, Any]:
    """The notification as receivers get it; times in ISO 8601."""
    alarm = notification.subject
    trigger = notification.trigger
    return {
        "schema": SCHEMA,
        "id": notification.id,
        "kind": notification.kind,
        "status": notification.status,
        "previous": notification.previous,
        "reason": notification.reason,
        "alarm": {
            "name": alarm.name,
            "arn": alarm.arn,
            "description": alarm.description,
            "url": notification.links.get("alarm"),
            "tags": dict(alarm.tags),
        },
        "changed_at": iso(notification.changed_at),
        "started_at": iso(notification.started_at),
        "ended_at": iso(notification.ended_at),
        "trigger": _trigger(trigger) if trigger else None,
        "datapoints": [{"t": iso(d.time), "v": d.value} for d in notification.datapoints],
        "contributors": [
            {"attributes": dict(c.attributes), "value": c.value} for c in notification.contributors
        ],
        "log_lines": [
            {"t": iso(line.time), "group": line.group, "stream": line.stream}
            | {"message": line.message}
            for line in notification.log_lines
        ],
        "links": dict(notification.links),
        "message": notification.message,
        "attributes": dict(notification.attributes),
    }


def _trigger(trigger: Trigger) -> dict[str, Any]:
    return {
        "type": trigger.type,
        "metric": dict(trigger.metric) if trigger.metric else None,
        "query": trigger.query,
        "rule": trigger.rule,
        "threshold": trigger.threshold,
        "operator": trigger.operator,
        "period": trigger.period,
        "m": trigger.m,
        "n": trigger.n,
    }


def finite(value: Any) -> Any:
    """The value without what JSON cannot say: infinity, NaN and halves of characters."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {finite(str(key)): finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return value


def encode(notification: Notification) -> str:
    """The notification as JSON text, for keeping."""
    return json.dumps(document(notification), ensure_ascii=True, separators=(",", ":"))


def decode(text: str) -> Notification:
    """The inverse of ``encode``."""
    body: Mapping[str, Any] = json.loads(text)
    alarm, trigger = body["alarm"], body["trigger"]
    return Notification(
        body["id"],
        body["kind"],
        body["status"],
        body["previous"],
        body["reason"],
        Subject(alarm["name"], alarm["arn"], alarm["description"], alarm["tags"]),
        _epoch(body["changed_at"]),
        _epoch(body["started_at"]) if body["started_at"] else None,
        _epoch(body["ended_at"]) if body["ended_at"] else None,
        Trigger(**trigger) if trigger else None,
        tuple(Datapoint(_epoch(d["t"]), d["v"]) for d in body["datapoints"]),
        tuple(Contributor(c["attributes"], c["value"]) for c in body["contributors"]),
        tuple(
            LogLine(_epoch(line["t"]), line["group"], line["stream"], line["message"])
            for line in body["log_lines"]
        ),
        body["links"],
        body["message"],
        body["attributes"],
    )


def _epoch(text: str) -> int:
    moment = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000 + int(text[20:23])
