"""Times as logs write them, read over whole columns.

Rules, where a text leaves something open:

* no zone, or an abbreviation that several zones share: the source's zone (``zones`` says what
  happens when its clock changes);
* no year: the year that puts the time nearest the reference (a file's age, else arrival), and a
  date like 03/04/2026: the reading nearest the reference, month first when in doubt;
* digits of the second beyond milliseconds are cut off;
* numbers are seconds, milliseconds, microseconds or nanoseconds since 1970 by magnitude; below
  100,000,000 (a duration, a count) they are no times;
* a date alone is its first moment; a time before 1970 or after 2199 is no time.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from logq.ingest.civil import midnight, nearer, nearest_midnight, sane, time_of_day
from logq.ingest.format import Context
from logq.ingest.time_shapes import ANYWHERE, MONTHS, Shape, guess_leading, likely_first
from logq.ingest.zones import offsets, to_local, to_utc

SEARCHED = 200
"""How many characters of a line are searched for a time."""

_MS = pa.timestamp("ms")
_UTC_NS = pa.timestamp("ns", "UTC")
_NS = pa.timestamp("ns")
_STRICT = (
    r"^20\d\d-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|02-(?:0[1-9]|1\d|2[0-8]))[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?"
)
_STRICT_KINDS = ((_STRICT + r"(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)$", _UTC_NS), (_STRICT + "$", _NS))
"""Patterns of texts that Arrow casts without fail, and to what."""
_PROBE = 16
_MANY = 2000
_EPOCH_TEXT = (
    r"^(?:(?P<s>\d{9,11})(?:\.(?P<f>\d*))?|(?P<ms>\d{12,14})(?:\.\d*)?"
    r"|(?P<us>\d{12,14})\d{3}(?:\.\d*)?|(?P<ns>\d{12,14})\d{6}(?:\.\d*)?)$"
)
_SECONDS = 10**8
_MILLIS = 10**11
_MICROS = 10**14
_NANOS = 10**17


def parse_timestamps(values: pa.Array, context: Context) -> pa.TimestampArray:
    """The times that texts or numbers are; null where they are none. Never raises."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        return parse_timestamps(values.dictionary, context).take(values.indices)
    if pa.types.is_timestamp(values.type):
        return sane(values.cast(_MS, safe=False).cast(pa.int64()))
    if pa.types.is_integer(values.type):
        return sane(_epoch_int(values.cast(pa.int64(), safe=False)))
    if pa.types.is_floating(values.type):
        return sane(_epoch_float(values.cast(pa.float64())))
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return pa.nulls(len(values), _MS)
    fast = _iso_block(values, context)
    return sane(_texts(values.cast(pa.string()), context) if fast is None else fast)


def find_timestamps(lines: pa.StringArray, context: Context) -> pa.TimestampArray:
    """The leftmost time in each line's first characters; null where there is none."""
    result = pa.nulls(len(lines), _MS)
    heads = pc.utf8_slice_codeunits(lines, 0, SEARCHED)
    unread = pc.is_valid(lines)
    for shape in guess_leading(_probe(lines)):
        heads_left = heads.filter(unread)
        found = pc.extract_regex(heads_left, shape.leading)
        result = _fill(result, unread, parse_timestamps(found.field("t"), context))
        unread = _fill(unread, unread, pc.is_null(found))
    heads = heads.filter(unread)
    if not len(heads):
        return result
    found = pc.extract_regex(heads, ANYWHERE)
    text = pc.binary_join_element_wise(*(found.field(g) for g in ("start", "audit", "free")), "")
    text = pc.if_else(pc.is_valid(found), text, None)
    return _fill(result, unread, parse_timestamps(text, context))


def find_missing(
    found: pa.TimestampArray, lines: pa.StringArray, context: Context
) -> pa.TimestampArray:
    """``found``, completed by ``find_timestamps`` where it is null."""
    if not found.null_count:
        return found
    missing = pc.is_null(found)
    return pc.replace_with_mask(found, missing, find_timestamps(lines.filter(missing), context))


