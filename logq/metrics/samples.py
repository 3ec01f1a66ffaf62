"""From what a filter found in a batch of log events to datapoints, by the minute of the event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logq.metric import MINUTE, Datum, Metric
from logq.metrics.filter import MetricFilter
from logq.model import TIMESTAMP

if TYPE_CHECKING:
    import pyarrow as pa

    from logq.query.filter_pattern import Found

OLDEST = 14 * 86_400
NEWEST = 2 * 3_600
"""Seconds before and after now between which a datapoint may lie, as in PutMetricData."""
LARGEST = 2.0**360
MAX_DIMENSION_CHARS = 1_024
MAX_VALUES = 150
"""Different values in one datum, as in PutMetricData."""


@dataclass(frozen=True, slots=True)
class Times:
    """When the events of a batch were, as their filters see it."""

    minutes: pa.Int64Array
    """The start of the minute of each event, epoch seconds."""
    inside: pa.BooleanArray
    """Whether a datapoint may lie there."""

    @staticmethod
    def of(batch: pa.Table, now: int) -> Times:
        """Those of a batch; ``now`` in epoch milliseconds."""
        import pyarrow as pa
        import pyarrow.compute as pc

        ms = batch.column(TIMESTAMP).combine_chunks().cast(pa.int64())
        old = pc.greater_equal(ms, now - OLDEST * 1000)
        inside = pc.and_(old, pc.less_equal(ms, now + NEWEST * 1000))
        # Before 1970 the division would round up; such times are not inside.
        minutes = pc.multiply(pc.divide(ms, MINUTE * 1000), MINUTE)
        return Times(minutes, inside)

    def seen(self) -> dict[int, int]:
        """How many events that count lie in each minute."""
        counted = self.minutes.filter(self.inside).value_counts()
        return {one["values"]: one["counts"] for one in counted.to_pylist()}


@dataclass(frozen=True, slots=True)
class Samples:
    """What one filter makes of a batch."""

    data: tuple[Datum, ...]
    matched: Mapping[int, int]
    """How many events match in each minute (epoch seconds of its start)."""
    outside: int
    """Matching events that are too old or too far in the future."""
    valueless: int
    """Matching events without a number where the value should be."""
    dimensionless: int
    """Matching events that lack the value of a dimension."""


def samples(
    wanted: MetricFilter, found: Found, times: Times, constant: float | None = None
) -> Samples | None:
    """The samples of a filter's matches; None where it matches nothing.

    ``constant`` is the filter's value where that is a number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = pc.indices_nonzero(found.matches)
    if len(rows) == 0:
        return None
    matches = len(rows)
    rows = rows.filter(times.inside.take(rows))
    outside = matches - len(rows)
    minutes = times.minutes.take(rows)
    matched = {one["values"]: one["counts"] for one in minutes.value_counts().to_pylist()}
    if constant is not None and not found.dimensions:
        metric = Metric(wanted.namespace, wanted.metric)
        data = tuple(
            Datum(metric, minute, (constant,), (count,), unit=wanted.unit)
            for minute, count in matched.items()
        )
        return Samples(data, matched, outside, 0, 0)

    assert found.values is not None
    values = found.values.take(rows)
    usable = pc.fill_null(pc.less_equal(pc.abs(values), LARGEST), False)  # NaN is not less
    valueless = len(rows) - (pc.sum(usable).as_py() or 0)
    dimensions = {name: texts.take(rows) for name, texts in found.dimensions.items()}
    named = pa.array([True] * len(rows), pa.bool_())
    for texts in dimensions.values():
        named = pc.and_(named, pc.fill_null(pc.greater(pc.utf8_length(texts), 0), False))
    dimensionless = pc.sum(pc.and_(usable, pc.invert(named))).as_py() or 0
    good = pc.and_(usable, named)

    columns = {"minute": minutes, "value": values}
    for place, texts in enumerate(dimensions.values()):
        columns[f"d{place}"] = pc.utf8_slice_codeunits(texts, 0, MAX_DIMENSION_CHARS)
    counted = (
        pa.table({name: column.filter(good) for name, column in columns.items()})
        .group_by(list(columns), use_threads=False)
        .aggregate([([], "count_all")])
    )
    data = tuple(_data(wanted, list(dimensions), counted))
    return Samples(data, matched, outside, valueless, dimensionless)


def _data(wanted: MetricFilter, names: list[str], counted: pa.Table) -> Iterator[Datum]:
    """One datum a minute and set of dimensions; more for more values than one may have."""
    places = [counted.column(f"d{place}").to_pylist() for place in range(len(names))]
    by_metric: dict[tuple[Any, ...], dict[float, int]] = defaultdict(dict)
    for minute, value, count, *texts in zip(
        counted.column("minute").to_pylist(),
        counted.column("value").to_pylist(),
        counted.column("count_all").to_pylist(),
        *places,
        strict=True,
    ):
        by_metric[minute, *texts][value] = count
    for (minute, *texts), found in by_metric.items():
        dimensions = tuple(sorted(zip(names, texts, strict=True)))
        metric = Metric(wanted.namespace, wanted.metric, dimensions)
        pairs = list(found.items())
        for first in range(0, len(pairs), MAX_VALUES):
            values, counts = zip(*pairs[first : first + MAX_VALUES], strict=True)
            yield Datum(metric, minute, values, counts, unit=wanted.unit)
