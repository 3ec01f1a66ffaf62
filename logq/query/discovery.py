"""What ``facets``, ``fieldnames`` and ``fieldvalues`` share: fields, and the kinds of values."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from logq import model
from logq.query.build import Sql, case, eq, fn, not_null, number, text
from logq.query.compiler import Step
from logq.query.nodes import Field
from logq.query.sql import evaluate
from logq.query.system_fields import LOG
from logq.query.value import Type, Value

NAME = "@fieldName"
VALUE = "@value"
KIND = "@type"
EVENTS = "@events"
PERCENT = "@percent"

_KINDS = {
    Type.INTEGER: "number",
    Type.NUMBER: "number",
    Type.BOOLEAN: "boolean",
    Type.TIMESTAMP: "time",
    Type.TEXT: "text",
}
_FIRST_SIGNS = {'"': "text", "{": "map", "[": "list", "t": "boolean", "f": "boolean"}


def fields_of(step: Step) -> dict[str, Value]:
    """The columns, and before stats also the fields of the events, that a query can name."""
    return {name: evaluate(Field((name,), whole=True), step.env) for name in _names(step)}


def _names(step: Step) -> Iterable[str]:
    scope = step.scope
    names = list(scope.columns)
    if scope.source is not None:
        known = [n for n in scope.source.known() if not n.startswith("@") or n.startswith("@@")]
        names = [LOG, model.LOG_STREAM, *known, *names]
    return dict.fromkeys(name for name in names if name not in scope.hidden)


def kinds(value: Value) -> Sql:
    """The words for what values of a group are, with commas between them."""
    words = fn("list", exp.Distinct(expressions=[kind(value)]))
    return fn("array_to_string", fn("list_sort", words), text(", "))


def kind(value: Value) -> Sql:
    """The word for what a value is; NULL where it is missing."""
    if value.type is not Type.DYNAMIC:
        return case((not_null(value.sql.copy()), text(_KINDS[value.type])))
    sign = fn("left", value.sql.copy(), number(1))
    branches = [(eq(sign.copy(), text(s)), text(word)) for s, word in _FIRST_SIGNS.items()]
    return case((not_null(value.sql.copy()), case(*branches, otherwise=text("number"))))
