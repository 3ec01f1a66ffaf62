"""Equality, order and search between values of any type (query-language rules 4.1.3, 3.5).

Every function here yields a BOOLEAN that may be NULL where the answer is "false because something
is missing"; ``sql.py`` decides where a NULL must become a real false.
"""

from __future__ import annotations

from logq.query.build import (
    FALSE,
    Sql,
    all_of,
    any_of,
    case,
    coalesce,
    eq,
    fn,
    is_null,
    member,
    number,
    operate,
    text,
    timestamp,
)
from logq.query.value import (
    NUMERIC,
    Type,
    Value,
    is_exact_only,
    text_number,
    to_number,
    to_text,
    to_whole,
)
from logq.units import parse_iso


def equals(left: Value, right: Value) -> Sql:
    """``left = right``."""
    if right.type not in NUMERIC and left.type in NUMERIC:
        left, right = right, left
    if left.null or right.null:
        return FALSE.copy()
    if left.type in NUMERIC and right.type in NUMERIC:
        return _numbers_equal(left, right)
    if left.type is Type.TEXT and right.type is Type.TEXT:
        return eq(left.sql.copy(), right.sql.copy())
    if right.type is Type.TIMESTAMP:
        return _equals_time(left, right)
    if right.type in NUMERIC:
        return _number_equals(left, right)
    if left.type is Type.DYNAMIC and right.type is Type.DYNAMIC:
        both_text = all_of(_is_text(left), _is_text(right))
        texts = eq(to_text(left), to_text(right))
        numbers = _by_number("=", left, right)
        return case((both_text, texts), otherwise=coalesce(numbers, texts.copy()))
    dynamic, other = (left, right) if left.type is Type.DYNAMIC else (right, left)
    return _dynamic_equals_text(dynamic, other)


def _numbers_equal(left: Value, right: Value) -> Sql:
    if left.type is right.type:
        return eq(left.sql.copy(), right.sql.copy())
    return eq(to_number(left), to_number(right))


def _number_equals(other: Value, numeric: Value) -> Sql:
    """Text or a dynamic value against a number."""
    constant = numeric.constant
    if isinstance(constant, int) and is_exact_only(constant):
        return eq(to_text(other), text(str(constant)))
    return _by_number("=", other, numeric)


def _by_number(op: str, left: Value, right: Value) -> Sql:
    """Compare as numbers; whole numbers exactly, also where a double is too coarse for them."""
    numbers = operate(op, to_number(left), to_number(right))
    if Type.DYNAMIC not in (left.type, right.type) or _is_small(left) or _is_small(right):
        return numbers
    wholes = [whole for whole in (to_whole(left), to_whole(right)) if whole is not None]
    return coalesce(operate(op, *wholes), numbers) if len(wholes) == 2 else numbers


def _is_small(value: Value) -> bool:
    """Whether a constant is a whole number that no other one meets when made a double."""
    return isinstance(value.constant, int) and not is_exact_only(value.constant)


def _equals_time(other: Value, time: Value) -> Sql:
    if isinstance(other.constant, str) and (moment := parse_iso(other.constant)) is not None:
        return eq(time.sql.copy(), timestamp(moment))
    return coalesce(eq(to_number(other), to_number(time)), eq(to_text(other), to_text(time)))


def _dynamic_equals_text(dynamic: Value, other: Value) -> Sql:
    same_text = eq(to_text(dynamic), to_text(other))
    if isinstance(other.constant, str):
        known = text_number(other.constant)
        if known is None or is_exact_only(known):
            return same_text
    numbers = eq(to_number(dynamic), to_number(other))
    return case((_is_text(dynamic), same_text), otherwise=coalesce(numbers, same_text.copy()))


def _is_text(value: Value) -> Sql:
    """Whether a dynamic value is a JSON string."""
    return fn("starts_with", value.sql.copy(), text('"'))


def ordered(op: str, left: Value, right: Value) -> Sql:
    """``left op right`` for ``< <= > >=``."""
    if left.null or right.null:
        return FALSE.copy()
    left, right = _iso(left, right), _iso(right, left)
    if left.type in NUMERIC and right.type in NUMERIC:
        if left.type is right.type is Type.TIMESTAMP:
            return operate(op, left.sql.copy(), right.sql.copy())
        return operate(op, to_number(left), to_number(right))
    numbers = _by_number(op, left, right)
    if left.type in NUMERIC or right.type in NUMERIC:
        return numbers
    texts = operate(op, to_text(left), to_text(right))
    are_text = [_is_text(v) for v in (left, right) if v.type is Type.DYNAMIC]
    texts = all_of(*are_text, texts)
    if any(isinstance(v.constant, str) and text_number(v.constant) is None for v in (left, right)):
        return texts
    return coalesce(numbers, texts)


def _iso(value: Value, other: Value) -> Value:
    """An ISO 8601 text literal beside a timestamp is a time (4.1.2, lenient)."""
    if other.type is Type.TIMESTAMP and isinstance(value.constant, str):
        moment = parse_iso(value.constant)
        if moment is not None:
            return Value(Type.TIMESTAMP, timestamp(moment))
    return value


def is_in(value: Value, items: list[Value]) -> Sql:
    """``value in [items]``: equality with any of them."""
    if value.type is Type.TEXT and not value.is_constant:
        texts = [i for i in items if i.type is Type.TEXT and not i.null]
        rest = [equals(value, i) for i in items if i.type is not Type.TEXT]
        return any_of(*_in_list(value.sql, [i.sql for i in texts]), *rest) if items else FALSE
    if value.type in (Type.INTEGER, Type.NUMBER):
        constants = [_constant_number(i) for i in items]
        numbers = [number(c) for c in constants if c is not None]
        return any_of(*_in_list(value.sql, numbers)) if numbers else FALSE.copy()
    return any_of(*(equals(value, i) for i in items)) if items else FALSE.copy()


def _constant_number(value: Value) -> int | float | None:
    if isinstance(value.constant, str):
        return text_number(value.constant)
    return int(value.constant) if isinstance(value.constant, bool) else value.constant


def _in_list(value: Sql, items: list[Sql]) -> list[Sql]:
    if not items:
        return []
    if len(items) == 1:
        return [eq(value.copy(), items[0].copy())]
    return [member(value.copy(), *(i.copy() for i in items))]


def contains(value: Value, needle: str) -> Sql:
    """``value like "needle"``: a case-sensitive substring."""
    if needle == "":
        return fn("starts_with", to_text(value), text(""))
    return fn("contains", to_text(value), text(needle))


def matches(value: Value, pattern: str, literals: tuple[str, ...]) -> Sql:
    """An RE2 search; ``literals`` that every match contains are tested first, cheaply."""
    subject = to_text(value)
    tests = [fn("contains", subject.copy(), text(part)) for part in literals]
    return all_of(*tests, fn("regexp_matches", subject, text(pattern)))


def natural_order(value: Value) -> list[Sql]:
    """ORDER BY expressions, ascending, for the natural sort of rule 3.5 (missing handled apart)."""
    if value.type in NUMERIC:
        return [value.sql.copy()]
    as_number, as_text = to_number(value), to_text(value)
    return [
        case((is_null(as_number.copy()), number(0)), otherwise=number(1)),
        as_number.copy(),
        case((is_null(as_number.copy()), fn("natural_key", as_text)), otherwise=as_text.copy()),
    ]