def _fill(values: pa.Array, mask: pa.BooleanArray, replacements: pa.Array) -> pa.Array:
    return pc.replace_with_mask(values, mask, replacements)


def _probe(texts: pa.StringArray) -> list[str]:
    head = pc.drop_null(texts.slice(0, 4 * _PROBE)).slice(0, _PROBE)
    return [text for text in pc.utf8_slice_codeunits(head, 0, SEARCHED).to_pylist() if text]


def _iso_block(texts: pa.StringArray, context: Context) -> pa.Int64Array | None:
    """The fast way, for a block in which every text is plain ISO 8601 of one kind."""
    probe = _probe(texts)
    comma = bool(probe) and probe[0][19:20] == ","
    for kind in (pa.timestamp("ms", "UTC"), _UTC_NS, _MS, _NS):
        try:
            _cast(pa.array(probe, pa.string()), kind, comma)
            milliseconds = _cast(texts, kind, comma)
        except pa.ArrowInvalid:
            continue
        return milliseconds if kind.tz else to_utc(milliseconds, context.zone)
    return None


def _cast(texts: pa.StringArray, kind: pa.TimestampType, comma: bool = True) -> pa.Int64Array:
    if comma:
        texts = pc.replace_substring(texts, ",", ".")
    return texts.cast(kind).cast(pa.timestamp("ms", kind.tz), safe=False).cast(pa.int64())


def _texts(texts: pa.StringArray, context: Context) -> pa.Int64Array:
    if len(texts) > _MANY and pc.count_distinct(texts.slice(0, _MANY)).as_py() * 4 < _MANY:
        coded = pc.dictionary_encode(texts)
        return _texts(coded.dictionary, context).take(coded.indices)
    result = pa.nulls(len(texts), pa.int64())
    for pattern, kind in _STRICT_KINDS:
        fits = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
        local = _cast(texts.filter(fits), kind)
        result = _fill(result, fits, local if kind.tz else to_utc(local, context.zone))
    for shape in likely_first(_probe(texts)):
        unread = pc.and_(pc.is_valid(texts), pc.is_null(result))
        rest = texts.filter(unread)
        if not len(rest):
            break
        parts = pc.extract_regex(rest, shape.whole)
        if parts.null_count == len(parts):
            continue
        matched = pc.is_valid(parts)
        times = _milliseconds(parts.filter(matched), shape, context)
        times = _fill(pa.nulls(len(rest), pa.int64()), matched, times)
        result = _fill(result, unread, times)
    return result


def _milliseconds(parts: pa.StructArray, shape: Shape, context: Context) -> pa.Int64Array:
    if "e" in shape.groups:
        return _epoch_text(parts.field("e"))
    none = pa.repeat(pa.scalar("", pa.string()), len(parts))

    def part(name: str) -> pa.StringArray:
        return parts.field(name) if name in shape.groups else none

    clock = _clock(part, shape)
    near = to_local(context.reference, context.zone)
    if "p" in shape.groups:
        first, second = _number(part("p")), _number(part("q"))
        year = _number(part("Y"))
        day = nearer(midnight(year, first, second), midnight(year, second, first), clock, near)
    else:
        day = _day(part, shape, clock, near)
    local = pc.add(day, clock)
    if "z" not in shape.groups:
        return to_utc(local, context.zone)
    offset, possible = offsets(part("z"))
    local = pc.if_else(possible, local, None)
    if not offset.null_count:
        return pc.subtract(local, offset)
    return pc.coalesce(pc.subtract(local, offset), to_utc(local, context.zone))


def _clock(part: Callable[[str], pa.StringArray], shape: Shape) -> pa.Int64Array:
    if "H" not in shape.groups:
        return pa.repeat(pa.scalar(0, pa.int64()), len(part("d")))
    hour = _number(part("H"))
    if "a" in shape.groups:
        hour = _twelve_hours(hour, pc.utf8_lower(part("a")))
    fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(part("f"), 3, "0"), 0, 3)
    return time_of_day(
        hour,
        pc.fill_null(_number(part("M")), 0),
        pc.fill_null(_number(part("S")), 0),
        _number(fraction),
    )


