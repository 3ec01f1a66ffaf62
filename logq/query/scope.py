"""Which names exist at a point of the query, and the SQL that fetches each one.

Before the first barrier (``stats``) a scope is *open*: besides the aliases defined so far, every
field of the events can be named, and a name that no event has is missing, with a warning. After a
barrier it is closed: only the columns it lists exist. This file is the only place that knows how
a field is fetched; ``source.py`` knows where the events' fields are stored.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from logq.errors import UnknownField
from logq.query import nodes
from logq.query.build import Sql, cast, column, fn, text
from logq.query.grid import Grid
from logq.query.value import MISSING, Type, Value


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the current relation: its SQL name, type and, for time buckets, width."""

    ident: str
    type: Type
    grid: Grid | None = None
    """The time buckets, when the column comes from ``bin`` and the like."""
    items: str | None = None
    """The column that holds the same list as texts of SQL, if there is one."""

    @property
    def bucket(self) -> int | None:
        """Milliseconds between time buckets."""
        return self.grid.width if self.grid is not None else None

    @property
    def value(self) -> Value:
        items = None if self.items is None else column(self.items)
        return Value(self.type, column(self.ident), grid=self.grid, items=items)


class OpenSource(Protocol):
    """The events behind an open scope."""

    def field(self, name: str, *, whole: bool) -> Column | None:
        """The column of a system or discovered field, None if no event has it."""

    def order(self) -> tuple[Column, ...]:
        """The columns that put events in order: time, then arrival."""

    def known(self) -> Iterable[str]:
        """Names of all fields, for suggestions."""

    def warn_unknown(self, node: nodes.Field) -> None:
        """Note that a query names a field no event has."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that exist at one point of the query."""

    columns: Mapping[str, Column] = field(default_factory=dict)
    """Aliases, or after a barrier all columns, in order of definition."""
    source: OpenSource | None = None
    """None after a barrier."""
    sides: Mapping[str, Scope] = field(default_factory=dict)
    """After a join: the names under which each side's own names are found."""
    keys: tuple[str, ...] = ()
    """After stats: the columns that were grouped by."""
    expressions: Mapping[nodes.Expr, str] = field(default_factory=dict)
    """Expressions that are columns without an alias: ``count(*)`` after ``stats count(*)``."""

    hidden: frozenset[str] = frozenset()
    """Names of fields that were dropped or renamed."""

    def define(self, name: str, definition: Column) -> Scope:
        """This scope with one more name; an older definition of it is shadowed."""
        columns = {**self.columns, name: definition}
        return replace(self, columns=columns, hidden=self.hidden - {name})

    def without(self, *names: str) -> Scope:
        """This scope without some names."""
        return replace(
            self,
            columns={name: c for name, c in self.columns.items() if name not in names},
            keys=tuple(key for key in self.keys if key not in names),
            expressions={e: name for e, name in self.expressions.items() if name not in names},
            hidden=self.hidden | set(names) if self.source is not None else self.hidden,
        )

    def fetch(self, node: nodes.Field) -> Value:
        """The value of a field; raises UnknownField after a barrier."""
        side = self.sides.get(node.path[0])
        if side is not None and len(node.path) > 1:
            return side.fetch(replace(node, path=node.path[1:]))
        found = self._defined(node)
        if found is not None:
            return found
        if self.source is None:
            raise self._unknown(node)
        if node.name in self.hidden:
            return MISSING
        stored = self.source.field(node.name, whole=node.whole)
        if stored is not None:
            return stored.value
        self.source.warn_unknown(node)
        return MISSING

    def has(self, name: str) -> bool:
        """Whether a closed scope or the aliases know this name."""
        return name in self.columns

    def _defined(self, node: nodes.Field) -> Value | None:
        """An alias of this name, or a key inside one that holds a map or list."""
        if node.name in self.columns:
            return self.columns[node.name].value
        for length in range(len(node.path) - 1, 0, -1):
            base = self.columns.get(".".join(node.path[:length]))
            if base is not None and base.type is Type.DYNAMIC:
                return access(base.value, node.path[length:])
        return None

    def _unknown(self, node: nodes.Field) -> UnknownField:
        names = list(self.columns)
        close = difflib.get_close_matches(node.name, names, n=1, cutoff=0.6)
        listed = ", ".join(f"'{n}'" for n in names[:12]) + (", ..." if len(names) > 12 else "")
        hint = f"did you mean '{close[0]}'?" if close else f"what exists here: {listed}"
        if node.name == "@timestamp":
            hint = (
                "carry the time along with 'max(@timestamp) as @t' "
                "and use 'datefloor(@t, 5m)' instead of bin"
            )
        return UnknownField(
            f"'{node.name}' does not exist after stats; only its own columns do", hint=hint
        )


def access(base: Value, keys: Iterable[str | int]) -> Value:
    """The value at a path inside a map or list; missing if it is not there."""
    if base.type is not Type.DYNAMIC:
        return MISSING
    return Value(Type.DYNAMIC, json_at(base.sql.copy(), json_pointer(keys)))


def json_pointer(keys: Iterable[str | int]) -> str:
    """An RFC 6901 pointer: no character of a key has a meaning but ``~`` and ``/``."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def json_at(document: Sql, pointer: str) -> Sql:
    """JSON text of what a pointer finds; NULL where nothing or a JSON null is."""
    found = cast(fn("json_extract", document, text(pointer)), "VARCHAR")
    return fn("nullif", found, text("null"))
