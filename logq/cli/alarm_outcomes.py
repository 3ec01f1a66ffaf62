"""What a backtest found, as a chart and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from logq.cli import listing
from logq.cli.session import Session
from logq.units import format_duration, format_time

_MOST_POINTS = 2_000


def draw(run: Session, found: Mapping[str, Any]) -> None:
    """A chart of the values, the highest of each part where there are many."""
    from logq import renderer

    known = [(time, value) for time, value in found["points"] if value is not None]
    if not known:
        return
    step = -(-len(known) // _MOST_POINTS)
    rows = [
        max(known[at : at + step], key=lambda point: point[1]) for at in range(0, len(known), step)
    ]
    answer = renderer.Answer(
        listing.columns("time:timestamp value:number"),
        renderer.batches(rows),
        shape=renderer.Shape(time_column="time"),
    )
    renderer.render("chart", answer, run.out, renderer.Options(zone=UTC))


def summary(found: Mapping[str, Any]) -> str:
    """How often it would have gone off, and for how long."""
    pages, length = found["pages"], found["end"] - found["start"]
    share = found["alarm_ms"] / length if length else 0.0
    times = "once" if pages == 1 else f"{pages:,} times"
    return (
        f"it would have gone off {times if pages else 'never'} and been in ALARM for "
        f"{format_duration(found['alarm_ms'])} ({share:.2%}) from "
        f"{format_time(found['start'])} to {format_time(found['end'])}"
    )
