"""Window functions of SQL over the rows of a query in their order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from logq.query.build import Sql
from logq.query.compiler import OrderKey, order_terms

UNBOUNDED = "UNBOUNDED"


def over(
    function: Sql,
    order: Sequence[OrderKey] = (),
    partition: Sequence[Sql] = (),
    rows: int | str | None = None,
) -> Sql:
    """A function over the rows of its partition, in an order.

    ``rows`` is how many rows before this one count beside it, or UNBOUNDED; None leaves the frame
    to SQL.
    """
    spec = None
    if rows is not None:
        spec = exp.WindowSpec(
            kind="ROWS", start=str(rows), start_side="PRECEDING", end="CURRENT ROW"
        )
    return exp.Window(
        this=function,
        partition_by=[key.copy() for key in partition],
        order=exp.Order(expressions=order_terms(order)) if order else None,
        spec=spec,
    )
