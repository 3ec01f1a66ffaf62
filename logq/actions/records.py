"""Actions on one event, and on the fields of many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.errors import NotFound
from logq.values import cell_writer, compact, decode

_AROUND_MS = 480_000
_RECENT_MS = 900_000
_ALWAYS = ("@ingestionTime", "@log", "@logStream", "@message", "@timestamp")


@action("logs:GetLogRecord", Access.DATA_READ)
def get_log_record(context: Context, pointer: str) -> Mapping[str, str]:
    """All fields of the event that a ``@ptr`` names, as texts; times in epoch milliseconds.

    What is inside of lists and objects is a field of its own: ``items.0.name``. Raises
    AccessDenied, NotFound if the event is gone, and InvalidValue for what is no pointer.
    """
    from logq.query.position import POINTER, read_pointer
    from logq.query.record import find_record

    group, position = read_pointer(pointer)
    context.require("logs:GetLogRecord", context.place.log_group(group))
    cells = find_record(context.logq.reader, group, position)
    if cells is None:
        raise NotFound("the event is not there any more", hint="it may have expired")
    record = {"@log": f"{context.place.account}:{group}", POINTER: pointer}
    for name, type, value in cells:
        if type == "timestamp":
            record[name] = str(value)
        elif type == "dynamic":
            record.update(_flat(name, decode(value)))
        else:
            record[name] = cell_writer(type, UTC)(value)
    return record


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """The leaves of a value by their dotted paths."""
    below: Any = ()
    if isinstance(value, dict):
        below = value.items()
    elif isinstance(value, list):
        below = enumerate(value)
    elif value is not None:
        yield name, cell_writer("dynamic", UTC)(compact(value))
    for key, inner in below:
        yield from _flat(f"{name}.{key}", inner)


@action("logs:GetLogGroupFields", Access.DATA_READ)
def get_log_group_fields(
    context: Context, group: str, *, around: int | None = None
) -> list[tuple[str, int]]:
    """The fields of events near a time (epoch ms, else of the last 15 minutes) with percentages.

    Counted by segment from the catalog alone, the most frequent first. Raises AccessDenied and
    UnknownLogGroup.
    """
    context.require("logs:GetLogGroupFields", context.place.log_group(group))
    now = context.logq.clock()
    start, end = (
        (now - _RECENT_MS, now) if around is None else (around - _AROUND_MS, around + _AROUND_MS)
    )
    counts: dict[str, int] = {}
    events = 0
    for piece in context.logq.storage.snapshot([group]).pieces:
        if piece.end < start or piece.start > end:
            continue
        events += piece.rows
        for path, field in piece.info.fields.items():
            counts[path] = counts.get(path, 0) + field.count
    if events:
        counts |= dict.fromkeys(_ALWAYS, events)
    shares = [(name, round(100 * count / events)) for name, count in counts.items()]
    return sorted(shares, key=lambda share: (-share[1], share[0]))
