"""Time zones over Arrow arrays: offsets written in a log, and the zone of times that name none.

A time that a zone's clock skips (spring) is read with the offset before the change, so 02:30 is
what 03:30 shows; a time that it shows twice (autumn) is the earlier of the two.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

import pyarrow as pa
import pyarrow.compute as pc

ABBREVIATIONS = {
    "UTC": 0,
    "GMT": 0,
    "UT": 0,
    "WET": 0,
    "WEST": 60,
    "CET": 60,
    "CEST": 120,
    "EET": 120,
    "EEST": 180,
    "MSK": 180,
    "JST": 540,
    "KST": 540,
    "AEST": 600,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
    "EST": -300,
    "EDT": -240,
    "MST": -420,
    "MDT": -360,
    "PST": -480,
    "PDT": -420,
}
"""Offset in minutes of the names that mean one zone; the American ones as RFC 5322 has them."""

AMBIGUOUS = ("ACST", "ADT", "AST", "BST", "CDT", "CST", "HST", "IST", "SST")
"""Names used for several zones: read as no zone at all, so that the source's own zone holds."""

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?([0-5]\d))?")
_MAX_OFFSET = 24 * 60 - 1
_QUARTER = 900_000


def offsets(zones: pa.StringArray) -> tuple[pa.Int64Array, pa.BooleanArray]:
    """Milliseconds east of UTC (null: no zone is named), and whether the zone is possible."""
    coded = pc.dictionary_encode(zones)
    minutes: list[int | None] = []
    possible: list[bool] = []
    for name in coded.dictionary.to_pylist():
        offset, known = _offset(name)
        minutes.append(None if offset is None else offset * 60_000)
        possible.append(known)
    indices = coded.indices
    return (
        pa.array(minutes, pa.int64()).take(indices),
        pc.fill_null(pa.array(possible, pa.bool_()).take(indices), True),
    )


def _offset(name: str) -> tuple[int | None, bool]:
    name = name.strip().upper()
    if name == "Z":
        return 0, True
    if name in ABBREVIATIONS:
        return ABBREVIATIONS[name], True
    match = _OFFSET.fullmatch(name)
    if match is None:
        return None, not name or name in AMBIGUOUS
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return (-minutes if match[1] == "-" else minutes), minutes <= _MAX_OFFSET


def to_utc(local: pa.Int64Array, zone: tzinfo) -> pa.Int64Array:
    """Milliseconds shown by the clock of ``zone`` as milliseconds since 1970 in UTC.

    Clocks change at quarters of an hour, so one look-up serves every time in the same quarter.
    """
    if zone is UTC or len(local) == local.null_count:
        return local
    quarters = pc.dictionary_encode(pc.divide(local, _QUARTER))
    shifts = [_shift(quarter * _QUARTER, zone) for quarter in quarters.dictionary.to_pylist()]
    return pc.subtract(local, pa.array(shifts, pa.int64()).take(quarters.indices))


def to_local(moment: int, zone: tzinfo) -> int:
    """What the clock of ``zone`` shows at a moment, as if it were UTC (milliseconds)."""
    aware = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment)
    return moment + _milliseconds(aware.astimezone(zone).utcoffset())


def _shift(local: int, zone: tzinfo) -> int | None:
    try:
        shown = datetime(1970, 1, 1) + timedelta(milliseconds=local)
        return _milliseconds(shown.replace(tzinfo=zone).utcoffset())
    except (OverflowError, ValueError):
        return None


def _milliseconds(offset: timedelta | None) -> int:
    return (offset or timedelta()) // timedelta(milliseconds=1)
