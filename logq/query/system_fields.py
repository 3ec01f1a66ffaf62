"""The fields that every event has, whatever its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from logq import model
from logq.query.value import Type

LOG = "@log"


@dataclass(frozen=True, slots=True)
class SystemField:
    """A field that storage keeps of every event."""

    type: Type
    summary: str


SYSTEM_FIELDS: Mapping[str, SystemField] = {
    model.TIMESTAMP: SystemField(Type.TIMESTAMP, "When the event happened."),
    model.MESSAGE: SystemField(Type.TEXT, "The text of the event as it came."),
    model.LOG_STREAM: SystemField(Type.TEXT, "The log stream it came in."),
    LOG: SystemField(Type.TEXT, "The log group it is in."),
    model.INGESTION_TIME: SystemField(Type.TIMESTAMP, "When LogQ took it in."),
    model.TIME_SOURCE: SystemField(
        Type.TEXT, "'previous' or 'arrival' where the event names no time itself."
    ),
    model.TRUNCATED: SystemField(Type.INTEGER, "Bytes cut off a message over the size limit."),
}
"""By name, the usual ones first."""
