"""A line chart over time, drawn with Braille dots or, without colours, with letters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby

from logq.drawing.series import ROUND_TIMES, Series
from logq.terminal import DIM, SERIES, Screen, cut, width
from logq.values import number_text

HEIGHT = 14
"""Lines of the plot itself."""
LABEL_ROOM = 12
"""Columns that a label of the time axis needs."""
MARKS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def nice_step(span: float, parts: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that covers ``span`` in ``parts`` steps."""
    if span <= 0:
        return 1.0
    rough = span / parts
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999999)


def line_chart(
    series: Sequence[Series], bucket_ms: int | None, zone: tzinfo, screen: Screen
) -> list[str]:
    """Lines of text; ``series`` is not empty and has points."""
    total = screen.width or 80
    values = [value for one in series for value in one.points.values()]
    low, high = min(0.0, *values), max(0.0, *values)
    step = nice_step((high - low) or 1.0, 4)
    low, high = math.floor(low / step) * step, max(math.ceil(high / step), 1 if low >= 0 else 0)
    high *= step
    if high == low:
        high += step
    ticks = _ticks(low, high, step)
    margin = max(len(text) for text in ticks.values()) + 2
    columns = max(10, total - margin)
    start = min(min(one.points) for one in series)
    end = max(max(one.points) for one in series)
    canvas = _Canvas(columns, (start, end), (low, high))
    for at, one in enumerate(series):
        canvas.draw(at, one, bucket_ms)
    mono = len(series) > 1 and not screen.colour
    lines = []
    for row in range(HEIGHT):
        text = ticks.get(row, "")
        axis = text.rjust(margin - 2) + (" ┤" if text else " │")
        lines.append(screen.paint(axis, DIM) + canvas.line(row, mono, screen))
    lines += [screen.paint(line, DIM) for line in _time_axis(start, end, columns, margin, zone)]
    return [line.rstrip() for line in lines] + _legend(series, total, mono, screen)


def _ticks(low: float, high: float, step: float) -> dict[int, str]:
    """Labels of the vertical axis by line."""
    ticks: dict[int, str] = {}
    for at in range(round((high - low) / step) + 1):
        value = round(low + at * step, 12)
        row = round((high - value) / (high - low) * (HEIGHT - 1))
        ticks[row] = short_number(value)
    return ticks


def short_number(value: float) -> str:
    """A number of few digits with a unit: ``12k``, ``3.5M``; beyond all units ``8e+24``."""
    if abs(value) >= 1e16:
        return f"{value:.2g}"
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size * 10 or (abs(value) >= size and unit != "k"):
            return (number_text(round(value / size, 2)) or "") + unit
    return number_text(round(value, 9)) or ""


class _Canvas:
    """Braille dots: two a column, four a line, each cell owned by the series drawn last."""

    def __init__(self, columns: int, times: tuple[int, int], values: tuple[float, float]) -> None:
        self.columns = columns
        self.times = times
        self.values = values
        self.dots = [[0] * columns for _ in range(HEIGHT)]
        self.owner = [[0] * columns for _ in range(HEIGHT)]

    def draw(self, at: int, series: Series, bucket_ms: int | None) -> None:
        """Points at bucket starts, joined where no bucket between them is missing."""
        before: tuple[int, int] | None = None
        before_time = 0
        for moment in sorted(series.points):
            point = self._place(moment, series.points[moment])
            joined = bucket_ms is None or moment - before_time <= bucket_ms * 1.5
            if before is not None and joined:
                self._join(at, before, point)
            self._dot(at, *point)
            before, before_time = point, moment

    def _place(self, moment: int, value: float) -> tuple[int, int]:
        start, end = self.times
        low, high = self.values
        across = (moment - start) / (end - start) if end > start else 0.0
        down = (high - value) / (high - low)
        return round(across * (self.columns * 2 - 1)), round(down * (HEIGHT * 4 - 1))

    def _join(self, at: int, one: tuple[int, int], two: tuple[int, int]) -> None:
        steps = max(abs(two[0] - one[0]), abs(two[1] - one[1]), 1)
        for step in range(steps):
            x = one[0] + (two[0] - one[0]) * step / steps
            y = one[1] + (two[1] - one[1]) * step / steps
            self._dot(at, round(x), round(y))

    def _dot(self, at: int, x: int, y: int) -> None:
        row, column = y // 4, x // 2
        self.dots[row][column] |= _DOTS[y % 4][x % 2]
        self.owner[row][column] = at

    def line(self, row: int, mono: bool, screen: Screen) -> str:
        """One line of the plot; ``mono`` shows a series by its letter."""
        shown = zip(self.dots[row], self.owner[row], strict=True)
        runs = groupby(shown, key=lambda cell: cell[1] if cell[0] else None)
        return "".join(_run(at, [dots for dots, _ in cells], mono, screen) for at, cells in runs)


