"""Calendar arithmetic over Arrow arrays: year, month, day and time of day to milliseconds."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

EARLIEST = 0
LATEST = 7_258_118_400_000
"""Times from 1970 to before 2200 are times of events; others are mistakes (epoch ms)."""

_FIRST_YEAR = 1900
_LAST_YEAR = 2299
_EPOCH = date(1970, 1, 1)
_LEAP_STEPS = 8  # 29 February comes back after at most eight years


@cache
def _months() -> tuple[pa.Array, pa.Array]:
    """Day number of the first of each month since ``_FIRST_YEAR``, and the month's length."""
    firsts = [
        (date(year, month, 1) - _EPOCH).days
        for year in range(_FIRST_YEAR, _LAST_YEAR + 2)
        for month in range(1, 13)
    ]
    lengths = [after - first for first, after in itertools.pairwise(firsts)]
    return pa.array(firsts[:-1], pa.int64()), pa.array(lengths, pa.int64())


def within(values: pa.Array, low: int, high: int) -> pa.BooleanArray:
    """Whether each number lies between ``low`` and ``high``, both inclusive."""
    return pc.and_(pc.greater_equal(values, low), pc.less_equal(values, high))


def midnight(year: pa.Array, month: pa.Array, day: pa.Array) -> pa.Int64Array:
    """Milliseconds of the day's first moment since 1970; null where there is no such day."""
    firsts, lengths = _months()
    known = pc.and_(within(year, _FIRST_YEAR, _LAST_YEAR), within(month, 1, 12))
    index = pc.add(pc.multiply(pc.subtract(year, _FIRST_YEAR), 12), pc.subtract(month, 1))
    index = pc.if_else(known, index, None)
    valid = pc.and_(pc.greater_equal(day, 1), pc.less_equal(day, lengths.take(index)))
    days = pc.add(firsts.take(index), pc.subtract(day, 1))
    return pc.if_else(valid, pc.multiply(days, 86_400_000), None)


def time_of_day(
    hour: pa.Array, minute: pa.Array, second: pa.Array, millis: pa.Array
) -> pa.Int64Array:
    """Milliseconds since midnight; null where there is no such time.

    ``24:00:00`` is the next midnight, and a leap second (``:60``) the first one of the next minute.
    """
    seconds = pc.add(pc.add(pc.multiply(hour, 3600), pc.multiply(minute, 60)), second)
    valid = pc.and_(
        pc.and_(within(hour, 0, 24), within(minute, 0, 59)),
        pc.and_(within(second, 0, 60), pc.less_equal(seconds, 86_400)),
    )
    return pc.if_else(valid, pc.add(pc.multiply(seconds, 1000), millis), None)


AHEAD_DAYS = 31
"""How far a time without a year may lie ahead of its reference: clocks differ, logs look back."""


def nearest_midnight(month: pa.Array, day: pa.Array, time: pa.Array, near: int) -> pa.Int64Array:
    """``midnight`` in the year that puts day and time best to ``near`` (milliseconds).

    That is the latest year in which they lie at most ``AHEAD_DAYS`` after it; of a day that not
    every year has, the year nearest to that.
    """
    near -= (365 // 2 - AHEAD_DAYS) * 86_400_000
    year = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=near)).year
    best = pa.nulls(len(month), pa.int64())
    for step in range(_LEAP_STEPS + 1):
        for other in sorted({year - step, year + step}):
            candidate = midnight(pa.repeat(pa.scalar(other, pa.int64()), len(month)), month, day)
            best = nearer(best, candidate, time, near)
        if step and best.null_count == 0:
            break
    return best


def nearer(first: pa.Array, second: pa.Array, time: pa.Array, near: int) -> pa.Int64Array:
    """Of two midnights the one that puts ``time`` nearer to ``near``; ``first`` if both do."""
    far_first = pc.abs(pc.subtract(pc.add(first, time), near))
    far_second = pc.abs(pc.subtract(pc.add(second, time), near))
    closer = pc.fill_null(pc.less(far_second, far_first), False)
    return pc.if_else(pc.or_(pc.is_null(first), closer), second, first)


def sane(milliseconds: pa.Int64Array) -> pa.TimestampArray:
    """Milliseconds as timestamps, null where no event can have happened."""
    low_high = pc.min_max(milliseconds).as_py()
    if low_high["min"] is not None and (low_high["min"] < EARLIEST or low_high["max"] >= LATEST):
        milliseconds = pc.if_else(within(milliseconds, EARLIEST, LATEST - 1), milliseconds, None)
    return milliseconds.cast(pa.timestamp("ms"))
