"""Schedules as alarms and mute rules write them: ``rate``, ``cron`` and ``at``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from logq.errors import InvalidValue

_RATE = re.compile(r"rate\(\s*(\d{1,6})\s+(minute|hour|day)s?\s*\)")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d)(?::\d\d)?\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


def parse_rate(text: str) -> int:
    """Seconds of ``rate(5 minutes)``; raises InvalidValue."""
    match = _RATE.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise InvalidValue(
            f"{text!r} is no schedule", hint="write rate(1 minute), rate(5 minutes), rate(1 hour)"
        )
    return int(match[1]) * _SECONDS[match[2]]


def format_rate(seconds: int) -> str:
    """The inverse of ``parse_rate``, in the largest unit that fits."""
    unit = next(unit for unit in ("day", "hour", "minute") if seconds % _SECONDS[unit] == 0)
    count = seconds // _SECONDS[unit]
    return f"rate({count} {unit}{'' if count == 1 else 's'})"


def parse_length(text: str) -> int:
    """Seconds of a duration in ISO 8601: ``PT4H``, ``P2DT12H``; raises InvalidValue."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise InvalidValue(f"{text!r} is no duration", hint="write PT30M, PT4H, P1D or P2DT12H")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds


@dataclass(frozen=True, slots=True)
class Once:
    """One moment of the clock."""

    moment: datetime

    def last(self, now: int, within: int, zone: tzinfo) -> int | None:
        """The time (epoch seconds) up to ``now``, if it lies at most ``within`` seconds back."""
        start = _epoch(self.moment, zone)
        return start if now - within <= start <= now else None


@dataclass(frozen=True, slots=True)
class Cron:
    """Moments that come again."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    """0 is Sunday; with days of the month beside it, either is enough."""

    def last(self, now: int, within: int, zone: tzinfo) -> int | None:
        """The newest of the moments up to ``now``, if it lies at most ``within`` seconds back."""
        today = datetime.fromtimestamp(now, zone).date()
        for back in range(within // 86_400 + 3):
            day = today - timedelta(days=back)
            if not self._on(day.day, day.month, (day.weekday() + 1) % 7):
                continue
            for hour in sorted(self.hours, reverse=True):
                for minute in sorted(self.minutes, reverse=True):
                    start = _epoch(datetime(day.year, day.month, day.day, hour, minute), zone)
                    if start <= now:
                        return start if start >= now - within else None
        return None

    def _on(self, day: int, month: int, weekday: int) -> bool:
        if month not in self.months:
            return False
        if self.days is None or self.weekdays is None:
            return (self.days is None or day in self.days) and (
                self.weekdays is None or weekday in self.weekdays
            )
        return day in self.days or weekday in self.weekdays


def parse_schedule(text: str) -> Once | Cron:
    """The schedule of ``at(2026-01-31T10:00)`` or ``cron(0 2 * * SUN)``; raises InvalidValue."""
    if match := _AT.fullmatch(text.strip()):
        try:
            return Once(datetime.fromisoformat(match[1]))
        except ValueError:
            raise InvalidValue(f"{text!r} is no time") from None
    match = _CRON.fullmatch(text.strip())
    fields = match[1].split() if match else []
    if len(fields) != 5:
        raise InvalidValue(
            f"{text!r} is no schedule",
            hint="write at(2026-01-31T10:00) or cron(minute hour day month weekday)",
        )
    minutes, hours, days, months, weekdays = fields
    week = _values(weekdays, 0, 7, _DAYS, 0)
    return Cron(
        _values(minutes, 0, 59) or frozenset(range(60)),
        _values(hours, 0, 23) or frozenset(range(24)),
        _values(days, 1, 31),
        _values(months, 1, 12, _MONTHS, 1) or frozenset(range(1, 13)),
        None if week is None else frozenset(day % 7 for day in week),
    )


def _values(
    text: str, low: int, high: int, names: list[str] | None = None, first: int = 0
) -> frozenset[int] | None:
    """The numbers of one field of a cron expression; None for all."""
    if text in ("*", "?"):
        return None
    found: set[int] = set()
    for part in text.split(","):
        start, dash, end = part.partition("-")
        lower = _number(start, names, first)
        upper = _number(end, names, first) if dash else lower
        if lower is None or upper is None or not low <= lower <= upper <= high:
            raise InvalidValue(
                f"{part!r} cannot stand in a cron expression",
                hint=f"numbers from {low} to {high}, ranges with -, lists with commas, or *",
            )
        found |= set(range(lower, upper + 1))
    return frozenset(found)


def _number(text: str, names: list[str] | None, first: int) -> int | None:
    if names is not None and text.upper() in names:
        return names.index(text.upper()) + first
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None


def _epoch(moment: datetime, zone: tzinfo) -> int:
    return int(moment.replace(tzinfo=zone).timestamp())
