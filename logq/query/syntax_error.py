"""Faults of grammar in the words of the person who wrote the query."""

from __future__ import annotations

from lark.exceptions import UnexpectedInput

from logq.errors import QuerySyntaxError
from logq.query.fault import locate
from logq.query.faults import (
    brackets,
    commands,
    general,
    names,
    operators,
    signs,
    stages,
    values,
)

RULES = (
    *signs.RULES,
    *brackets.RULES,
    *stages.RULES,
    *commands.RULES,
    *names.RULES,
    *operators.RULES,
    *values.RULES,
    *general.RULES,
)
"""The particular before the general; the last rule always answers."""


def explain(error: UnexpectedInput, text: str) -> QuerySyntaxError:
    """What is wrong, where, and what to write instead."""
    fault = locate(error, text)
    answer = next(found for rule in RULES if (found := rule(fault)) is not None)
    if answer.span is None:
        answer.span = fault.span
    return answer
