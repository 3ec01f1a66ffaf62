"""Durations, times and sizes as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from logq.errors import InvalidValue

_UNITS = {
    "ms": ("ms", "msec", "millisecond"),
    "s": ("s", "sec", "second"),
    "m": ("m", "min", "minute"),
    "h": ("h", "hr", "hour"),
    "d": ("d", "day"),
    "w": ("w", "week"),
    "mo": ("mo", "mon", "month"),
    "q": ("q", "qtr", "quarter"),
    "y": ("y", "yr", "year"),
}
UNIT_NAMES: dict[str, str] = {
    spelling: unit
    for unit, names in _UNITS.items()
    for name in names
    for spelling in ((name, name + "s") if len(name) > 1 else (name,))
    if not (name == "ms" and spelling == "mss")
}
"""Every spelling of a period's unit (lower case) and its short form."""

MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
"""Length of the units that have a fixed one."""

_DURATION = re.compile(r"\s*(\d+)\s*([a-z]+)\s*", re.IGNORECASE)
_RELATIVE = re.compile(r"(?:now)?\s*-\s*(?P<ago>.+)|(?P<before>.+?)\s+ago", re.IGNORECASE)
_DAY = re.compile(r"(today|yesterday)(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.IGNORECASE)


def parse_duration(text: str) -> int:
    """Milliseconds of ``90s``, ``15m``, ``1h``, ``2d``, ``1w``, ``1h30m``; raises InvalidValue."""
    total, position = 0, 0
    while position < len(text):
        match = _DURATION.match(text, position)
        unit = UNIT_NAMES.get(match[2].lower()) if match else None
        if match is None or unit not in MILLISECONDS:
            break
        total += int(match[1]) * MILLISECONDS[unit]
        position = match.end()
    if position != len(text) or not text.strip():
        raise InvalidValue(
            f"{text!r} is not a duration", hint="write a number and a unit: 90s, 15m, 1h, 2d, 1w"
        )
    return total


def parse_time(text: str, now: int, zone: tzinfo = UTC, *, end: bool = False) -> int:
    """Epoch milliseconds of a time as the command line takes it.

    ISO 8601 (without a zone: in ``zone``), ``YYYY-MM-DD``, epoch seconds or milliseconds,
    ``now``, ``-1h``, ``now-1h``, ``1h ago``, ``today``, ``yesterday 14:00``. With ``end``, a time
    given in whole seconds includes its last millisecond and a bare date its last one.
    """
    value = text.strip()
    if value.lower() == "now":
        return now
    if match := _RELATIVE.fullmatch(value):
        return now - parse_duration(match["ago"] or match["before"])
    if re.fullmatch(r"\d{1,11}", value):
        return int(value) * 1000 + (999 if end else 0)
    if re.fullmatch(r"\d{12,14}", value):
        return int(value)
    if match := _DAY.fullmatch(value):
        day = datetime.fromtimestamp(now / 1000, zone).date()
        day -= timedelta(days=match[1].lower() == "yesterday")
        moment = datetime(day.year, day.month, day.day, tzinfo=zone)
        if match[2] is None:
            return _close(moment, timedelta(days=1), end)
        moment = moment.replace(hour=int(match[2]), minute=int(match[3]), second=int(match[4] or 0))
        return _close(moment, timedelta(seconds=1), end)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidValue(
            f"{text!r} is not a time",
            hint="write 2026-01-31T10:00:00Z, 2026-01-31, an epoch, now, -1h, today or yesterday",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return _close(moment, timedelta(days=1), end)
    return _close(moment, timedelta(seconds=1), end and moment.microsecond == 0)


def _close(moment: datetime, length: timedelta, end: bool) -> int:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    if end:
        moment = moment + length - timedelta(milliseconds=1)
    return (moment - epoch) // timedelta(milliseconds=1)


def parse_iso(text: str) -> int | None:
    """Epoch milliseconds of an ISO 8601 time or date (without a zone: UTC), else None."""
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def parse_zone(name: str) -> tzinfo:
    """A time zone by its IANA name, ``UTC`` or ``local``; raises InvalidValue."""
    if name.lower() == "local":
        return datetime.now().astimezone().tzinfo or UTC
    try:
        return UTC if name.upper() in ("UTC", "Z") else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidValue(
            f"there is no time zone {name!r}", hint="write UTC, local or a name like Europe/Berlin"
        ) from None


def format_time(epoch_ms: int, zone: tzinfo = UTC) -> str:
    """``YYYY-MM-DD HH:MM:SS.mmm`` in ``zone``."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_ms)
    except OverflowError:
        return str(epoch_ms)
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}.{epoch_ms % 1000:03d}"


def format_bytes(count: float) -> str:
    """A size with a decimal unit: ``1.2 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def format_duration(milliseconds: float) -> str:
    """A length of time in its largest fitting unit: ``1.5 s``, ``3 m``, ``2.5 h``."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    for unit in ("w", "d", "h", "m", "s"):
        if milliseconds >= MILLISECONDS[unit]:
            return f"{milliseconds / MILLISECONDS[unit]:.3g} {unit}"
    return "0 ms"
