"""Functions that read dates from text and write them as text."""

from __future__ import annotations

from sqlglot import exp

from logq.query.build import (
    Sql,
    case,
    cast,
    column,
    eq,
    fn,
    ne,
    number,
    operate,
    text,
    try_cast,
)
from logq.query.dateformat import ABBREVIATIONS, MONTHS, date_pattern, time_parts
from logq.query.function import Example, function
from logq.query.value import Type
from logq.query.zones import UTC, Zone, zone

_PARTS = {"hour": 3_600_000, "minute": 60_000, "second": 1_000}


@function(
    "parseDate",
    "text constant constant?",
    Type.INTEGER,
    Example('parseDate("2026-01-05 10:00:00", "yyyy-MM-dd HH:mm:ss")', 1767607200000),
    Example('parseDate("05/Jan/2026:10:00:00 +0100", "dd/MMM/yyyy:HH:mm:ss Z")', 1767603600000),
    Example('parseDate("2026-07-01", "yyyy-MM-dd", "Europe/Berlin")', 1782856800000),
    Example('parseDate("soon", "yyyy-MM-dd")', None),
)
def parse_date(value: Sql, pattern: object, tz: object | None) -> Sql:
    """Milliseconds since the epoch of a date written in this pattern (yyyy MM dd HH mm ss ...)."""
    wanted = date_pattern(str(pattern))
    names = exp.Array(expressions=[text(name) for name in wanted.groups])
    found = fn("regexp_extract", value, text(wanted.regex), names)
    matched = ne(_part("whole"), text(""))
    milliseconds = case((matched, _milliseconds(set(wanted.groups), zone(tz) if tz else UTC)))
    read = exp.Lambda(this=milliseconds, expressions=[exp.to_identifier(_FOUND, quoted=True)])
    each = fn("list_transform", exp.Array(expressions=[found]), read)
    return fn("list_extract", each, number(1))


_FOUND = "date"


def _part(name: str) -> Sql:
    return fn("struct_extract", column(_FOUND), text(name))


def _number(name: str) -> Sql:
    return cast(_part(name), "BIGINT")


def _milliseconds(parts: set[str], default: Zone) -> Sql:
    local: Sql = fn("epoch_ms", cast(_day(parts), "TIMESTAMP"))
    for name in _PARTS.keys() & parts:
        local = operate("+", local, operate("*", _number(name), number(_PARTS[name])))
    if "half_hour" in parts:
        hour: Sql = operate("%", _number("half_hour"), number(12))
        if "half" in parts:
            afternoon = eq(fn("upper", _part("half")), text("PM"))
            hour = operate("+", hour, case((afternoon, number(12)), otherwise=number(0)))
        local = operate("+", local, operate("*", hour, number(_PARTS["hour"])))
    if "fraction" in parts:
        three = fn("rpad", fn("left", _part("fraction"), number(3)), number(3), text("0"))
        local = operate("+", local, cast(three, "BIGINT"))
    if "offset" in parts or "abbreviation" in parts:
        minutes = _offset() if "offset" in parts else _abbreviation()
        return operate("-", local, operate("*", minutes, number(60_000)))
    time = fn("make_timestamp_ms", local)
    if "zone" in parts:
        return fn("epoch_ms", fn("timezone", _part("zone"), time))
    return fn("epoch_ms", default.to_utc(time))


def _day(parts: set[str]) -> Sql:
    """The date as text that DuckDB reads, NULL where the calendar has no such day."""
    year: Sql = text("1970")
    if "year" in parts:
        year = _part("year")
    elif "short_year" in parts:
        year = fn("concat", text("20"), _part("short_year"))
    month: Sql = text("01")
    if "month" in parts:
        month = fn("lpad", _part("month"), number(2), text("0"))
    elif "month_name" in parts:
        first = fn("lower", fn("left", _part("month_name"), number(3)))
        names = exp.Array(expressions=[text(name[:3].lower()) for name in MONTHS])
        position = cast(fn("list_position", names, first), "VARCHAR")
        month = fn("lpad", position, number(2), text("0"))
    day = fn("lpad", _part("day"), number(2), text("0")) if "day" in parts else text("01")
    return try_cast(fn("concat", year, text("-"), month, text("-"), day), "TIMESTAMP")


def _offset() -> Sql:
    """Minutes east of UTC of ``Z``, ``+01``, ``+0130`` or ``+01:30``."""
    digits = fn(
        "rpad",
        fn("regexp_replace", _part("offset"), text("[^0-9]"), text(""), text("g")),
        number(4),
        text("0"),
    )
    hours = cast(fn("left", digits, number(2)), "BIGINT")
    minutes = cast(fn("right", digits.copy(), number(2)), "BIGINT")
    east = operate("+", operate("*", hours, number(60)), minutes)
    return case(
        (eq(_part("offset"), text("Z")), number(0)),
        (fn("starts_with", _part("offset"), text("-")), operate("-", number(0), east)),
        otherwise=east.copy(),
    )


def _abbreviation() -> Sql:
    name = fn("upper", _part("abbreviation"))
    return case(*((eq(name.copy(), text(key)), number(n)) for key, n in ABBREVIATIONS.items()))


@function(
    "formatDate",
    "time constant constant?",
    Type.TEXT,
    Example('formatDate(1767607200123, "%Y-%m-%d %H:%M:%S.%L")', "2026-01-05 10:00:00.123"),
    Example('formatDate(1767607200000, "%e %b %H:%M %z", "Asia/Kolkata")', " 5 Jan 15:30 +0530"),
    aliases=("strftime",),
)
def format_date(time: Sql, pattern: object, tz: object | None) -> Sql:
    """The time as text in a strftime format (%Y %m %d %H %M %S %L ...), in UTC or a time zone."""
    where = zone(tz) if tz else UTC
    local = where.to_local(time.copy())
    pieces = [
        fn("strftime", local.copy(), text(piece)) if known else _letter(piece, time, local, where)
        for piece, known in time_parts(str(pattern))
    ]
    # An empty format has no piece; a missing time must not become an empty text.
    told = exp.Paren(this=exp.Not(this=exp.Is(this=time.copy(), expression=exp.Null())))
    return case((told, fn("concat", text(""), *pieces)))


def _letter(letter: str, time: Sql, local: Sql, where: Zone) -> Sql:
    """What DuckDB's strftime has no letter for."""
    if letter == "e":
        return fn("lpad", cast(fn("day", local.copy()), "VARCHAR"), number(2), text(" "))
    if letter == "s":
        return _seconds(time)
    if letter == "Z":
        return text(where.name)
    minutes = operate(
        "/", operate("-", fn("epoch_ms", local.copy()), fn("epoch_ms", time.copy())), number(60_000)
    )
    east = cast(minutes, "BIGINT")
    sign = case((operate("<", east.copy(), number(0)), text("-")), otherwise=text("+"))
    hours = operate("*", _halved(east, 60), number(100))
    return fn(
        "concat", sign, _padded(operate("+", hours, operate("%", fn("abs", east), number(60))))
    )


def _halved(value: Sql, by: int) -> Sql:
    return cast(fn("floor", operate("/", fn("abs", value.copy()), number(by))), "BIGINT")


def _padded(value: Sql) -> Sql:
    return fn("lpad", cast(value, "VARCHAR"), number(4), text("0"))


def _seconds(time: Sql) -> Sql:
    whole = fn("floor", operate("/", fn("epoch_ms", time.copy()), number(1000)))
    return cast(cast(whole, "BIGINT"), "VARCHAR")
