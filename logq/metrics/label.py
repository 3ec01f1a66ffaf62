"""Labels of series, with figures of the series filled in.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from logq.metric import Metric

_BLANK = re.compile(r"\$\{([A-Z_]+)(?:\('([^']*)'\))?\}")

_FIGURES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "AVG": lambda values: math.fsum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
    "FIRST": lambda values: values[0],
    "LAST": lambda values: values[-1],
}


def filled(
    template: str,
    label: str,
    values: Sequence[float],
    metric: Metric | None,
    stat: str,
    period: int,
) -> str:
    """A label with its ``${...}`` filled in; those that are not known stay as they are."""

    def fill(match: re.Match[str]) -> str:
        name, argument = match[1], match[2]
        if name == "LABEL":
            return label
        if name == "DATAPOINT_COUNT":
            return str(len(values))
        if name in _FIGURES:
            return f"{_FIGURES[name](values):.10g}" if values else "-"
        if name == "PROP" and argument:
            found = _property(argument, metric, stat, period)
            return match[0] if found is None else found
        return match[0]

    return _BLANK.sub(fill, template)


def _property(name: str, metric: Metric | None, stat: str, period: int) -> str | None:
    if name == "Period":
        return str(period)
    if name == "Stat":
        return stat
    if metric is None:
        return None
    if name.startswith("Dim."):
        return dict(metric.dimensions).get(name.removeprefix("Dim."))
    return {"MetricName": metric.name, "Namespace": metric.namespace}.get(name)
