"""Conditions that are true where a field is missing, which surprises many."""

from __future__ import annotations

from collections.abc import Iterator

from logq.query import nodes
from logq.query.compiler import Step
from logq.query.function import canonical
from logq.query.nodes import Expr, Field


def warn_missing(condition: Expr, step: Step) -> None:
    """Warn of each ``!=`` and the like that also keeps events without the field.

    Only where there are such events, and where the query asks nowhere whether the field is present.
    """
    if step.scope.source is None:
        return
    asked = {name for node in nodes.walk(condition) if (name := _asked(node)) is not None}
    for field in _fields(condition, negated=False):
        name = field.name
        if name in asked or name in step.scope.columns or name in step.scope.hidden:
            continue
        asked.add(name)
        if step.source.lacking(name, step.env.moment.start, step.env.moment.end):
            step.env.warnings.append(
                f"filter also keeps events without '{name}'; "
                f"'and {name} is present' leaves them out"
            )


def _asked(node: Expr) -> str | None:
    match node:
        case nodes.Call(name=name, args=(Field() as field,)) if canonical(name) in _TESTS:
            return field.name
        case _:
            return None


_TESTS = frozenset({"ispresent", "isempty", "isblank"})


def _fields(node: Expr, *, negated: bool) -> Iterator[Field]:
    """Fields that are compared with a constant in a way that holds where they are missing."""
    match node:
        case nodes.Not(value=value):
            yield from _fields(value, negated=not negated)
        case nodes.And(values=values) | nodes.Or(values=values):
            for value in values:
                yield from _fields(value, negated=negated)
        case nodes.Compare(op=op, left=left, right=right) if (op == "!=") is not negated:
            yield from (side for side in (left, right) if isinstance(side, Field))
        case nodes.Like(value=Field() as field) | nodes.In(value=Field() as field):
            if node.negated is not negated:
                yield field
        case _:
            return
