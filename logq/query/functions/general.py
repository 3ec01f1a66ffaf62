"""Functions of any value: presence, choice."""

from __future__ import annotations

from logq.query.build import (
    NULL,
    Sql,
    any_of,
    case,
    coalesce,
    eq,
    fn,
    is_null,
    not_null,
    number,
    text,
)
from logq.query.function import Example, function
from logq.query.sql import definite
from logq.query.value import Type, Value, as_type, common_type, to_number, to_text, truth


@function(
    "ispresent",
    "any",
    Type.BOOLEAN,
    Example("ispresent(@message)", True),
    Example("ispresent(absent)", False),
    Example('ispresent("")', True),
)
def ispresent(field: Value) -> Sql:
    """Whether the event has the field."""
    return not_null(field.sql.copy())


@function(
    "isnull",
    "any",
    Type.BOOLEAN,
    Example("isnull(absent)", True),
    Example('isnull("")', False),
    aliases=("isMissing",),
    beyond=("isnull",),
)
def isnull(field: Value) -> Sql:
    """Whether the event lacks the field; is missing says the same."""
    return is_null(field.sql.copy())


@function(
    "coalesce",
    "any any?*",
    None,
    Example('coalesce(absent, "none")', "none"),
    Example("coalesce(5, 6)", 5),
)
def coalesce_(field: Value, *more: Value) -> Value:
    """The first argument that is present."""
    values = [field, *more]
    kind = common_type(values)
    return Value(kind, coalesce(*(as_type(v, kind) for v in values)))


@function(
    "if",
    "truth any any",
    None,
    Example('if(1 < 2, "yes", "no")', "yes"),
    Example("if(absent > 1, 1, 0)", 0),
)
def if_(condition: Sql, then: Value, otherwise: Value) -> Value:
    """One value if the condition is true, else the other."""
    kind = common_type([then, otherwise])
    chosen = case((condition, as_type(then, kind)), otherwise=as_type(otherwise, kind))
    return Value(kind, chosen)


@function(
    "case",
    "any any any?*",
    None,
    Example('case(500 >= 500, "5xx", 500 >= 400, "4xx", "ok")', "5xx"),
    Example('case(1 = 2, "a")', None),
)
def case_(condition: Value, value: Value, *more: Value) -> Value:
    """The value behind the first true condition; a last single value is the default."""
    arguments = [condition, value, *more]
    default = arguments.pop() if len(arguments) % 2 else None
    pairs = list(zip(arguments[::2], arguments[1::2], strict=True))
    kind = common_type([v for _, v in pairs] + ([default] if default else []))
    branches = [(definite(truth(c)), as_type(v, kind)) for c, v in pairs]
    otherwise = as_type(default, kind) if default else NULL.copy()
    return Value(kind, case(*branches, otherwise=otherwise))


@function(
    "isNumeric",
    "any",
    Type.BOOLEAN,
    Example('isNumeric("1e3")', True),
    Example('isNumeric("x")', False),
)
def is_numeric(field: Value) -> Sql:
    """Whether the value is a number or text that is one."""
    return not_null(to_number(field))


@function("unmask", "any", None, Example('unmask("4111")', "4111"))
def unmask(field: Value) -> Value:
    """The value without the masking that its log group may have."""
    return field


@function(
    "isempty",
    "any",
    Type.INTEGER,
    Example('isempty("")', 1),
    Example("isempty(absent)", 1),
    Example('isempty(" ")', 0),
)
def isempty(field: Value) -> Sql:
    """1 if the field is missing or the empty text, else 0."""
    return _flag(any_of(is_null(field.sql.copy()), definite(eq(to_text(field), text("")))))


@function("isblank", "any", Type.INTEGER, Example('isblank(" \\t")', 1), Example('isblank("x")', 0))
def isblank(field: Value) -> Sql:
    """1 if the field is missing, empty or only white space, else 0."""
    blank = definite(fn("regexp_full_match", to_text(field), text(r"[\s\p{Z}\x{85}\x{0B}]*")))
    return _flag(any_of(is_null(field.sql.copy()), blank))


def _flag(condition: Sql) -> Sql:
    return case((condition, number(1)), otherwise=number(0))
