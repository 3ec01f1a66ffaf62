"""``in ( query )``: whether a value is among the values of another query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from logq.errors import WrongArguments
from logq.query import nodes
from logq.query.build import Sql, all_of, any_of, fn, negate, text
from logq.query.environment import Others
from logq.query.value import NUMERIC, Type, Value, to_number, to_text

if TYPE_CHECKING:
    from logq.query.compiler import Step


def in_query(value: Value, query: nodes.Subquery, others: Others) -> Sql:
    """Equality (4.1.3) with any value of a query of one column; NULL is never among them."""
    step = others.step(query.commands)
    names = step.shown()
    if len(names) != 1:
        raise WrongArguments(
            f"the query in brackets gives {len(names)} columns, and one is needed",
            hint="end it with '| display NAME'",
            span=query.span,
        )
    inner = step.column(names[0]).value

    def among(tested: Sql, found: Sql, *conditions: Sql) -> Sql:
        select = (
            step.select()
            .select(found)
            .where(all_of(negate(exp.Is(this=found.copy(), expression=exp.Null())), *conditions))
        )
        return exp.In(this=tested, query=exp.Subquery(this=_whole(select, step)))

    tests = [among(to_text(value), to_text(inner))]
    # Text is equal to a number that it stands for, but not to other text for the same number.
    if _may_be_number(value):
        numbers = among(to_number(value), to_number(inner))
        tests.append(all_of(*_is_number(value), numbers))
    if _may_be_number(inner):
        tests.append(among(to_number(value), to_number(inner), *_is_number(inner)))
    return any_of(*tests)


def _whole(select: exp.Select, step: Step) -> exp.Expression:
    from logq.query.compiler import with_steps

    return with_steps(select, {}, step.ctes) if step.ctes else select


def _may_be_number(value: Value) -> bool:
    return value.type in NUMERIC or value.type in (Type.DYNAMIC, Type.TIMESTAMP)


def _is_number(value: Value) -> tuple[Sql, ...]:
    """What shows that a value is a number and not text, where its type leaves that open."""
    if value.type is not Type.DYNAMIC:
        return ()
    return (negate(fn("starts_with", value.sql.copy(), text('"'))),)
