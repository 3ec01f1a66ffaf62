"""A metric filter: a pattern over log events, and the metric that matching events count into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KIND = "metric_filter"
"""What definitions call it."""


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """A filter pattern and the metric that matching events count into."""

    pattern: str
    namespace: str
    metric: str
    value: str = "1"
    """A number, or a reference like ``$.latency`` or ``$bytes``."""
    default: float | None = None
    """The value of a minute with events of which none matches."""
    unit: str = "None"
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """Name and reference."""
    transformed: bool = False
    criteria: str | None = None
    system_fields: tuple[str, ...] = ()
    """These three are what clients of CloudWatch gave; nothing here depends on them."""


def filter_of(body: Mapping[str, Any]) -> MetricFilter:
    """The metric filter that a definition holds."""
    return MetricFilter(**{**body, "system_fields": tuple(body["system_fields"])})
