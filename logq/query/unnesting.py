"""Rows made of lists: one for each element, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from logq.query.build import Sql, alias, case, column, fn, number, operate
from logq.query.compiler import OrderKey, Step


def unnested(
    step: Step, name: str, lists: Mapping[str, Sql], *, keep: bool = False
) -> tuple[Step, dict[str, Sql]]:
    """A row for each element of lists of one length, and the columns of their elements.

    A row whose lists are empty or NULL goes, or with ``keep`` stays once, with NULL elements.
    """
    idents = {label: step.source.ident(f"{label}_list") for label in lists}
    select = step.select().select(exp.Star())
    for label, items in lists.items():
        select = select.select(alias(items, idents[label]))
    step = step.then(name, select)
    names = [exp.to_identifier(ident, quoted=True) for ident in idents.values()]
    select = step.select().select(exp.Star(except_=names))
    first = column(next(iter(idents.values())))
    count: Sql = fn("len", first)
    if keep:
        some = operate(">", count.copy(), number(0))
        count = case((some, count.copy()), otherwise=number(1))
    place = step.source.ident("place")
    elements = {}
    for label, ident in idents.items():
        items = column(ident)
        if keep:
            some = operate(">", fn("len", items.copy()), number(0))
            items = case((some, items), otherwise=exp.Array(expressions=[exp.Null()]))
        element = step.source.ident(f"{label}_element")
        select = select.select(alias(fn("unnest", items), element))
        elements[label] = column(element)
    # Rows of one event stand in the order of their elements.
    select = select.select(alias(fn("unnest", fn("range", count)), place))
    step = step.then(name, select)
    return replace(step, order=(*step.order, OrderKey(column(place)))), elements
