"""A computed table as the rows that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlglot import exp

from logq.query.build import column
from logq.query.compiler import OrderKey, Step
from logq.query.scope import Column, Scope
from logq.query.value import Type

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Sequence[Sequence[Any]]


def computed(
    step: Step,
    name: str,
    select: exp.Select,
    columns: Mapping[str, Type],
    rows: Callable[[Iterator[pa.RecordBatch]], Rows],
) -> Step:
    """The step whose rows, in their order, a function makes of a SELECT's."""
    idents = {label: step.source.ident(label) for label in columns}
    scope = Scope({label: Column(idents[label], kind) for label, kind in columns.items()})
    rank = step.source.ident("rank")

    def table(batches: Iterator[pa.RecordBatch]) -> pa.Table:
        import pyarrow as pa

        found = rows(batches)
        kinds = {Type.INTEGER: pa.int64(), Type.NUMBER: pa.float64()}
        arrays = {
            found_column.ident: pa.array(
                [_cell(row[number], found_column.type) for row in found],
                kinds.get(found_column.type, pa.string()),
            )
            for number, found_column in enumerate(scope.columns.values())
        }
        return pa.table({**arrays, rank: pa.array(range(len(found)), pa.int64())})

    made = step.compute(name, select, table)
    return replace(made.barrier(scope, (OrderKey(column(rank)),)), limited=False)


def _cell(value: Any, kind: Type) -> Any:
    return orjson.dumps(value).decode() if kind is Type.DYNAMIC else value
