"""Reports of background jobs in one line."""

from __future__ import annotations

import dataclasses
from typing import Any

from logq.units import format_bytes


def report_line(report: Any) -> str:
    """The numbers of a report (a dataclass) by name: ``3 segments, 1,200 events, 2.0 MB``."""
    facts = []
    for field in dataclasses.fields(report):
        value = getattr(report, field.name)
        name = field.name.replace("_", " ")
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if "bytes" in field.name:
            facts.append(
                f"{name} {format_bytes(value)}" if name != "bytes" else format_bytes(value)
            )
        else:
            facts.append(f"{value:,} {name}")
    return ", ".join(facts) or "nothing to do"
