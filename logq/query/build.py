"""Short names for building DuckDB expressions with sqlglot; values become literals here only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlglot import exp

from logq.errors import QuerySyntaxError

Sql = exp.Expression


def fn(name: str, *args: Sql) -> Sql:
    """A call of a DuckDB function or macro, printed as named."""
    return exp.Anonymous(this=name, expressions=list(args))


def text(value: str) -> Sql:
    """A text literal. A NUL cannot stand in SQL text, so it is put together with chr(0)."""
    if "\0" not in value:
        return exp.Literal.string(value)
    parts = value.split("\0")
    pieces: list[Sql] = [text(parts[0])]
    for part in parts[1:]:
        pieces += [fn("chr", number(0)), text(part)]
    return fn("concat", *pieces)


def number(value: int | float) -> Sql:
    """A number literal; a float is written so that DuckDB reads the same double."""
    if isinstance(value, int):
        if -(2**127) < value < 2**127:
            return _signed(exp.Literal.number(str(abs(value))), value < 0)
        value = float(value) if abs(value) < 2**1023 else float("inf")
    if value != value or value in (float("inf"), float("-inf")):
        return NULL.copy()
    literal = cast(exp.Literal.string(repr(abs(value))), "DOUBLE")
    return _signed(literal, value < 0)


def _signed(literal: Sql, negative: bool) -> Sql:
    return exp.Paren(this=exp.Neg(this=literal)) if negative else literal


NULL: Sql = exp.Null()
TRUE: Sql = exp.Boolean(this=True)
FALSE: Sql = exp.Boolean(this=False)


def is_literal(value: Sql) -> bool:
    """Whether this is a bare literal, which ORDER BY and GROUP BY read in ways of their own."""
    while isinstance(value, exp.Paren | exp.Neg):
        value = value.this
    return isinstance(value, exp.Literal | exp.Boolean | exp.Null)


def boolean(value: bool) -> Sql:
    """A boolean literal."""
    return exp.Boolean(this=value)


def timestamp(epoch_ms: int) -> Sql:
    """A timestamp literal, folded by DuckDB so that it can prune row groups."""
    return fn("make_timestamp_ms", number(epoch_ms))


def column(name: str, table: str | None = None) -> Sql:
    """A quoted column."""
    identifier = exp.to_identifier(table, quoted=True) if table else None
    return exp.Column(this=exp.to_identifier(name, quoted=True), table=identifier)


def cast(value: Sql, to: str) -> Sql:
    """CAST to a DuckDB type by name."""
    return exp.Cast(this=value, to=_datatype(to))


def try_cast(value: Sql, to: str) -> Sql:
    """TRY_CAST: NULL where the cast fails."""
    return exp.TryCast(this=value, to=_datatype(to))


_TYPES = {
    "BIGINT": exp.DataType.Type.BIGINT,
    "HUGEINT": exp.DataType.Type.INT128,
    "INTEGER": exp.DataType.Type.INT,
    "DOUBLE": exp.DataType.Type.DOUBLE,
    "VARCHAR": exp.DataType.Type.TEXT,
    "BOOLEAN": exp.DataType.Type.BOOLEAN,
    "TIMESTAMP": exp.DataType.Type.TIMESTAMP,
}


def _datatype(name: str) -> exp.DataType:
    return exp.DataType(this=_TYPES[name])


def case(*branches: tuple[Sql, Sql], otherwise: Sql | None = None) -> Sql:
    """CASE WHEN ... THEN ... ELSE ... END."""
    return exp.Case(
        ifs=[exp.If(this=condition, true=value) for condition, value in branches],
        default=otherwise,
    )


def coalesce(*values: Sql) -> Sql:
    """The first value that is not NULL."""
    return fn("coalesce", *values)


def eq(left: Sql, right: Sql) -> Sql:
    return exp.EQ(this=left, expression=right)


def ne(left: Sql, right: Sql) -> Sql:
    return exp.NEQ(this=left, expression=right)


_OPERATORS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
    "+": exp.Add,
    "-": exp.Sub,
    "*": exp.Mul,
    "/": exp.Div,
    "%": exp.Mod,
}


def operate(op: str, left: Sql, right: Sql) -> Sql:
    """A binary operator, in parentheses: DuckDB's precedence is never relied on."""
    return exp.Paren(this=_OPERATORS[op](this=left, expression=right))


def all_of(*values: Sql) -> Sql:
    """AND, in parentheses."""
    if len(values) == 1:
        return values[0]
    return exp.Paren(this=_chain(exp.And, values))


def any_of(*values: Sql) -> Sql:
    """OR, in parentheses."""
    if len(values) == 1:
        return values[0]
    return exp.Paren(this=_chain(exp.Or, values))


def _chain(kind: type[exp.And] | type[exp.Or], values: tuple[Sql, ...]) -> Sql:
    # A balanced tree: thousands of alternatives must not nest thousands deep.
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    return kind(this=_chain(kind, values[:half]), expression=_chain(kind, values[half:]))


def negate(value: Sql) -> Sql:
    """NOT, in parentheses."""
    return exp.Paren(this=exp.Not(this=exp.Paren(this=value)))


def member(value: Sql, *items: Sql) -> Sql:
    """``value IN (items)``, in parentheses."""
    return exp.Paren(this=exp.In(this=value, expressions=list(items)))


def is_null(value: Sql) -> Sql:
    return exp.Paren(this=exp.Is(this=value, expression=NULL.copy()))


def not_null(value: Sql) -> Sql:
    return exp.Paren(this=exp.Not(this=exp.Is(this=value, expression=NULL.copy())))


def alias(value: Sql, name: str) -> Sql:
    """``value AS "name"``."""
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))


@contextmanager
def nesting_told() -> Iterator[None]:
    """A query that is nested too deeply for Python is the query's fault."""
    try:
        yield
    except RecursionError:
        raise QuerySyntaxError(
            "the query is nested too deeply",
            hint="compute parts of it before, with fields ... as name",
        ) from None


@nesting_told()
def render(value: Sql, *, pretty: bool = False) -> str:
    """DuckDB SQL text; raises QuerySyntaxError if it is nested too deeply."""
    return value.sql(dialect="duckdb", pretty=pretty, normalize_functions=False)
