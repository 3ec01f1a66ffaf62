"""Functions of numbers."""

from __future__ import annotations

from logq.query.build import Sql, case, cast, fn, not_null, number, operate
from logq.query.function import Example, function
from logq.query.value import Type, Value, to_number

_NUMBER = Type.NUMBER


def _same_kind(name: str, value: Value) -> Value:
    """A function that keeps whole numbers whole."""
    kind = Type.INTEGER if value.type in (Type.INTEGER, Type.BOOLEAN) else _NUMBER
    return Value(kind, fn(name, to_number(value)))


@function("abs", "any", None, Example("abs(-3)", 3), Example("abs(-0.5)", 0.5))
def absolute(a: Value) -> Value:
    """The number without its sign."""
    if a.type in (Type.INTEGER, Type.BOOLEAN):
        return Value(Type.INTEGER, fn("abs", cast(to_number(a), "HUGEINT")))
    return Value(_NUMBER, fn("abs", to_number(a)))


@function("ceil", "any", None, Example("ceil(1.2)", 2), Example("ceil(-1.2)", -1))
def ceil(a: Value) -> Value:
    """The smallest whole number that is not less."""
    return _same_kind("ceil", a)


@function("floor", "any", None, Example("floor(1.8)", 1), Example('floor("7")', 7))
def floor(a: Value) -> Value:
    """The largest whole number that is not greater."""
    return _same_kind("floor", a)


@function(
    "round",
    "number number?",
    _NUMBER,
    Example("round(2.5)", 3),
    Example("round(1234.567, -2)", 1200),
)
def round_(a: Sql, decimals: Sql | None) -> Sql:
    """The number with this many decimals (default 0), halves away from zero."""
    places = number(0) if decimals is None else _places(decimals)
    return fn("finite", fn("round", cast(a, "DOUBLE"), places))


def _places(decimals: Sql) -> Sql:
    """Decimals without a fraction; a double has none beyond 400 on either side."""
    whole = fn("trunc", cast(decimals, "DOUBLE"))
    bounded = fn("greatest", fn("least", whole, number(400)), number(-400))
    return case((not_null(decimals.copy()), cast(bounded, "INTEGER")))


def _extreme(name: str, values: tuple[Value, ...]) -> Value:
    whole = all(v.type in (Type.INTEGER, Type.BOOLEAN) for v in values)
    return Value(Type.INTEGER if whole else _NUMBER, fn(name, *(to_number(v) for v in values)))


@function(
    "greatest", "any any?*", None, Example("greatest(1, 3, 2)", 3), Example("greatest(x, 0)", 0)
)
def greatest(a: Value, *more: Value) -> Value:
    """The greatest argument; missing ones are ignored."""
    return _extreme("greatest", (a, *more))


@function("least", "any any?*", None, Example("least(4, 3, 5)", 3))
def least(a: Value, *more: Value) -> Value:
    """The least argument; missing ones are ignored."""
    return _extreme("least", (a, *more))


@function("log", "number", _NUMBER, Example("log(1)", 0), Example("log(0)", None))
def log(a: Sql) -> Sql:
    """The natural logarithm; missing for zero and below."""
    return case((operate(">", a, number(0)), fn("ln", cast(a.copy(), "DOUBLE"))))


@function("sqrt", "number", _NUMBER, Example("sqrt(9)", 3), Example("sqrt(-1)", None))
def sqrt(a: Sql) -> Sql:
    """The square root; missing below zero."""
    return case((operate(">=", a, number(0)), fn("sqrt", cast(a.copy(), "DOUBLE"))))


@function(
    "haversine",
    "number number number number",
    _NUMBER,
    Example("round(haversine(52.52, 13.405, 48.8566, 2.3522))", 877),
    Example("haversine(1, 2, 1, 2)", 0),
)
def haversine(lat1: Sql, lon1: Sql, lat2: Sql, lon2: Sql) -> Sql:
    """Kilometres between two points on the globe, given in degrees."""
    return fn("kilometres", *(cast(value, "DOUBLE") for value in (lat1, lon1, lat2, lon2)))
