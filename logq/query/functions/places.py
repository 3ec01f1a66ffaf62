"""Functions of a row's place among others; they stand in ``window``."""

from __future__ import annotations

from logq.errors import WrongArguments
from logq.query.build import Sql, fn, number
from logq.query.function import Example, function
from logq.query.value import Type, Value

_FARTHEST = 1_000_000


@function(
    "rowNumber",
    "",
    Type.INTEGER,
    Example("row_number()", 1),
    aggregate=True,
    window=True,
    beyond=("rowNumber",),
)
def row_number() -> Sql:
    """The number of the row in its group, from 1."""
    return fn("row_number")


@function(
    "rank",
    "",
    Type.INTEGER,
    Example("rank()", 1),
    aggregate=True,
    window=True,
    beyond=("rank",),
)
def rank() -> Sql:
    """The rank of the row in its group; equal rows share one, and the next is left out."""
    return fn("rank")


@function(
    "denseRank",
    "",
    Type.INTEGER,
    Example("dense_rank()", 1),
    aggregate=True,
    window=True,
    beyond=("denseRank",),
)
def dense_rank() -> Sql:
    """The rank of the row in its group; equal rows share one, and none is left out."""
    return fn("dense_rank")


@function(
    "lag",
    "any constant?",
    None,
    Example("lag(x)", None),
    aggregate=True,
    window=True,
    beyond=("lag",),
)
def lag(field: Value, rows: object | None) -> Value:
    """The value of an earlier row of the group: the one before, or this many before."""
    return Value(field.type, fn("lag", field.sql.copy(), number(_rows("lag", rows))))


@function(
    "lead",
    "any constant?",
    None,
    Example("lead(x)", None),
    aggregate=True,
    window=True,
    beyond=("lead",),
)
def lead(field: Value, rows: object | None) -> Value:
    """The value of a later row of the group: the next one, or this many after."""
    return Value(field.type, fn("lead", field.sql.copy(), number(_rows("lead", rows))))


def _rows(name: str, given: object | None) -> int:
    if given is None:
        return 1
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= _FARTHEST:
        raise WrongArguments(f"{name} takes a number of rows", hint=f"write {name}(x, 2)")
    return given
