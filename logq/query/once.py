"""Values that a rule of the language reads more than once, computed once.

SQL has no names for intermediate values: a macro and most of the rules here write their operands
out several times, so that nested expressions would grow by powers. A list of one element,
transformed, gives a value a name: ``list_transform([value], lambda name: ...)[1]``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlglot import exp

from logq.query.build import Sql, column, fn, number
from logq.query.macros import repeats
from logq.query.value import Value

LIGHT = 100
"""Parts of an expression, with macros written out, up to which repeating it costs less."""

R = TypeVar("R", Value, Sql)


def once(
    values: Sequence[Value],
    build: Callable[[Sequence[Value]], R],
    fresh: Callable[[str], str],
    *,
    every: bool = False,
) -> R:
    """What ``build`` makes of the values, where heavy ones (or then all) are computed once.

    ``fresh`` makes names that no column has.
    """
    if not any(is_heavy(value.sql) for value in values):
        return build(values)
    kept = [v.is_constant or v.null or not (every or is_heavy(v.sql)) for v in values]
    heavy = [value.sql for value, keep in zip(values, kept, strict=True) if not keep]
    name = fresh("value")
    parts = iter(_parts(column(name), len(heavy)))
    result = build(
        [
            v if keep else replace(v, sql=next(parts), items=None)
            for v, keep in zip(values, kept, strict=True)
        ]
    )
    if isinstance(result, Value):
        return replace(result, sql=let(name, heavy, result.sql), items=None)
    return let(name, heavy, result)


def _parts(record: Sql, count: int) -> list[Sql]:
    """How the body reads its values: as they are, or out of a record of several."""
    if count == 1:
        return [record]
    return [fn("struct_extract", record.copy(), number(n)) for n in range(1, count + 1)]


def let(name: str, values: Sequence[Sql], body: Sql) -> Sql:
    """The body, in which ``name`` is the value, or a record of several."""
    # All values stand outside of the body: DuckDB takes long over lambdas within lambdas.
    record = values[0] if len(values) == 1 else fn("row", *values)
    function = exp.Lambda(this=body, expressions=[exp.to_identifier(name, quoted=True)])
    one = fn("list_transform", exp.Array(expressions=[record]), function)
    return fn("list_extract", one, number(1))


def is_heavy(value: Sql) -> bool:
    """Whether an expression is better not written out again."""
    return _size(value, LIGHT) > LIGHT


def _size(value: exp.Expression, enough: float) -> float:
    """How many parts there are with macros written out, counted up to ``enough``."""
    times = repeats(value.name) if isinstance(value, exp.Anonymous) else 1
    total = 1.0
    for part in value.iter_expressions():
        total += times * _size(part, enough / times)
        if total > enough:
            break
    return total
