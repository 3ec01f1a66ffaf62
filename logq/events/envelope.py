"""An event in the form of Amazon EventBridge, which is what patterns match and targets are sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from logq.arns import Place
from logq.event import Event


def envelope(event: Event, place: Place) -> dict[str, Any]:
    """The event as JSON; the time is cut to the second, as it is there."""
    return {
        "version": "0",
        "id": event.id,
        "detail-type": event.detail_type,
        "source": event.source,
        "account": place.account,
        "time": rfc3339(event.time),
        "region": place.region,
        "resources": list(event.resources),
        "detail": dict(event.detail),
    }


def rfc3339(ms: int) -> str:
    """``2026-11-24T09:00:00Z``."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_event(
    source: str,
    detail_type: str,
    time: int,
    detail: Mapping[str, Any],
    *resources: str,
    hops: int = 0,
) -> Event:
    """An event that happens now, with a new id."""
    return Event(str(uuid.uuid4()), source, detail_type, time, detail, resources, hops)


def one_hop_on(event: Event) -> Event:
    """The event as what one more rule made of it."""
    return replace(event, hops=event.hops + 1)
