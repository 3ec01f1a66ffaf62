"""Time buckets: periods laid end to end, on UTC or on the clocks of a time zone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from logq.query.build import Sql, column, fn, number, operate, text
from logq.query.nodes import Duration
from logq.query.zones import UTC, Zone
from logq.units import MILLISECONDS

MONTHS = {"mo": 1, "q": 3, "y": 12}
"""Units of the calendar, in months."""
_CAPS = {"ms": 1000, "s": 60, "m": 60, "h": 24}
_MONTH_MS = 2_629_746_000
_INTERVALS = {"ms": "millisecond", "s": "second", "m": "minute", "h": "hour", "d": "day"}


def bucket_ms(period: Duration) -> int:
    """The width of a period in milliseconds; months and longer by their mean length."""
    if period.unit in MONTHS:
        return period.amount * MONTHS[period.unit] * _MONTH_MS
    return period.amount * MILLISECONDS[period.unit]


def lengths(period: Duration) -> tuple[int, int]:
    """The least and the greatest number of milliseconds that a period can have."""
    months = period.amount * MONTHS.get(period.unit, 0)
    if months:
        return months * 28 * MILLISECONDS["d"], months * 31 * MILLISECONDS["d"]
    return bucket_ms(period), bucket_ms(period)


def clamped(period: Duration) -> Duration:
    """The period that CloudWatch makes of one that is above the cap of its unit."""
    cap = _CAPS.get(period.unit)
    if cap is None or period.amount <= cap:
        return period
    return Duration(cap, period.unit, span=period.span)


def interval(period: Duration) -> Sql:
    """The period as an SQL interval."""
    amount, unit = period.amount, period.unit
    if unit in MONTHS:
        amount, unit = amount * MONTHS[unit], "month"
    elif unit == "w":
        amount, unit = amount * 7, "day"
    else:
        unit = _INTERVALS[unit]
    return exp.Interval(this=text(str(amount)), unit=exp.Var(this=unit))


@dataclass(frozen=True, slots=True)
class Grid:
    """Buckets of one period; an offset shifts their boundaries."""

    period: Duration
    zone: Zone = UTC
    offset: Duration | None = None

    @property
    def width(self) -> int:
        """Milliseconds between buckets."""
        return bucket_ms(self.period)

    def floor(self, time: Sql) -> Sql:
        """The start of a time's bucket."""
        local = self.zone.to_local(time)
        if self._follows_clocks:
            return self.zone.to_utc(self._floor(local))
        # A clock that is put back shows an hour twice: what is subtracted is told apart.
        shift = operate("-", local.copy(), time.copy())
        return operate("-", self._floor(local), shift)

    def between(self, first: Sql, last: Sql) -> Sql:
        """The list of the starts of all buckets from that of one time to that of another."""
        step = interval(self.period)
        if not self._follows_clocks:
            return fn("generate_series", self.floor(first), self.floor(last), step)
        ends = [self._floor(self.zone.to_local(time)) for time in (first, last)]
        starts = fn("generate_series", *ends, step)
        if self.zone == UTC:
            return starts
        back = exp.Lambda(
            this=self.zone.to_utc(column("start")),
            expressions=[exp.to_identifier("start", quoted=True)],
        )
        return fn("list_transform", starts, back)

    @property
    def _follows_clocks(self) -> bool:
        return self.zone.offset is not None or self.period.unit in ("d", "w", *MONTHS)

    def _floor(self, local: Sql) -> Sql:
        # Weeks begin on Monday; everything else is counted from the epoch.
        day = 4 if self.period.unit == "w" else 0
        shift = bucket_ms(self.offset) if self.offset is not None else 0
        origin = fn("make_timestamp_ms", number(day * MILLISECONDS["d"] + shift))
        return fn("time_bucket", interval(self.period), local, origin)
