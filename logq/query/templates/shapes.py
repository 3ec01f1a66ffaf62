"""The shapes of lines, counted in SQL: Python sees each shape once, however many lines have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from logq import model
from logq.query.build import (
    NULL,
    Sql,
    alias,
    all_of,
    cast,
    column,
    eq,
    fn,
    not_null,
    number,
    operate,
    text,
)
from logq.query.compiler import Step
from logq.query.nodes import Expr, Field
from logq.query.sql import evaluate
from logq.query.templates.counting import Counting, Pattern
from logq.query.templates.template import Sample
from logq.query.templates.tokens import MASKED, MOST_CHARS
from logq.query.value import to_text, to_timestamp
from logq.units import MILLISECONDS

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLES = 50
"""So many lines of a shape are kept as samples, chosen by a hash of text and time."""
BUCKETS = 24
"""The most parts of the time range that lines are counted by."""
_WIDTHS = (
    *(n * MILLISECONDS["s"] for n in (1, 5, 15)),
    *(n * MILLISECONDS["m"] for n in (1, 5, 15)),
    *(n * MILLISECONDS["h"] for n in (1, 3, 6, 12)),
    *(n * MILLISECONDS["d"] for n in (1, 7, 30, 90, 365, 3650)),
)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Parts of a time range."""

    start: int
    """Epoch milliseconds."""
    width: int
    """Milliseconds."""
    count: int


def buckets(step: Step) -> Buckets | None:
    """The parts of a query's time range; None if its rows have no time."""
    moment, pieces = step.env.moment, step.source.snapshot.pieces
    if step.scope.source is None or not pieces:
        return None
    start = max([moment.start or 0, min(piece.start for piece in pieces)])
    end = max(piece.end for piece in pieces)
    end = max(start, end if moment.end is None else min(end, moment.end))
    for width in _WIDTHS:
        first = start - start % width
        if (end - first) // width < BUCKETS:
            return Buckets(first, width, (end - first) // width + 1)
    return None


def shapes(sides: Sequence[Step], value: Expr, parts: Buckets | None) -> tuple[Step, exp.Select]:
    """A SELECT of the shapes of texts of one or two queries, and the step with what it reads."""
    lines: exp.Expression = _lines(sides[0], value, 0)
    step = sides[0]
    for side, other in enumerate(sides[1:], 1):
        lines = exp.Union(this=lines, expression=_lines(other, value, side), distinct=False)
        step = replace(step, ctes=(*other.ctes, *step.ctes))
    return step, counted(lines, parts)


def counted(lines: exp.Expression, parts: Buckets | None) -> exp.Select:
    """A SELECT of shapes as ``patterns`` takes them, the most frequent first.

    The lines are rows of ``line``, ``time`` (epoch ms) and ``side`` (0 or 1).
    """
    masked = _from(lines).select(
        alias(fn("regexp_replace", _cut(MOST_CHARS), *map(text, (MASKED, "0", "g"))), "shape"),
        alias(operate(">", fn("length", column("line")), number(MOST_CHARS)), "cut"),
        alias(_cut(MOST_CHARS + 1), "line"),
        column("time"),
        column("side"),
        alias(fn("hash", column("line"), column("time")), "hash"),
    )
    grouped = _from(masked).select(column("shape"), column("cut"))
    sample = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=column(name))
            for name in ("line", "time")
        ]
    )
    for side in (0, 1):
        here = eq(column("side"), number(side))
        some = fn("arg_min", sample.copy(), column("hash"), number(SAMPLES))
        grouped = grouped.select(
            alias(_where(fn("count"), here), f"count{side}"),
            alias(_where(some, here), f"some{side}"),
        )
    for part in range(parts.count if parts else 0):
        grouped = grouped.select(alias(_where(fn("count"), _within(parts, part)), f"part{part}"))
    total = operate("+", column("count0"), column("count1"))
    ranked = grouped.group_by(column("shape"), column("cut"))
    ordered = _from(ranked).select(exp.Star())
    return ordered.order_by(
        exp.Ordered(this=total, desc=True),
        exp.Ordered(this=column("shape")),
        exp.Ordered(this=column("cut")),
    )


def patterns(batches: Iterator[pa.RecordBatch], parts: Buckets | None) -> list[Pattern]:
    """The patterns of counted shapes, the most frequent first."""
    counting = Counting()
    names = [f"part{part}" for part in range(parts.count if parts else 0)]
    for batch in batches:
        for row in batch.to_pylist():
            counts = (row["count0"], row["count1"])
            samples = [one for side in (0, 1) for one in _samples(row[f"some{side}"], side, counts)]
            counting.add(samples[0].text, counts, [row[name] for name in names], samples)
    return counting.patterns()


def _samples(rows: list[dict[str, Any]] | None, side: int, counts: Sequence[int]) -> list[Sample]:
    rows = rows or []
    return [Sample(row["line"], row["time"], side, counts[side] / len(rows)) for row in rows]


def _lines(step: Step, value: Expr, side: int) -> exp.Select:
    line = to_text(evaluate(value, step.env))
    time: Sql = cast(NULL.copy(), "BIGINT")
    if step.scope.source is not None:
        stamp = to_timestamp(evaluate(Field((model.TIMESTAMP,)), step.env))
        time = cast(fn("epoch_ms", stamp), "BIGINT")
    named = step.select().select(
        alias(line, "line"), alias(time, "time"), alias(number(side), "side")
    )
    return _from(named).select(exp.Star()).where(not_null(column("line")))


def _from(inner: exp.Expression) -> exp.Select:
    table = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("inner_rows")))
    return exp.Select().from_(table)


def _cut(chars: int) -> Sql:
    return fn("left", column("line"), number(chars))


def _where(aggregate: Sql, condition: Sql) -> Sql:
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition.copy()))


def _within(parts: Buckets | None, part: int) -> Sql:
    assert parts is not None
    first = parts.start + part * parts.width
    return all_of(
        eq(column("side"), number(0)),
        operate(">=", column("time"), number(first)),
        operate("<", column("time"), number(first + parts.width)),
    )
