"""What LogQ itself puts on the bus: changes of what people made, and calls that were audited."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from logq.arns import Place
from logq.event import Event
from logq.events.envelope import new_event
from logq.model import MESSAGE, Change

if TYPE_CHECKING:
    import pyarrow as pa

AUDIT_GROUP = "/logq/audit"
CONFIG = "logq.config"
AUDIT = "logq.audit"
LOGS = "logq.logs"
DELIVERY = "logq.delivery"
SCHEDULE = "logq.schedule"
QUIET = frozenset({"key_use"})
"""Definitions that change by themselves."""


def changed(change: Change, place: Place, now: int) -> Event:
    """Somebody made, changed or deleted something; what it says stays where it is."""
    detail = {
        "kind": change.kind.replace("_", "-"),
        "name": change.name,
        "operation": change.operation.value,
    }
    if change.group is not None:
        detail["logGroup"] = change.group
    return new_event(CONFIG, "LogQ Configuration Change", now, detail, *_resources(change, place))


def _resources(change: Change, place: Place) -> Iterator[str]:
    match change.kind:
        case "log_group":
            yield place.log_group(change.name)
        case "alarm":
            yield place.alarm(change.name)
        case "topic":
            yield place.topic(change.name)
        case "rule":
            yield place.rule(change.name)
        case _ if change.group is not None:
            yield place.log_group(change.group)


def audited(batch: pa.Table, now: int) -> Iterator[Event]:
    """The calls of the API in a batch of the audit's log group."""
    for text in batch.column(MESSAGE).to_pylist():
        try:
            record = json.loads(text)
        except ValueError:
            continue
        if isinstance(record, dict) and record.get("eventType") == "AwsApiCall":
            yield new_event(AUDIT, "AWS API Call via CloudTrail", now, record)