def _day(
    part: Callable[[str], pa.StringArray], shape: Shape, clock: pa.Int64Array, near: int
) -> pa.Int64Array:
    """The midnight before a time; ``near`` is the reference as the source's clock shows it."""
    day = _number(part("d"))
    if "b" in shape.groups:
        month = pc.add(pc.index_in(pc.utf8_lower(part("b")), pa.array(MONTHS)), 1)
    else:
        month = _number(part("m"))
    month = month.cast(pa.int64())
    if "y" in shape.groups:
        short = _number(part("y"))
        return midnight(pc.add(short, pc.if_else(pc.less(short, 70), 2000, 1900)), month, day)
    if "Y" not in shape.groups:
        return nearest_midnight(month, day, clock, near)
    year = _number(part("Y"))
    if not year.null_count:
        return midnight(year, month, day)
    return pc.if_else(
        pc.is_null(year),
        nearest_midnight(month, day, clock, near),
        midnight(year, month, day),
    )


def _number(digits: pa.StringArray) -> pa.Int64Array:
    return pc.if_else(pc.equal(digits, ""), None, digits).cast(pa.int64())


def _twelve_hours(hour: pa.Int64Array, half: pa.StringArray) -> pa.Int64Array:
    twelve = pc.if_else(pc.equal(hour, 12), 0, hour)
    shown = pc.if_else(pc.equal(half, "p"), pc.add(twelve, 12), twelve)
    return pc.if_else(pc.equal(half, ""), hour, pc.if_else(pc.less_equal(hour, 12), shown, None))


def _epoch_text(texts: pa.StringArray) -> pa.Int64Array:
    parts = pc.extract_regex(texts, _EPOCH_TEXT)
    fraction = pc.if_else(
        pc.equal(parts.field("s"), ""),
        "",
        pc.utf8_slice_codeunits(pc.utf8_rpad(parts.field("f"), 3, "0"), 0, 3),
    )
    digits = pc.binary_join_element_wise(
        parts.field("s"), fraction, *(parts.field(unit) for unit in ("ms", "us", "ns")), ""
    )
    whole = pc.if_else(pc.is_valid(parts), digits, None).cast(pa.int64())
    if not parts.null_count:
        return whole
    scientific = pc.if_else(pc.is_null(parts), texts, None).cast(pa.float64())
    return pc.coalesce(whole, _epoch_float(scientific))


def _epoch_int(values: pa.Int64Array) -> pa.Int64Array:
    return pc.case_when(
        pa.StructArray.from_arrays(
            [
                pc.and_(pc.greater_equal(values, _SECONDS), pc.less(values, _MILLIS)),
                pc.and_(pc.greater_equal(values, _MILLIS), pc.less(values, _MICROS)),
                pc.and_(pc.greater_equal(values, _MICROS), pc.less(values, _NANOS)),
                pc.greater_equal(values, _NANOS),
            ],
            names=["s", "ms", "us", "ns"],
        ),
        pc.multiply(values, 1000),
        values,
        pc.divide(values, 1000),
        pc.divide(values, 1_000_000),
    )


def _epoch_float(values: pa.DoubleArray) -> pa.Int64Array:
    """Seconds are rounded to microseconds first: 0.123 as a double is a little less."""

    def between(low: int, high: int) -> pa.DoubleArray:
        inside = pc.and_(pc.greater_equal(values, float(low)), pc.less(values, float(high)))
        return pc.if_else(inside, values, None)

    millis = pc.coalesce(
        pc.divide(pc.round(pc.multiply(between(_SECONDS, _MILLIS), 1e6)), 1e3),
        between(_MILLIS, _MICROS),
        pc.divide(between(_MICROS, _NANOS), 1e3),
        pc.divide(between(_NANOS, _NANOS * 100), 1e6),
    )
    return pc.floor(millis).cast(pa.int64())
