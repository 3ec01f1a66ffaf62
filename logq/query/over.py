"""Window functions of SQL over the rows of a query in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


_AGGREGATES = frozenset(
    {"count", "sum", "avg", "min", "max", "arg_min", "arg_max", "bool_and", "bool_or", "list"}
    | {"histogram", "quantile_cont", "stddev_pop", "var_pop"}
)
"""What aggregates of the language become in SQL."""
_RANKS = frozenset({"rank", "dense_rank"})
_PLACES = frozenset({"row_number", "lag", "lead"})


@dataclass(frozen=True, slots=True)
class Frame:
    """Which rows an aggregate sees from one row."""

    partition: tuple[Sql, ...] = ()
    keys: tuple[OrderKey, ...] = ()
    """What ranks go by."""
    order: tuple[OrderKey, ...] = ()
    """The same down to the last tie."""
    rows: int | str | None = None
    """Rows before this one, or UNBOUNDED; None: all rows of the partition."""

    def applied(self, value: Sql) -> Sql:
        """The value with each of its aggregates over these rows."""

        def wrapped(node: exp.Expression) -> exp.Expression:
            name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
            if isinstance(node, exp.Filter | exp.Count) or name in _AGGREGATES:
                if self.rows is None:
                    return over(node, (), self.partition)
                return over(node, self.order, self.partition, self.rows)
            if name in _RANKS:
                return over(node, self.keys, self.partition)
            return over(node, self.order, self.partition) if name in _PLACES else node

        return value.copy().transform(wrapped)
