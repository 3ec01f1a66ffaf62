"""When an alarm is evaluated, and over which windows. Times are epoch seconds."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from logq.errors import InvalidValue
from logq.metric import MINUTE, Window
from logq.units import parse_zone

HOUR, DAY, WEEK = 3_600, 86_400, 604_800
FAST_PERIODS = (10, 20, 30)
WALL_PERIODS = (MINUTE, 300, HOUR, DAY, WEEK)
"""Periods that can be aligned to the clock."""

_OFFSET = re.compile(r"(?:UTC)?([+-])(\d\d):?(\d\d)")


def interval(period: int, n: int) -> int:
    """Seconds between evaluations: ten for fast periods, an hour for more than a day of them."""
    if period in FAST_PERIODS:
        return 10
    return HOUR if period * n > DAY else MINUTE


def sliding(end: int, period: int, count: int) -> tuple[Window, ...]:
    """``count`` windows up to ``end``, oldest first; not aligned to multiples of the period."""
    return tuple(Window(end - i * period, end - (i - 1) * period) for i in range(count, 0, -1))


def wall_clock(now: int, period: int, count: int, zone: tzinfo) -> tuple[Window, ...]:
    """The last ``count`` complete periods of the clock in a time zone, oldest first.

    Days begin at midnight, weeks on Monday; with a change of the clock a day has 23 or 25 hours.
    """
    if period < DAY:
        return sliding(now - (now + _offset(now, zone)) % period, period, count)
    today = datetime.fromtimestamp(now, zone).date()
    days = period // DAY
    last = today - timedelta(days=today.weekday() if days == 7 else 0)
    edges = [
        int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
        for day in (last - timedelta(days=days * i) for i in range(count, -1, -1))
    ]
    return tuple(Window(start, end) for start, end in itertools.pairwise(edges))


def wall_zone(name: str) -> tzinfo:
    """A time zone by its IANA name or as an offset like ``+05:30``; raises InvalidValue."""
    match = _OFFSET.fullmatch(name)
    if match is None:
        if name.lower() == "local":
            raise InvalidValue("a time zone needs a name", hint="write one like Europe/Berlin")
        return parse_zone(name)
    hours, minutes = int(match[2]), int(match[3])
    if minutes % 5 or minutes > 55 or hours > 14:
        raise InvalidValue(
            f"{name!r} is no offset of a time zone", hint="it is a multiple of 5 minutes: +05:30"
        )
    shift = timedelta(hours=hours, minutes=minutes)
    return timezone(-shift if match[1] == "-" else shift)


def _offset(now: int, zone: tzinfo) -> int:
    shift = datetime.fromtimestamp(now, UTC).astimezone(zone).utcoffset()
    return int(shift.total_seconds()) if shift else 0
