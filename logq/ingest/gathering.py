"""Collecting the events of one request, item by item, by log group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
import pyarrow as pa

from logq.errors import LimitExceeded
from logq.ingest.events import Rejected
from logq.ingest.incoming import Incoming
from logq.ingest.intake import MAX_ITEMS, Decoded, Delivery, too_many

_YEAR_10000 = 253_402_300_800_000
_MILLIS = 10**11
_SPREAD = 4
"""How much larger events may be than their request, which says many things once for all."""


@dataclass(slots=True)
class _Columns:
    messages: list[str] = field(default_factory=list)
    times: list[int | None] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)
    items: list[int] = field(default_factory=list)


class Gathering:
    """The items of a request, as they are read; raises LimitExceeded when they are too many."""

    def __init__(self, format: str | None, max_bytes: int) -> None:
        self._format = format
        self._room = _SPREAD * max_bytes
        self._groups: dict[str, _Columns] = {}
        self._rejected: list[Rejected] = []
        self._skipped = 0
        self._items = 0

    def add(
        self, group: str, stream: str, message: str, time: int | None, labels: str | None = None
    ) -> None:
        """The next item is an event; ``time`` in epoch milliseconds, ``labels`` as JSON."""
        if not message:
            self.reject("the event is empty")
            return
        if time is not None and not 0 <= time < _YEAR_10000:
            self.reject("its time is not in the years 1970 to 9999")
            return
        self._room -= len(message) + len(labels or "")
        if self._room < 0:
            raise LimitExceeded("the events of the request are too large", hint="send fewer")
        columns = self._groups.get(group)
        if columns is None:
            columns = self._groups[group] = _Columns()
        columns.messages.append(message)
        columns.times.append(time)
        columns.streams.append(stream)
        columns.labels.append(labels)
        columns.items.append(self._items)
        self._count()

    def reject(self, reason: str) -> None:
        """The next item is no event."""
        self._count()
        self._rejected.append(Rejected(self._items, reason))

    def skip(self) -> None:
        """The next item is one that the protocol says to pass over."""
        self._count()
        self._skipped += 1

    def decoded(self) -> Decoded:
        """All of it."""
        deliveries = tuple(
            Delivery(group, self._incoming(columns), pa.array(columns.items, pa.int64()))
            for group, columns in self._groups.items()
        )
        return Decoded(self._items, deliveries, tuple(self._rejected), self._skipped)

    def _count(self) -> None:
        self._items += 1
        if self._items > MAX_ITEMS:
            raise too_many()

    def _incoming(self, columns: _Columns) -> Incoming:
        labels = pa.array(columns.labels, pa.string())
        return Incoming(
            pa.array(columns.messages, pa.string()),
            pa.array(columns.times, pa.timestamp("ms")),
            pa.array(columns.streams, pa.string()),
            labels if labels.null_count < len(labels) else None,
            self._format,
        )


def labels_text(labels: Mapping[str, object]) -> str | None:
    """Labels as events hold them: a JSON object of texts, or None if there are none."""
    texts = {
        key: value if isinstance(value, str) else orjson.dumps(value).decode()
        for key, value in labels.items()
        if value is not None
    }
    return orjson.dumps(texts).decode() if texts else None


def epoch_ms(value: object) -> int | None:
    """The time that a number (or a text of one) in seconds is, later than 5138 in milliseconds.

    Raises ValueError if it is no such number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not a number")
    number = float(value)
    if not abs(number) < 10**15:
        raise ValueError("out of range")
    return round(number) if abs(number) >= _MILLIS else round(number * 1000)
