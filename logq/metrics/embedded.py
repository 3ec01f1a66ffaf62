"""The embedded metric format: log events that say of themselves which metrics they hold.

AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from logq.metric import MINUTE, UNITS, Datum, Metric
from logq.metrics.samples import LARGEST, MAX_DIMENSION_CHARS, NEWEST, OLDEST
from logq.model import MESSAGE

if TYPE_CHECKING:
    import pyarrow as pa

MARK = "_aws"
MAX_METRICS = 100
MAX_DIMENSIONS = 30
MAX_VALUES = 100


@dataclass(frozen=True, slots=True)
class Embedded:
    """What the events of a batch say."""

    data: tuple[Datum, ...]
    errors: int
    """Events whose metrics, all or some, could not be used."""


class _Fault(Exception):
    """What an event says cannot be used."""


def embedded(batch: pa.Table, now: int) -> Embedded:
    """The datapoints in a batch of log events; ``now`` in epoch milliseconds."""
    import pyarrow.compute as pc

    messages = batch.column(MESSAGE)
    marked = messages.filter(pc.match_substring(messages, f'"{MARK}"'))
    data: list[Datum] = []
    errors = 0
    for message in marked.to_pylist():
        try:
            document = orjson.loads(message)
        except orjson.JSONDecodeError:
            continue  # the words stand in a text
        if not isinstance(document, dict) or not isinstance(document.get(MARK), dict):
            continue
        try:
            data += list(_data(document, now))
        except _Fault:
            errors += 1
    return Embedded(tuple(data), errors)


def _data(document: Mapping[str, Any], now: int) -> Iterator[Datum]:
    said = document[MARK]
    ms = said.get("Timestamp")
    if not isinstance(ms, int) or not now - OLDEST * 1000 <= ms <= now + NEWEST * 1000:
        raise _Fault("no usable time")
    for directive in _list(said.get("CloudWatchMetrics")):
        namespace = _text(_object(directive).get("Namespace"))
        metrics = _list(directive.get("Metrics"))
        if len(metrics) > MAX_METRICS:
            raise _Fault("too many metrics")
        sets = [_dimensions(document, names) for names in _list(directive.get("Dimensions", [[]]))]
        for metric in metrics:
            name = _text(_object(metric).get("Name"))
            if name not in document:
                continue  # a target that is not there is no fault of the others
            values = _values(document[name])
            fine = metric.get("StorageResolution") == 1
            unit = metric.get("Unit", "None")
            time = ms // 1000 if fine else ms // 1000 // MINUTE * MINUTE
            for dimensions in dict.fromkeys(sets):
                yield Datum(
                    Metric(namespace, name, dimensions),
                    time,
                    values,
                    unit=unit if unit in UNITS else "None",
                    resolution=1 if fine else MINUTE,
                )


def _dimensions(document: Mapping[str, Any], names: object) -> tuple[tuple[str, str], ...]:
    wanted = sorted({_text(name) for name in _list(names)})
    if len(wanted) > MAX_DIMENSIONS:
        raise _Fault("too many dimensions")
    return tuple((name, _text(document.get(name))[:MAX_DIMENSION_CHARS]) for name in wanted)


def _values(found: object) -> tuple[float, ...]:
    given = found if isinstance(found, list) else [found]
    numbers = tuple(float(v) for v in given if isinstance(v, int | float) and v is not True)
    good = [v for v in numbers if math.isfinite(v) and abs(v) <= LARGEST]
    if not given or len(good) != len(given) or len(given) > MAX_VALUES:
        raise _Fault("no usable values")
    return numbers


def _list(found: object) -> list[Any]:
    if not isinstance(found, list):
        raise _Fault("no list")
    return found


def _object(found: object) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise _Fault("no object")
    return found


def _text(found: object) -> str:
    if not isinstance(found, str) or not found.strip():
        raise _Fault("no text")
    return found
