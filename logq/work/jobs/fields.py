"""The job ``fields``: which fields the events of log groups have."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from logq.units import parse_zone
from logq.work.discovery import Discovery
from logq.work.job import job
from logq.work.readable import readable_queries, readable_snapshot

if TYPE_CHECKING:
    from logq.app import LogQ
    from logq.work.worker import Out


@job("fields")
def fields(
    logq: LogQ,
    out: Out,
    *,
    groups: Sequence[str],
    readable: Sequence[str] | None = None,
    start: int | None = None,
    end: int | None = None,
    zone: str = "UTC",
) -> dict[str, Any]:
    """The header has ``fields`` (see ``Discovered``) and ``warnings``."""
    snapshot = readable_snapshot(logq, readable, groups)
    found = Discovery(
        readable_queries(logq, readable), snapshot, groups, start, end, parse_zone(zone)
    ).fields()
    out.header(
        {"fields": [dataclasses.asdict(each) for each in found], "warnings": snapshot.warnings}
    )
    return {}
