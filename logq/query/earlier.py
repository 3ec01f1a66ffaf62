"""The earlier time that a query is compared with."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from logq.errors import WrongArguments
from logq.query.environment import Moment
from logq.query.grid import MONTHS, bucket_ms
from logq.query.nodes import Duration

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def earlier(moment: Moment, back: Duration | None) -> Moment:
    """The range that lies so far back, or the one of equal length directly before.

    Months, quarters and years are those of the calendar; a day that the earlier month lacks is
    its last one. Raises WrongArguments for a query without a start.
    """
    if moment.start is None:
        raise WrongArguments(
            "there is no time range to compare with an earlier one",
            hint="say where it starts: --start -1h, or SOURCE 'NAME' START=-1h",
        )
    end = moment.now if moment.end is None else moment.end
    if back is None:
        length = end - moment.start + 1
        return replace(moment, start=moment.start - length, end=moment.start - 1)
    return replace(moment, start=shifted(moment.start, back), end=shifted(end, back))


def shifted(time: int, back: Duration) -> int:
    """A time, epoch ms, so much earlier; raises WrongArguments before the year 1."""
    try:
        if back.unit not in MONTHS:
            return time - bucket_ms(back)
        moment = _EPOCH + timedelta(milliseconds=time)
        months = moment.year * 12 + moment.month - 1 - back.amount * MONTHS[back.unit]
        year, month = months // 12, months % 12 + 1
        day = min(moment.day, monthrange(year, month)[1])
        return (moment.replace(year=year, month=month, day=day) - _EPOCH) // timedelta(
            milliseconds=1
        )
    except (ValueError, OverflowError):
        raise WrongArguments(
            "the earlier time lies before the year 1", hint="look less far back", span=back.span
        ) from None
