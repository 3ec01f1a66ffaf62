"""Aggregates that answer with a list or a map."""

from __future__ import annotations

from sqlglot import exp

from logq.errors import WrongArguments
from logq.query.build import Sql, case, cast, coalesce, column, fn, not_null, number, operate, text
from logq.query.compare import natural_order
from logq.query.environment import Environment
from logq.query.function import Example, function
from logq.query.functions.aggregates import quantile, where
from logq.query.value import NUMERIC, Type, Value, to_dynamic

MOST_VALUES = 1_000
MOST_OFTEN = 10_000
MOST_PARTS = 1_000


@function(
    "values",
    "any",
    Type.DYNAMIC,
    Example("values(x)", '["a2","a10"]', ("a10", "a2", None, "a10")),
    aliases=("collect_values",),
    aggregate=True,
)
def values(field: Value) -> Sql:
    """The list of distinct values in natural order, at most 1,000."""
    one = _comparable(field)
    found = where(fn("list", exp.Distinct(expressions=[one])), not_null(one.copy()))
    item = column("item")
    rows = _each(found, "item", fn("row", *_rank(field.type, item), item.copy()))
    return _first(field.type, rows, MOST_VALUES, len(_rank(field.type, item)) + 1)


@function(
    "topk",
    "constant any",
    Type.DYNAMIC,
    Example("topk(2, x)", '["b","a"]', ("a", "b", "c", "b")),
    aggregate=True,
)
def topk(k: object, field: Value) -> Sql:
    """The list of the k most frequent values, most frequent first; ties in natural order."""
    most = _whole(k, "topk", MOST_OFTEN, "topk(10, field)")
    one = _comparable(field)
    counts = fn("map_entries", where(fn("histogram", one), not_null(one.copy())))
    item = fn("struct_extract", column("pair"), text("key"))
    times = cast(fn("struct_extract", column("pair"), text("value")), "BIGINT")
    rank = [operate("-", number(0), times), *_rank(field.type, item)]
    rows = _each(counts, "pair", fn("row", *rank, item.copy()))
    return _first(field.type, rows, most, len(rank) + 1)


@function(
    "pcts",
    "any constant constant?*",
    Type.DYNAMIC,
    Example("jsonStringify(pcts(x, 50, 100))", '{"p50":2,"p100":3}', (1, 2, 3)),
    aggregate=True,
    beyond=("pcts",),
)
def pcts(field: Value, percentile: object, *more: object) -> Sql:
    """Several percentiles; an item of stats of its own becomes a column for each: p50, p95."""
    pairs: list[Sql] = []
    for given in (percentile, *more):
        one = to_dynamic(Value(Type.NUMBER, quantile(field, given)))
        pairs += [text(f"p{given}"), cast_json(one)]
    made = cast(fn("json_object", *pairs), "VARCHAR")
    return case((not_null(quantile(field, percentile)), made))


def cast_json(value: Sql) -> Sql:
    """JSON text as DuckDB's JSON."""
    return exp.Cast(this=value, to=exp.DataType.build("JSON", dialect="duckdb"))


@function(
    "histogram",
    "number constant",
    None,
    Example("histogram(x, 2)", '{"1":2,"3":1}', (1, 2, 5)),
    aggregate=True,
    key=True,
    context=True,
)
def histogram(env: Environment, field: Sql, parts: object) -> Value:
    """Counts in this many equal parts, by lower bound; behind by, the lower bound of this width."""
    value = cast(field, "DOUBLE")
    if not env.aggregating:
        return _lower_bound(value, parts)
    count = _whole(parts, "histogram", MOST_PARTS, "histogram(field, 10)")
    pairs = fn("map_entries", where(fn("histogram", value), not_null(value.copy())))
    bounds = fn("equal_parts", pairs, number(count))
    part = column("part")
    key = fn("text_of", fn("struct_extract", part, number(1)))
    text_pairs = _each(bounds, "part", fn("row", key, fn("struct_extract", part.copy(), number(2))))
    return Value(Type.DYNAMIC, cast(fn("to_json", fn("map_from_entries", text_pairs)), "VARCHAR"))


def _lower_bound(value: Sql, width: object) -> Value:
    if isinstance(width, bool) or not isinstance(width, (int, float)) or not 0 < width < 1e300:
        raise WrongArguments(
            "histogram takes a width above zero", hint="write histogram(duration_ms, 100)"
        )
    step = number(float(width))
    if float(width).is_integer():
        bound = operate("*", fn("floor", operate("/", value, step)), step.copy())
        return Value(Type.NUMBER, fn("finite", bound))
    # 0.3 / 0.1 is a little less than 3.
    count = fn("floor", fn("round", operate("/", value, step), number(9)))
    return Value(
        Type.NUMBER, fn("finite", fn("round", operate("*", count, step.copy()), number(9)))
    )


def _comparable(field: Value) -> Sql:
    """What values are told apart by: 200 and "200" are one."""
    if field.type is Type.DYNAMIC:
        return fn("dynamic_key", field.sql.copy())
    return cast(field.sql.copy(), "DOUBLE") if field.type is Type.NUMBER else field.sql.copy()


def _rank(kind: Type, item: Sql) -> list[Sql]:
    """What orders a value of a list."""
    if kind in NUMERIC:
        return [item.copy()]
    is_number, as_number, key = natural_order(Value(kind, item))
    return [is_number, coalesce(as_number, number(0)), coalesce(key, item.copy())]


def _first(kind: Type, rows: Sql, most: int, place: int) -> Sql:
    """JSON text of the values at a place of rows, which are ordered by what stands before it."""
    ordered = fn("list_slice", fn("list_sort", rows), number(1), number(most))
    item = fn("struct_extract", column("row"), number(place))
    return fn("json_list", _each(ordered, "row", to_dynamic(Value(kind, item))))


def _each(items: Sql, name: str, body: Sql) -> Sql:
    made = exp.Lambda(this=body, expressions=[exp.to_identifier(name, quoted=True)])
    return fn("list_transform", items, made)


def _whole(given: object, name: str, most: int, example: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
        raise WrongArguments(
            f"{name} takes a whole number from 1 to {most:,}", hint=f"write {example}"
        )
    return given
