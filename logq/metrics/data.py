"""Series of metrics and of expressions over them, as they are read."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from logq.errors import InvalidValue, WrongArguments
from logq.metric import DataQuery, Metric, MetricStat, Value, Window
from logq.metrics import names, reading
from logq.metrics.label import filled
from logq.metrics.math.evaluate import DEFAULT_PERIOD, Sheet, calls, check
from logq.metrics.math.values import Series
from logq.metrics.search import search
from logq.metrics.statistic import statistic

ACTIVE_SECONDS = 14 * 86_400
"""Metrics without samples for so long are neither listed nor found."""
MOST_FOUND = 500
MOST_POINTS = 1_000_000
"""Periods, over all queries, that one call may span."""

_ANY = Metric("", "")
_SUB_MINUTE = (1, 5, 10, 20, 30)
_LONGEST_PERIOD = 86_400


@dataclass(frozen=True, slots=True)
class Result:
    """A series that a query gives; a query for an array gives several."""

    id: str
    label: str
    period: int
    points: Mapping[int, float]
    """By the start of the period, epoch seconds."""


def check_period(period: int) -> None:
    """Raise InvalidValue unless datapoints can be read by this period."""
    if period in _SUB_MINUTE or (period > 0 and period % 60 == 0 and period <= _LONGEST_PERIOD):
        return
    raise InvalidValue(
        f"{period} is no period",
        hint="1, 5, 10, 20 or 30 seconds, or a multiple of 60 up to 86,400",
    )


def data(
    connection: sqlite3.Connection,
    queries: Sequence[DataQuery],
    span: tuple[int, int],
    now: int,
    visible: Callable[[Metric], bool],
) -> list[Result]:
    """The series of those queries that are to be returned, in their order.

    Periods are counted from 1970; epoch seconds, the end of ``span`` is exclusive. SEARCH finds
    what is ``visible``. Raises InvalidValue and QueryError.
    """
    start, end = span
    by_id = check(queries)
    stats = {query.id: query.stat for query in queries if query.stat is not None}
    periods = [stat.period for stat in stats.values()]
    for period in {*periods, *(query.period for query in queries if query.period is not None)}:
        check_period(period)
    finest = min((*periods, *(query.period or DEFAULT_PERIOD for query in queries)))
    if (end - start) // finest * len(queries) > MOST_POINTS:
        raise InvalidValue(
            f"the queries span more than {MOST_POINTS:,} periods",
            hint="choose a longer period or a shorter time",
        )

    def metrics() -> Iterator[Metric]:
        for known in names.known(connection, since=now - ACTIVE_SECONDS):
            if visible(known.metric):
                yield known.metric

    def found(text: str, stat: str, period: int) -> tuple[Series, ...]:
        check_period(period)
        if (end - start) // period * MOST_FOUND > 10 * MOST_POINTS:
            raise WrongArguments("SEARCH spans too many periods", hint="choose a longer period")
        return _search(connection, text, MetricStat(_ANY, stat, period), span, metrics)

    sheet = Sheet(by_id, _measured(connection, stats, start, end), _grid(start, end), found)
    return _labelled(
        (query, series, period)
        for query, value, period in sheet.returned()
        for series in (value if isinstance(value, tuple) else (value,))
    )


def evaluate(
    connection: sqlite3.Connection, queries: Sequence[DataQuery], windows: Sequence[Window]
) -> dict[str, list[Value | None]]:
    """The values of the queries that are to be returned over given windows, None where missing.

    Windows are of one length, and that is the period. Of an expression the number of samples is
    not known and 0. Raises InvalidValue and QueryError; SEARCH is refused.
    """
    by_id = check(queries)
    stats = {query.id: query.stat for query in queries if query.stat is not None}
    found = reading.windows(connection, [(stat, windows) for stat in stats.values()])
    values = dict(zip(stats, found, strict=True))
    starts = [window.start for window in windows]
    measured = {
        id: _series(stats[id], {s: v.value for s, v in zip(starts, over, strict=True) if v})
        for id, over in values.items()
    }

    def refuse(text: str, stat: str, period: int) -> tuple[Series, ...]:
        raise WrongArguments("SEARCH is not possible in an alarm", hint="name the metrics")

    sheet = Sheet(by_id, measured, lambda _: starts, refuse)
    answer: dict[str, list[Value | None]] = {}
    for query, value, _ in sheet.returned():
        if query.id in values:
            answer[query.id] = values[query.id]
            continue
        if isinstance(value, tuple):
            raise WrongArguments(
                f"{query.id}: an alarm watches one time series, not an array of them",
                hint="combine them, for example with MAX",
            )
        points = value.points
        answer[query.id] = [Value(points[at], 0.0) if at in points else None for at in starts]
    return answer


def check_queries(queries: Sequence[DataQuery], *, alarm: bool = False) -> None:
    """Raise InvalidValue or QueryError for queries that cannot be evaluated whatever is stored."""
    by_id = check(queries)
    for query in by_id.values():
        if query.stat is not None:
            statistic(query.stat.stat)
        elif alarm and calls(query.expression or "", "SEARCH"):
            raise WrongArguments(f"{query.id}: SEARCH is not possible in an alarm")


def _grid(start: int, end: int) -> Callable[[int], Sequence[int]]:
    return lambda period: range(start // period * period, end, period)


def _measured(
    connection: sqlite3.Connection, stats: Mapping[str, MetricStat], start: int, end: int
) -> dict[str, Series]:
    found = reading.series(connection, list(stats.values()), start, end)
    return {
        id: _series(stat, {at: value.value for at, value in points.items()})
        for (id, stat), points in zip(stats.items(), found, strict=True)
    }


def _series(stat: MetricStat, points: Mapping[int, float]) -> Series:
    return Series(points, stat.metric.name, stat.metric, stat.stat)


def _search(
    connection: sqlite3.Connection,
    text: str,
    wanted: MetricStat,
    span: tuple[int, int],
    metrics: Callable[[], Iterator[Metric]],
) -> tuple[Series, ...]:
    fits = search(text)
    found = list(islice(filter(fits, metrics()), MOST_FOUND))
    stats = [replace(wanted, metric=metric) for metric in found]
    points = reading.series(connection, stats, *span)
    titles = _titles(found)
    return tuple(
        replace(
            _series(stat, {at: v.value for at, v in by_time.items()}), label=titles[stat.metric]
        )
        for stat, by_time in zip(stats, points, strict=True)
    )


def _titles(metrics: Sequence[Metric]) -> dict[Metric, str]:
    """What tells these metrics apart."""
    several = len({metric.name for metric in metrics}) > 1
    shared = set.intersection(*(set(metric.dimensions) for metric in metrics)) if metrics else set()
    titles = {}
    for metric in metrics:
        own = [value for pair in metric.dimensions if pair not in shared for value in pair[1:]]
        titles[metric] = " ".join([*([metric.name] if several or not own else []), *own])
    return titles


def _labelled(given: Iterable[tuple[DataQuery, Series, int]]) -> list[Result]:
    """The results, each with its label: its own, or what tells it from the others."""
    found = list(given)
    times = Counter(series.label for query, series, _ in found if query.stat is not None)
    results = []
    for query, series, period in found:
        label = series.label or query.id
        if query.stat is not None and times[label] > 1:
            label = f"{label} {series.stat}"
        values = [series.points[at] for at in sorted(series.points)]
        if query.label is not None:
            label = filled(query.label, label, values, series.metric, series.stat, period)
        results.append(Result(query.id, label, period, series.points))
    return results
