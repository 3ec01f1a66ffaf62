"""Faults of grammar in the words of the person who wrote the query."""

from __future__ import annotations

from lark.exceptions import UnexpectedInput

from logq.errors import QuerySyntaxError, Span


def explain(error: UnexpectedInput, text: str) -> QuerySyntaxError:
    """What is wrong, where, and what to write instead."""
    position = error.pos_in_stream
    start = len(text) if position is None or position < 0 else position
    return QuerySyntaxError("this cannot stand here", span=Span(start, start + 1))
