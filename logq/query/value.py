"""Typed SQL values and the conversions between them (query-language rules 4.1.2 and 4.1.4).

A wrong type never fails a query: every conversion yields NULL, which is how SQL carries a missing
value. The types are known when a query is compiled; ``DYNAMIC`` is for fields whose type differs
from event to event, and for maps and lists: its SQL value is JSON text such as ``"abc"``, ``200``,
``true`` or ``[1,2]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from logq.query.build import (
    NULL,
    Sql,
    boolean,
    case,
    cast,
    coalesce,
    eq,
    fn,
    ne,
    negate,
    number,
    text,
)
from logq.query.grid import Grid


class Type(StrEnum):
    """The type of a value as the result carries it."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    TEXT = "text"
    DYNAMIC = "dynamic"


NUMERIC = frozenset({Type.INTEGER, Type.NUMBER, Type.BOOLEAN, Type.TIMESTAMP})
"""Types whose every value is a number where one is needed."""


@dataclass(frozen=True, slots=True)
class Value:
    """An SQL expression and the type of what it yields; ``constant`` is a literal's value."""

    type: Type
    sql: Sql
    constant: str | int | float | bool | None = None
    null: bool = False
    """The literal ``null``."""
    grid: Grid | None = None
    """The time buckets, when the value comes from ``bin`` and the like."""
    items: Sql | None = None
    """The same list as texts of SQL, when it is a list of texts: JSON would be read again."""

    @property
    def is_constant(self) -> bool:
        return self.constant is not None


MISSING = Value(Type.TEXT, cast(NULL.copy(), "VARCHAR"), null=True)


def literal(value: str | int | float | bool | None) -> Value:
    """A constant as a typed value."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return Value(Type.BOOLEAN, boolean(value), value)
    if isinstance(value, int):
        if -(2**63) <= value < 2**63:
            return Value(Type.INTEGER, number(value), value)
        return Value(Type.NUMBER, _beyond(value), value)
    if isinstance(value, float):
        return Value(Type.NUMBER, number(value), value)
    return Value(Type.TEXT, text(value), value)


def _beyond(value: int) -> Sql:
    """An integer beyond 64 bits as a double; missing beyond the range of doubles too."""
    try:
        return number(float(value))
    except OverflowError:
        return cast(NULL.copy(), "DOUBLE")


def text_number(value: str) -> int | float | None:
    """The number a text is, by the same rule as the macro ``number_of``; integers are exact."""
    stripped = value.strip(" \t\n\r\f\v")
    if "_" in stripped or not stripped.isascii():
        return None
    try:
        if stripped.removeprefix("-").isdigit():
            return int(stripped)
        result = float(stripped)
    except ValueError:
        return None
    return result if result - result == 0 else None


def is_exact_only(number: object) -> bool:
    """Whether a constant is an integer that a double cannot tell from its neighbours."""
    return isinstance(number, int) and abs(number) >= 2**53


def to_number(value: Value) -> Sql:
    """A DOUBLE or BIGINT; NULL where the value is not a number."""
    match value.type:
        case Type.INTEGER | Type.NUMBER:
            return value.sql.copy()
        case Type.BOOLEAN:
            return cast(value.sql.copy(), "INTEGER")
        case Type.TIMESTAMP:
            return fn("epoch_ms", value.sql.copy())
        case Type.TEXT:
            if isinstance(value.constant, str):
                constant = text_number(value.constant)
                return cast(NULL.copy(), "DOUBLE") if constant is None else number(constant)
            return fn("number_of", value.sql.copy())
        case Type.DYNAMIC:
            return fn("dynamic_number", value.sql.copy())


def to_whole(value: Value) -> Sql | None:
    """A HUGEINT where the value is a whole number, NULL where not; None if its type has none.

    A dynamic value may be an integer that a double cannot tell from its neighbours.
    """
    match value.type:
        case Type.INTEGER:
            return cast(value.sql.copy(), "HUGEINT")
        case Type.DYNAMIC:
            return fn("dynamic_whole", value.sql.copy())
        case _:
            return None


def to_text(value: Value) -> Sql:
    """A VARCHAR; NULL for maps and lists."""
    match value.type:
        case Type.TEXT:
            return value.sql.copy()
        case Type.INTEGER:
            return cast(value.sql.copy(), "VARCHAR")
        case Type.NUMBER:
            return fn("text_of", cast(value.sql.copy(), "DOUBLE"))
        case Type.BOOLEAN:
            return case((value.sql.copy(), text("1")), (negate(value.sql.copy()), text("0")))
        case Type.TIMESTAMP:
            return fn("time_text", value.sql.copy())
        case Type.DYNAMIC:
            return fn("dynamic_text", value.sql.copy())


def to_key(value: Value) -> Sql:
    """What is equal where the text forms are; NULL where there is none.

    Values of one type are told apart as they are: that is quicker than as texts.
    """
    return to_text(value) if value.type is Type.DYNAMIC else value.sql.copy()


def to_dynamic(value: Value) -> Sql:
    """JSON text of the value; NULL where it is missing."""
    match value.type:
        case Type.DYNAMIC:
            return value.sql.copy()
        case Type.TEXT:
            return cast(fn("to_json", value.sql.copy()), "VARCHAR")
        case Type.TIMESTAMP:
            return cast(fn("to_json", to_text(value)), "VARCHAR")
        case Type.BOOLEAN:
            return cast(value.sql.copy(), "VARCHAR")
        case Type.INTEGER | Type.NUMBER:
            return to_text(value)


def to_timestamp(value: Value) -> Sql:
    """A TIMESTAMP; a number is milliseconds since the epoch, text is missing."""
    match value.type:
        case Type.TIMESTAMP:
            return value.sql.copy()
        case Type.TEXT:
            return cast(NULL.copy(), "TIMESTAMP")
        case _:
            number_sql = to_number(value)
            return case(
                (
                    fn("calendar_ms", number_sql.copy()),
                    fn("make_timestamp_ms", cast(number_sql, "BIGINT")),
                )
            )


def truth(value: Value) -> Sql:
    """A BOOLEAN that may be NULL for false (rule 3.3)."""
    match value.type:
        case Type.BOOLEAN:
            return value.sql.copy()
        case Type.INTEGER | Type.NUMBER:
            return ne(value.sql.copy(), number(0))
        case Type.TIMESTAMP:
            return ne(fn("epoch_ms", value.sql.copy()), number(0))
        case Type.TEXT:
            return coalesce(
                ne(to_number(value), number(0)), eq(fn("lower", value.sql.copy()), text("true"))
            )
        case Type.DYNAMIC:
            return coalesce(
                ne(to_number(value), number(0)),
                eq(fn("lower", to_text(value)), text("true")),
            )


def common_type(values: list[Value]) -> Type:
    """The type that holds all of these (for coalesce, if, case)."""
    types = {v.type for v in values if not v.null}
    if not types:
        return Type.TEXT
    if len(types) == 1:
        return types.pop()
    if types <= {Type.INTEGER, Type.NUMBER}:
        return Type.NUMBER
    return Type.DYNAMIC


def as_type(value: Value, wanted: Type) -> Sql:
    """The value in a wider type found by ``common_type``."""
    if value.null:
        return NULL.copy()
    if wanted is value.type:
        return value.sql.copy()
    return to_dynamic(value) if wanted is Type.DYNAMIC else cast(value.sql.copy(), "DOUBLE")
