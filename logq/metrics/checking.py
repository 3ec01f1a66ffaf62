"""What a datum has to fulfil before it is stored.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
Other than there, values of dimensions may hold any text without control characters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from logq.errors import InvalidValue
from logq.metric import MINUTE, UNITS, Datum, Metric
from logq.metrics.summary import MOST_VALUES

MOST_DIMENSIONS = 30
OLDEST_SECONDS = 14 * 86_400
NEWEST_SECONDS = 2 * 3_600
LARGEST = 2.0**360
LONGEST_NAME, LONGEST_VALUE = 255, 1_024

_UNIT_NAMES = frozenset(UNITS)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\ud800-\udfff]")


def check_metric(metric: Metric) -> None:
    """Raise InvalidValue for a metric that cannot be."""
    _name("the namespace", metric.namespace)
    _name("the metric name", metric.name, colon=True)
    if len(metric.dimensions) > MOST_DIMENSIONS:
        raise InvalidValue(
            f"{len(metric.dimensions)} dimensions are more than {MOST_DIMENSIONS}",
            hint="leave some out: each combination of values is a metric of its own",
        )
    names = [name for name, _ in metric.dimensions]
    if len(set(names)) < len(names):
        raise InvalidValue("a dimension is given twice", hint="a metric has each name once")
    for name, value in metric.dimensions:
        _name("the name of a dimension", name)
        if not value.strip() or len(value) > LONGEST_VALUE or _CONTROL.search(value):
            raise InvalidValue(
                f"the value of the dimension {name} has 1 to {LONGEST_VALUE} characters, "
                "not all of them blank, none a control character"
            )


def _name(what: str, text: str, *, colon: bool = False) -> None:
    if not 1 <= len(text) <= LONGEST_NAME or not text.strip() or _CONTROL.search(text):
        raise InvalidValue(
            f"{what} has 1 to {LONGEST_NAME} characters, not all of them blank, "
            "none a control character"
        )
    if text.startswith(":") and not colon:
        raise InvalidValue(f"{what} does not begin with a colon")


def check(data: Sequence[Datum], now: int) -> None:
    """Raise InvalidValue for the first datum that cannot be stored; ``now`` in epoch seconds."""
    checked: set[Metric] = set()
    for datum in data:
        if datum.metric not in checked:
            check_metric(datum.metric)
            checked.add(datum.metric)
        if not now - OLDEST_SECONDS <= datum.time <= now + NEWEST_SECONDS:
            raise InvalidValue(
                f"the timestamp {datum.time} of {datum.metric.name} is out of range",
                hint="it may be two weeks old, or two hours ahead",
            )
        if datum.unit not in _UNIT_NAMES:
            raise InvalidValue(f"{datum.unit!r} is no unit", hint=f"one of {', '.join(UNITS)}")
        if datum.resolution not in (1, MINUTE):
            raise InvalidValue(f"a resolution is 1 or {MINUTE} seconds, not {datum.resolution}")
        _values(datum)


def _values(datum: Datum) -> None:
    given = datum.statistics
    if (given is None) == (not datum.values):
        raise InvalidValue(
            f"a datum of {datum.metric.name} has values or a statistic set, and not both"
        )
    if len(datum.values) > MOST_VALUES:
        raise InvalidValue(f"a datum has at most {MOST_VALUES} values, not {len(datum.values)}")
    if datum.counts and len(datum.counts) != len(datum.values):
        raise InvalidValue("there are as many counts as values", hint="or no counts: once each")
    numbers = (given.sum, given.minimum, given.maximum) if given else datum.values
    for number in numbers:
        if not math.isfinite(number) or abs(number) > LARGEST:
            raise InvalidValue(
                f"the value {number} of {datum.metric.name} is invalid",
                hint="values are numbers between -2^360 and 2^360",
            )
    for count in (given.samples,) if given else datum.counts:
        if not math.isfinite(count) or not 0 <= count <= LARGEST:
            raise InvalidValue(f"{count} is no number of samples")
    if given and given.minimum > given.maximum:
        raise InvalidValue("the minimum of a statistic set is not above its maximum")
