"""A notification as a value: what a person is told, before any service's form is given to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "logq.notification/1"


@dataclass(frozen=True, slots=True)
class Subject:
    """The alarm, or other thing, that a notification is about."""

    name: str
    arn: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What was watched, and what had to happen."""

    type: str
    """``metric``, ``log`` or ``composite``."""
    metric: Mapping[str, Any] | None = None
    """Namespace, name, dimensions and statistic; or the queries of an expression."""
    query: str | None = None
    """Of a log alarm."""
    rule: str | None = None
    """Of a composite alarm."""
    threshold: float | None = None
    operator: str | None = None
    """``>``, ``>=``, ``<`` or ``<=``."""
    period: int | None = None
    """Seconds."""
    m: int | None = None
    n: int | None = None
    """M of N datapoints make it an alarm."""


@dataclass(frozen=True, slots=True)
class Datapoint:
    """A value at a time; None where there was none."""

    time: int
    """Epoch milliseconds."""
    value: float | None


@dataclass(frozen=True, slots=True)
class Contributor:
    """One series of several that is above the threshold."""

    attributes: Mapping[str, str]
    value: float | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """A log event that made the alarm."""

    time: int
    """Epoch milliseconds."""
    group: str
    stream: str
    message: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What a person is told; each notifier gives it the form of its service.

    ``id`` is the same for every attempt to deliver it, so that receivers can leave out doubles.
    """

    id: str
    kind: str
    """``alarm``, ``event``, ``message`` (somebody published it) or ``test``."""
    status: str
    """Of an alarm: ``ALARM``, ``OK`` or ``INSUFFICIENT_DATA``."""
    previous: str
    reason: str
    subject: Subject
    changed_at: int
    """Epoch milliseconds."""
    started_at: int | None = None
    ended_at: int | None = None
    """When the alarm began, and when it was over."""
    trigger: Trigger | None = None
    datapoints: tuple[Datapoint, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    log_lines: tuple[LogLine, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    """``alarm``, ``query`` and ``mute_1h``, where the server knows its own address."""
    message: str = ""
    """The body in the form of Amazon SNS: for an alarm, JSON as CloudWatch writes it."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """For filter policies on message attributes."""