def _run(at: int | None, dots: Sequence[int], mono: bool, screen: Screen) -> str:
    """Neighbouring cells of one series."""
    if at is None:
        return " " * len(dots)
    if mono:
        return MARKS[at % len(MARKS)] * len(dots)
    return screen.paint("".join(chr(0x2800 + dot) for dot in dots), SERIES[at % len(SERIES)])


def _time_axis(start: int, end: int, columns: int, margin: int, zone: tzinfo) -> list[str]:
    span = max(end - start, 1)
    write = _time_format(span, zone)
    step = next(
        (s for s in ROUND_TIMES if span / s <= max(1, columns // LABEL_ROOM)), ROUND_TIMES[-1]
    )
    offset = _offset(start, zone)
    rule, labels = ["─"] * columns, [" "] * columns
    moment = -(-(start + offset) // step) * step - offset
    free = 0
    while moment <= end:
        column = round((moment - start) / span * (columns - 1)) if end > start else 0
        text = write(moment)
        if column >= free and column + len(text) <= columns:
            rule[column] = "┬"
            labels[column : column + len(text)] = text
            free = column + len(text) + 1
        moment += step
    blank = " " * (margin - 1)
    day = _moment(start, zone)
    note = f"{day:%Y-%m-%d}" if span < 86_400_000 else ""
    lines = [blank + "└" + "".join(rule), " " * margin + "".join(labels).rstrip()]
    return [*lines, " " * margin + f"{note} {day.tzname() or ''}".strip()] if note else lines


def _offset(epoch_ms: int, zone: tzinfo) -> int:
    shift = _moment(epoch_ms, zone).utcoffset() or timedelta()
    return round(shift.total_seconds() * 1000)


def _moment(epoch_ms: int, zone: tzinfo) -> datetime:
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_ms)).astimezone(
            zone
        )
    except OverflowError:
        return datetime(9999, 1, 1, tzinfo=UTC)


def _time_format(span: int, zone: tzinfo) -> Callable[[int], str]:
    pattern = "%Y-%m-%d"
    if span < 86_400_000:
        pattern = "%H:%M" if span >= 600_000 else "%H:%M:%S"
    elif span < 5 * 86_400_000:
        pattern = "%m-%d %H:%M"
    return lambda epoch_ms: format(_moment(epoch_ms, zone), pattern)


def _legend(series: Sequence[Series], total: int, mono: bool, screen: Screen) -> list[str]:
    lines, used = [""], 0
    for at, one in enumerate(series):
        label = cut(one.label, total - 4)
        if used and used + width(label) + 5 > total:
            lines.append("")
            used = 0
        mark = MARKS[at % len(MARKS)] if mono else "━"
        if used:
            lines[-1] += "   "
        lines[-1] += screen.paint(mark, SERIES[at % len(SERIES)]) + " " + label
        used += width(label) + (5 if used else 2)
    return lines
