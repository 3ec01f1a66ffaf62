"""Names that ``let`` gives to expressions and queries, put in where they are used.

A name of a name can double a query with every step, so what is put in is counted.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from logq.errors import QuerySyntaxError, UnknownField
from logq.query.nodes import Expr, Field

MAX_DEPTH = 100
"""Levels of an expression; every later pass may recurse over them safely."""
MAX_PARTS = 20_000
"""Parts of a query with everything put in."""
_STAGE_PARTS = 20
"""What a command counts for besides its expressions."""


@dataclass(frozen=True, slots=True)
class _Named:
    parts: int
    depth: int
    value: Expr | None = None
    query: tuple[Any, ...] = ()


class Lets:
    """The names of one query text; also counts how large the query becomes."""

    def __init__(self) -> None:
        self._named: dict[str, _Named] = {}
        self._parts = 0
        self._depth = 0
        self._before = 0

    def note(self, depth: int) -> None:
        """One more part of an expression at this depth."""
        self._parts += 1
        self._depth = max(self._depth, depth)

    def note_stage(self) -> None:
        """One more command."""
        self._parts += _STAGE_PARTS

    def begin(self) -> None:
        """What is counted from here on belongs to the next name."""
        self._before, self._depth = self._parts, 0

    def define(self, name: str, value: Expr | None, query: tuple[Any, ...] = ()) -> None:
        """Give what was read since ``begin`` a name; an older one of it is forgotten."""
        self._named[name] = _Named(self._parts - self._before, self._depth, value, query)

    def value(self, field: Field, depth: int) -> Expr | None:
        """The expression of this name, None if there is none; raises QuerySyntaxError."""
        found = self._named.get(field.name)
        if found is None or found.value is None:
            return None
        self._put_in(field, found, depth)
        return found.value

    def has_query(self, field: Field) -> bool:
        """Whether this is the name of a query."""
        found = self._named.get(field.name)
        return found is not None and found.value is None

    def query(self, field: Field) -> tuple[Any, ...]:
        """The commands of the query of this name; raises UnknownField and QuerySyntaxError."""
        found = self._named.get(field.name)
        if found is None or found.value is not None:
            names = [name for name, each in self._named.items() if each.value is None]
            close = difflib.get_close_matches(field.name, names, n=1, cutoff=0.6)
            hint = f"write the query in brackets, or first: let {field.name} = (filter ...);"
            raise UnknownField(
                f"there is no query named '{field.name}'",
                hint=f"did you mean '{close[0]}'?" if close else hint,
                span=field.span,
            )
        self._put_in(field, found, 0)
        return found.query

    def _put_in(self, field: Field, found: _Named, depth: int) -> None:
        self._parts += found.parts
        self._depth = max(self._depth, depth + found.depth)
        if self._parts > MAX_PARTS or self._depth > MAX_DEPTH:
            raise QuerySyntaxError(
                f"with what '{field.name}' stands for the query becomes too large",
                hint="compute parts of it before, with fields ... as name",
                span=field.span,
            )
