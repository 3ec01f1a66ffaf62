"""Functions of maps and lists."""

from __future__ import annotations

from sqlglot import exp

from logq.query.build import Sql, any_of, case, cast, column, eq, fn, number, text
from logq.query.function import Example, function
from logq.query.sql import definite
from logq.query.value import Type, Value, to_text


def document(value: Value) -> Sql:
    """JSON text of the map or list that the value is, or holds as text; else NULL."""
    match value.type:
        case Type.DYNAMIC:
            return fn("dynamic_document", value.sql.copy())
        case Type.TEXT:
            return fn("json_document", value.sql.copy())
        case _:
            return fn("json_document", to_text(value))


@function(
    "jsonParse",
    "any",
    Type.DYNAMIC,
    Example('jsonParse("{\\"a\\": [1, 2]}")', '{"a":[1,2]}'),
    Example('jsonParse("{\\"a\\": [1, 2]}").a[1]', "2"),
    Example('jsonParse("12")', None),
)
def json_parse(value: Value) -> Sql:
    """The map or list that JSON text holds; missing for anything else."""
    return document(value)


@function(
    "jsonStringify",
    "any",
    Type.TEXT,
    Example('jsonStringify(jsonParse("[1, 2]"))', "[1,2]"),
    Example("jsonStringify(5)", None),
)
def json_stringify(value: Value) -> Sql:
    """A map or list as JSON text; missing for anything else."""
    if value.type is not Type.DYNAMIC:
        return cast(exp.Null(), "VARCHAR")
    begins = fn("left", value.sql.copy(), number(1))
    return case((any_of(eq(begins, text("{")), eq(begins.copy(), text("["))), value.sql.copy()))


@function(
    "jsonArraySize",
    "any",
    Type.INTEGER,
    Example('jsonArraySize("[1, [2, 3]]")', 2),
    Example('jsonArraySize("{}")', None),
)
def json_array_size(value: Value) -> Sql:
    """The number of elements of a list or of JSON text that holds one."""
    return fn("len", fn("json_items", document(value)))


@function(
    "jsonArrayContains",
    "any text",
    Type.BOOLEAN,
    Example('jsonArrayContains("[\\"a\\", 1]", "a")', True),
    Example('jsonArrayContains("[\\"a\\", 1]", 1)', True),
    Example('jsonArrayContains("[\\"a\\", 1]", "A")', False),
)
def json_array_contains(field: Value, value: Sql) -> Sql:
    """Whether a list, or JSON text that holds one, has an element of this text."""
    item = fn("dynamic_text", cast(column("item"), "VARCHAR"))
    each = exp.Lambda(this=item, expressions=[exp.to_identifier("item", quoted=True)])
    texts = fn("list_transform", fn("json_items", document(field)), each)
    return definite(fn("list_contains", texts, value))


@function(
    "split",
    "text text",
    None,
    Example('split("a,b", ",")', '["a","b"]'),
    Example('split("a,b", ",")[1]', '"b"'),
)
def split(value: Sql, delimiter: Sql) -> Value:
    """The list of the parts between a literal delimiter."""
    parts = fn("string_split", value, delimiter)
    return Value(Type.DYNAMIC, cast(fn("to_json", parts), "VARCHAR"), items=parts.copy())
