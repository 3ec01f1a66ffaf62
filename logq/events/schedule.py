"""Schedules of rules: ``rate(5 minutes)`` and ``cron(0 9 ? * MON-FRI *)``, in UTC.

After https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from logq.errors import InvalidValue

_UNITS: Mapping[str, int] = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (
    ("minutes", 0, 59),
    ("hours", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 1, 7),
    ("year", 1970, 2199),
)
_HINT = "like rate(5 minutes) or cron(0 9 ? * MON-FRI *)"


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often."""

    ms: int

    def after(self, start: int) -> int:
        """The first time after ``start``; epoch milliseconds."""
        return start + self.ms

    def following(self, due: int, now: int) -> int:
        """The first of the times from ``due`` on that is after ``now``."""
        return due + ((now - due) // self.ms + 1) * self.ms


@dataclass(frozen=True, slots=True)
class Days:
    """Days of a month that cannot be listed: the last, a weekday near one, the third Monday."""

    last: bool = False
    near: int | None = None
    """The weekday next to this day of the month; 0 for the last day."""
    nth: tuple[int, int] | None = None
    """The weekday, Sunday is 1, and which of the month; 0 for the last."""

    def holds(self, day: date) -> bool:
        end = calendar.monthrange(day.year, day.month)[1]
        if self.last:
            return day.day == end
        if self.near is not None:
            return self.near <= end and day == _weekday(day.replace(day=self.near or end))
        weekday, number = self.nth or (0, 0)
        if _weekday_number(day) != weekday:
            return False
        return day.day + 7 > end if number == 0 else (day.day - 1) // 7 + 1 == number


@dataclass(frozen=True, slots=True)
class Cron:
    """At minutes that fit six fields."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | Days | None
    months: frozenset[int]
    weekdays: frozenset[int] | Days | None
    years: frozenset[int]

    def after(self, start: int) -> int | None:
        """The first time after ``start``, epoch milliseconds; None if there is none."""
        first = datetime.fromtimestamp(start // 60_000 * 60, UTC) + timedelta(minutes=1)
        day, last = first.date(), max(self.years)
        while day.year <= last:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                day = _next_month(day)
            else:
                if self._fits(day):
                    for hour in sorted(self.hours):
                        for minute in sorted(self.minutes):
                            at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                            if at >= first:
                                return int(at.timestamp()) * 1000
                day += timedelta(days=1)
        return None

    def following(self, due: int, now: int) -> int | None:
        """The first time after ``now``; None if there is none."""
        return self.after(now)

    def _fits(self, day: date) -> bool:
        if isinstance(self.days, Days):
            return self.days.holds(day)
        if isinstance(self.weekdays, Days):
            return self.weekdays.holds(day)
        if self.days is not None:
            return day.day in self.days
        return self.weekdays is None or _weekday_number(day) in self.weekdays


Schedule = Rate | Cron


def parse_schedule(text: str) -> Schedule:
    """The schedule that a text means; raises InvalidValue."""
    if match := re.fullmatch(r"rate\(\s*(\d{1,6})\s+(minute|hour|day)(s?)\s*\)", text):
        number = int(match[1])
        if number == 0 or (number == 1) == bool(match[3]):
            raise InvalidValue(
                f"{text!r} is no rate", hint="write rate(1 minute), but rate(2 minutes)"
            )
        return Rate(number * _UNITS[match[2]])
    match = re.fullmatch(r"cron\((.*)\)", text)
    if match is None:
        raise InvalidValue(f"{text[:100]!r} is no schedule", hint=_HINT)
    parts = match[1].upper().split()
    if len(parts) != len(_FIELDS):
        raise InvalidValue(
            f"{text[:100]!r} has {len(parts)} fields",
            hint="cron has six: minutes hours day-of-month month day-of-week year",
        )
    if (parts[2] == "?") == (parts[4] == "?"):
        raise InvalidValue(
            f"{text[:100]!r} gives both or neither of day of month and day of week",
            hint="write ? for exactly one of them",
        )
    minutes, hours, days, months, weekdays, years = (
        _field(part, *rule) for part, rule in zip(parts, _FIELDS, strict=True)
    )
    if not isinstance(minutes, frozenset) or not isinstance(hours, frozenset):
        raise _bad(text, "minutes")
    if not isinstance(months, frozenset) or not isinstance(years, frozenset):
        raise _bad(text, "month")
    return Cron(minutes, hours, days, months, weekdays, years)


def _field(text: str, name: str, low: int, high: int) -> frozenset[int] | Days | None:
    if text == "?" and name.startswith("day"):
        return None
    if (special := _special(text, name)) is not None:
        return special
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = _number(first, name)
            end = _number(last, name) if dash else (high if step else start)
        every = _number(step, name) if step else 1
        if not low <= start <= end <= high or every < 1:
            raise _bad(part, name)
        found.update(range(start, end + 1, every))
    return frozenset(found)


def _special(text: str, name: str) -> Days | None:
    if name == "day of month":
        if text == "L":
            return Days(last=True)
        if match := re.fullmatch(r"(\d{1,2}|L)W", text):
            near = 0 if match[1] == "L" else int(match[1])
            if near > 31 or (near == 0 and match[1] != "L"):
                raise _bad(text, name)
            return Days(near=near)
    if name == "day of week":
        if text == "L":
            return Days(nth=(7, 0))
        if match := re.fullmatch(r"([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#([1-5]))", text):
            return Days(nth=(_number(match[1], name), int(match[2] or 0)))
    return None


def _number(text: str, name: str) -> int:
    names = {"month": _MONTHS, "day of week": _DAYS}.get(name, ())
    if text in names:
        return names.index(text) + 1
    if not re.fullmatch(r"\d{1,4}", text):
        raise _bad(text, name)
    return int(text)


def _bad(text: str, name: str) -> InvalidValue:
    return InvalidValue(f"{text[:100]!r} cannot stand for {name} in a schedule", hint=_HINT)


def _weekday_number(day: date) -> int:
    """Sunday is 1."""
    return day.isoweekday() % 7 + 1


def _weekday(day: date) -> date:
    """The weekday next to a day, in the same month."""
    if day.isoweekday() == 6:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.isoweekday() == 7:
        after = day + timedelta(days=1)
        return after if after.month == day.month else day - timedelta(days=2)
    return day


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
