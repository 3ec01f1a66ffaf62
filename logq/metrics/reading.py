"""Statistics over windows of time, for many metrics at once."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from logq.metric import Metric, MetricStat, Value, Window
from logq.metrics import blocks, cells, names
from logq.metrics.cells import Cell, Place
from logq.metrics.statistic import Statistic, statistic
from logq.metrics.summary import joined

RESOLUTIONS = (1, 60, 300, 3_600)
"""What datapoints are stored at: what comes in at 1 or 60, the rest is rolled up."""

Ask = tuple[MetricStat, Sequence[Window]]


def windows(connection: sqlite3.Connection, asks: Sequence[Ask]) -> list[list[Value | None]]:
    """For each ask a value a window, None where there are no samples; raises InvalidValue.

    A datapoint belongs to the window in which it starts, if the window's length is a multiple of
    the datapoint's.
    """
    wanted = [statistic(stat.stat) for stat, _ in asks]
    ids = names.find_ids(connection, {stat.metric for stat, _ in asks})
    found: list[list[Value | None]] = [[None] * len(over) for _, over in asks]
    for numbers in _alike(asks):
        _fill(connection, asks, numbers, ids, wanted, found)
    return found


def _alike(asks: Sequence[Ask]) -> Iterable[Sequence[int]]:
    """The numbers of asks that reach back about as far, so that they are read together."""
    groups: dict[int, list[int]] = defaultdict(list)
    for at, (_, over) in enumerate(asks):
        if over:
            groups[_length(over).bit_length()].append(at)
    return groups.values()


def _length(over: Sequence[Window]) -> int:
    return max(window.end for window in over) - min(window.start for window in over)


def _fill(
    connection: sqlite3.Connection,
    asks: Sequence[Ask],
    numbers: Sequence[int],
    ids: dict[Metric, int],
    wanted: Sequence[Statistic],
    found: list[list[Value | None]],
) -> None:
    first = min(window.start for at in numbers for window in asks[at][1])
    end = max(window.end for at in numbers for window in asks[at][1])
    lengths = {window.end - window.start for at in numbers for window in asks[at][1]}
    known = {ids[asks[at][0].metric] for at in numbers if asks[at][0].metric in ids}
    by_metric = load(connection, sorted(known), first, end, lengths)
    for at in numbers:
        stat, over = asks[at]
        held = by_metric.get(ids.get(stat.metric, -1))
        if held is None:
            continue
        if stat.unit is not None:
            held = [cell for cell in held if cell.place.unit == stat.unit]
        starts = [cell.place.start for cell in held]
        for number, window in enumerate(over):
            length = window.end - window.start
            inside = held[bisect_left(starts, window.start) : bisect_left(starts, window.end)]
            fitting = [cell for cell in inside if length % cell.place.resolution == 0]
            found[at][number] = value_of(wanted[at], fitting)


def series(
    connection: sqlite3.Connection, stats: Sequence[MetricStat], start: int, end: int
) -> list[dict[int, Value]]:
    """For each statistic its values by the start of the period, counted from 1970, in UTC.

    Epoch seconds; the period that ``start`` lies in is the first, ``end`` is exclusive. Raises
    InvalidValue.
    """
    wanted = [statistic(stat.stat) for stat in stats]
    ids = names.find_ids(connection, {stat.metric for stat in stats})
    found: list[dict[int, Value]] = [{} for _ in stats]
    by_period: dict[int, list[int]] = defaultdict(list)
    for at, stat in enumerate(stats):
        by_period[stat.period].append(at)
    for period, numbers in by_period.items():
        known = {ids[stats[at].metric] for at in numbers if stats[at].metric in ids}
        last = -(-end // period) * period
        by_metric = load(connection, sorted(known), start // period * period, last, [period])
        for at in numbers:
            held = by_metric.get(ids.get(stats[at].metric, -1), [])
            unit = stats[at].unit
            fitting = [cell for cell in held if unit in (None, cell.place.unit)]
            for first, inside in _by_period(fitting, period):
                value = value_of(wanted[at], inside)
                if value is not None:
                    found[at][first] = value
    return found


def _by_period(held: Sequence[Cell], period: int) -> Iterator[tuple[int, list[Cell]]]:
    for start, inside in groupby(held, lambda cell: cell.place.start // period * period):
        yield start, list(inside)


def load(
    connection: sqlite3.Connection,
    ids: Sequence[int],
    first: int,
    end: int,
    lengths: Iterable[int],
) -> dict[int, list[Cell]]:
    """The cells of metrics, by metric in order of time, that fit windows of these lengths."""
    found: dict[int, list[Cell]] = {}
    if not ids:
        return found
    for resolution in RESOLUTIONS:
        if not any(length % resolution == 0 for length in lengths):
            continue
        there: dict[int, dict[Place, Cell]] = defaultdict(dict)
        for cell in blocks.read(connection, resolution, ids, first, end):
            there[cell.place.metric][cell.place] = cell
        for cell in cells.read(connection, resolution, ids, first, end):
            at = there[cell.place.metric]
            at[cell.place] = _one(at[cell.place], cell) if cell.place in at else cell
        for metric, by_place in there.items():
            found.setdefault(metric, []).extend(by_place.values())
    for held in found.values():
        held.sort(key=lambda cell: cell.place.start)
    return found


def _one(packed: Cell, late: Cell) -> Cell:
    summary = packed.summary
    summary.merge(late.summary)
    return Cell(packed.place, summary.figures, summary.detail())


def value_of(wanted: Statistic, held: Sequence[Cell]) -> Value | None:
    """A statistic over several cells."""
    if not held:
        return None
    figures = joined(cell.figures for cell in held)
    if wanted.figure is not None:
        return Value(wanted.figure(figures), figures.samples)
    weighed: dict[float, float] = {}
    for cell in held:
        summary = cell.summary
        if summary.opaque:
            return None
        for value, count in summary.weighed().items():
            weighed[value] = weighed.get(value, 0.0) + count
    found = wanted.of_samples(weighed)
    return None if found is None else Value(found, figures.samples)
