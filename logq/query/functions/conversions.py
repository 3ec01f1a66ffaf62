"""Functions that turn text and numbers into each other; what does not convert is missing."""

from __future__ import annotations

from logq.query.build import Sql, all_of, case, cast, fn, number, operate, try_cast
from logq.query.function import Example, function
from logq.query.value import Type, Value, to_number, to_text

_LEAST, _GREATEST = -(2**31), 2**31 - 1


@function(
    "toNumber",
    "number",
    Type.NUMBER,
    Example('toNumber("1.50")', 1.5),
    Example('toNumber("x")', None),
    aliases=("toDouble",),
)
def to_number_(value: Sql) -> Sql:
    """The value as a number; missing if it is none."""
    return value


def _whole(value: Value) -> Sql:
    """A BIGINT without the fraction; NULL beyond 64 bits. Digits are read exactly."""
    match value.type:
        case Type.INTEGER:
            return try_cast(value.sql.copy(), "BIGINT")
        case Type.NUMBER:
            return fn("whole_of", cast(value.sql.copy(), "DOUBLE"))
        case Type.TEXT | Type.DYNAMIC:
            return fn("text_whole", to_text(value))
        case _:
            return cast(to_number(value), "BIGINT")


@function(
    "toLong",
    "any",
    Type.INTEGER,
    Example('toLong("9007199254740993")', 9007199254740993),
    Example('toLong("-7.9")', -7),
    Example('toLong("1e30")', None),
)
def to_long(value: Value) -> Sql:
    """The value as a whole number of 64 bits, its fraction dropped; missing beyond them."""
    return _whole(value)


@function(
    "toInt",
    "any",
    Type.INTEGER,
    Example('toInt("42.9")', 42),
    Example('toInt("2147483648")', None),
    Example('toInt("x")', None),
)
def to_int(value: Value) -> Sql:
    """The value as a whole number of 32 bits, its fraction dropped; missing beyond them."""
    whole = _whole(value)
    inside = all_of(
        operate(">=", whole, number(_LEAST)), operate("<=", whole.copy(), number(_GREATEST))
    )
    return case((inside, whole.copy()))


@function(
    "hexToDec",
    "text",
    Type.INTEGER,
    Example('hexToDec("0xff")', 255),
    Example('hexToDec("FF")', 255),
    Example('hexToDec("xyz")', None),
)
def hex_to_dec(value: Sql) -> Sql:
    """The number that hexadecimal digits stand for, with or without 0x before them."""
    return fn("hex_number", value)


@function(
    "decToHex",
    "any",
    Type.TEXT,
    Example("decToHex(255)", "0xff"),
    Example("decToHex(-255.9)", "-0xff"),
)
def dec_to_hex(value: Value) -> Sql:
    """The whole part of the number in hexadecimal digits behind 0x."""
    if value.type is Type.INTEGER:
        return fn("hex_of", value.sql.copy())
    return fn("hex_of", _whole(value))
