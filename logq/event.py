"""Events of the bus as values: what happened, for rules to match; not the log events of groups.

The form is that of Amazon EventBridge: https://docs.aws.amazon.com/eventbridge/latest/userguide/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_HOPS = 5
"""An event that was made by so many rules one after the other is dropped: it runs in a circle."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    id: str
    """A UUID, the same however often it is delivered."""
    source: str
    """Who says so: ``aws.cloudwatch``, ``logq.logs``, or what a person chose."""
    detail_type: str
    time: int
    """Epoch milliseconds."""
    detail: Mapping[str, Any]
    """As JSON; what matters of it depends on the detail type."""
    resources: tuple[str, ...] = ()
    """ARNs of what it is about."""
    hops: int = 0
    """How many rules stand between this event and one that no rule made."""
