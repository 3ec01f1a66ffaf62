"""Operators: numbers with numbers, series with numbers, series with series, arrays with each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from logq.errors import WrongArguments
from logq.metrics.math.values import Series, Value, finite, guarded

Calculate = Callable[[float, float], float]

OPERATORS: Mapping[str, Calculate] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "AND": lambda a, b: float(a != 0 and b != 0),
    "OR": lambda a, b: float(a != 0 or b != 0),
}


def apply(operator: str, left: Value, right: Value) -> Value:
    """The result of an operator; raises WrongArguments for two arrays.

    Of two series the missing points of one count as 0 where the other has one. What cannot be
    calculated, such as a division by zero, is missing.
    """
    calculate = OPERATORS[operator]
    match left, right:
        case tuple(), tuple():
            raise WrongArguments(
                f"{operator} cannot combine two arrays of time series",
                hint="combine the arrays to series first, for example with SUM",
            )
        case tuple(), _:
            return tuple(_one(calculate, each, right) for each in left)
        case _, tuple():
            return tuple(_one(calculate, left, each, named=each) for each in right)
        case Series(), _:
            return _one(calculate, left, right)
        case _, Series():
            return _one(calculate, left, right, named=right)
        case _:
            return guarded(calculate, left, right)


def _one(
    calculate: Calculate,
    left: Series | float,
    right: Value,
    named: Series | None = None,
) -> Series:
    assert not isinstance(right, tuple)
    name = named or (left if isinstance(left, Series) else None) or Series({})
    if isinstance(left, Series) and isinstance(right, Series):
        times = sorted(left.points.keys() | right.points.keys())
        points = {
            at: guarded(calculate, left.points.get(at, 0.0), right.points.get(at, 0.0))
            for at in times
        }
    elif isinstance(left, Series):
        assert isinstance(right, float)
        points = {at: guarded(calculate, value, right) for at, value in left.points.items()}
    else:
        assert isinstance(right, Series)
        points = {at: guarded(calculate, left, value) for at, value in right.points.items()}
    return Series(finite(points), name.label)


def negated(value: Value) -> Value:
    """Minus a value."""
    match value:
        case tuple():
            return tuple(each.each(lambda v: -v) for each in value)
        case Series():
            return value.each(lambda v: -v)
        case _:
            return -value
