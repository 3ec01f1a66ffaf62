"""The conditions of patterns as SQL. NULL stands for false, as in a WHERE."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from logq.query.build import (
    FALSE,
    TRUE,
    Sql,
    all_of,
    any_of,
    cast,
    coalesce,
    column,
    eq,
    fn,
    is_null,
    negate,
    not_null,
    number,
    operate,
    text,
)
from logq.query.once import let
from logq.query.patterns.fields import Fields
from logq.query.patterns.inputs import Inputs, each
from logq.query.patterns.nodes import (
    AllOf,
    AnyOf,
    Columns,
    Comparison,
    Condition,
    FilterPattern,
    Kind,
    Number,
    Regex,
    Term,
    Test,
    Wildcard,
)
from logq.query.patterns.reading import is_blank
from logq.query.patterns.selected import Held, Selected
from logq.query.regex import longest
from logq.query.value import is_exact_only


def condition(pattern: FilterPattern, inputs: Inputs) -> Sql:
    """Whether an event matches the pattern."""
    if pattern.kind is Kind.TEXT:
        return _terms(pattern.terms, inputs.message)
    if pattern.test is not None:
        return _combined(pattern.test, lambda leaf: _selected(leaf, inputs))
    if pattern.columns is not None:
        return _in_columns(pattern.columns, inputs)
    return TRUE.copy()


def _combined(test: Test, leaf: Callable[[Condition | Comparison], Sql]) -> Sql:
    if isinstance(test, AllOf):
        return all_of(*(_combined(part, leaf) for part in test.parts))
    if isinstance(test, AnyOf):
        return any_of(*(_combined(part, leaf) for part in test.parts))
    return leaf(test)


# ---- terms


def _terms(terms: tuple[Term, ...], message: Sql) -> Sql:
    parts = [_contains(term, message) for term in terms]
    return any_of(*parts) if terms[0].sign == "?" else all_of(*parts)


def _contains(term: Term, message: Sql) -> Sql:
    if isinstance(term.value, Regex):
        found = _matches(message, term.value)
    elif is_blank(term.value):
        found = TRUE.copy()
    else:
        found = fn("contains", message.copy(), text(term.value))
    return negate(found) if term.sign == "-" else found


def _matches(subject: Sql, regex: Regex) -> Sql:
    search = fn("regexp_matches", subject.copy(), text(regex.re2))
    literals = [fn("contains", subject.copy(), text(part)) for part in longest(regex.literals)]
    return all_of(*literals, search)


# ---- values of JSON documents


def _selected(leaf: Condition | Comparison, inputs: Inputs) -> Sql:
    assert isinstance(leaf, Condition)
    selector, comparison = leaf.selector, leaf.comparison
    if selector.wildcard is None:
        if comparison.op == "absent":
            found = inputs.json(selector)
            return all_of(not_null(inputs.is_json()), is_null(found))
        if comparison.op == "null":
            return eq(inputs.json(selector), text("null"))
        return _holds(comparison, inputs.selected(selector))
    values = inputs.values(selector)
    if comparison.op == "absent":
        return eq(fn("len", values), number(0))
    one = cast(column("value"), "VARCHAR")
    is_null_ = comparison.op == "null"
    test = eq(one, text("null")) if is_null_ else _holds(comparison, Held(one, fn))
    return fn("list_bool_or", each(values, "value", coalesce(test, FALSE.copy())))


def _holds(comparison: Comparison, found: Selected) -> Sql:
    match comparison.op:
        case "true" | "false" as word:
            return found.is_true(word == "true")
        case "=":
            return _equals(comparison, found)
        case "!=":
            same = coalesce(_equals(comparison, found), FALSE.copy())
            return all_of(found.is_scalar(), negate(same))
        case op:
            assert isinstance(comparison.value, Number)
            return operate(op, found.number(), number(comparison.value.value))


def _equals(comparison: Comparison, found: Selected) -> Sql:
    value = comparison.value
    if isinstance(value, Regex):
        return _matches(found.text(), value)
    if isinstance(value, Number):
        return found.is_number(value)
    assert isinstance(value, Wildcard)
    if value.anything:
        return found.is_scalar()
    if not value.before and not value.after:
        return found.is_text(value.text)
    return _like(found.text(), value)


def _like(subject: Sql, value: Wildcard) -> Sql:
    if value.before and value.after:
        return fn("contains", subject, text(value.text))
    if value.before:
        return fn("ends_with", subject, text(value.text))
    if value.after:
        return fn("starts_with", subject, text(value.text))
    return eq(subject, text(value.text))


# ---- columns


def _in_columns(columns: Columns, inputs: Inputs) -> Sql:
    least = len(columns.before) + len(columns.after or ())
    op = "=" if columns.after is None else ">="
    fits = operate(op, fn("len", inputs.columns()), number(least))
    tests = [
        _combined(test, partial(_in_column, inputs=inputs, place=place))
        for place, test in columns.tested()
    ]
    return all_of(fits, *tests)


def _in_column(leaf: Condition | Comparison, inputs: Inputs, place: int) -> Sql:
    assert isinstance(leaf, Comparison)
    if leaf.op == "=":
        return _column_equals(leaf, inputs, place)
    if leaf.op == "!=":
        return negate(coalesce(_column_equals(leaf, inputs, place), FALSE.copy()))
    assert isinstance(leaf.value, Number)
    return operate(leaf.op, inputs.column_number(place), number(leaf.value.value))


def _column_equals(leaf: Comparison, inputs: Inputs, place: int) -> Sql:
    value, found = leaf.value, inputs.column(place)
    if isinstance(value, Regex):
        return _matches(found, value)
    if isinstance(value, Number):
        if is_exact_only(value.value):
            return eq(found, text(value.text))
        return eq(inputs.column_number(place), number(value.value))
    assert isinstance(value, Wildcard)
    return not_null(found) if value.anything else _like(found, value)


def alone(pattern: FilterPattern, message: Sql, prefix: str, fields: Fields | None = None) -> Sql:
    """The condition with its inputs, for a place where nothing else shares them."""
    inputs = Inputs(message, prefix, fields)
    body = condition(pattern, inputs)
    for name, value in inputs.made().items():
        body = let(name, [value], body)
    return body
