"""What the conditions of patterns read: the message, values of its JSON document, its columns.

Whatever several conditions need is computed once for an event: conditions ask for an input while
they are built and get a name for it. The inputs then go before them, as columns of inner SELECTs
or, in a condition that stands alone, as the names of lambdas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from logq.errors import InvalidPattern
from logq.query.build import Sql, case, cast, column, fn, number, text
from logq.query.patterns.fields import Fields
from logq.query.patterns.nodes import Selector
from logq.query.patterns.selected import Held, Selected, Typed
from logq.query.scope import json_pointer


@dataclass(slots=True)
class Inputs:
    """The inputs that have been asked for."""

    message: Sql
    prefix: str = "input"
    """How their names begin; no column of the events may."""
    fields: Fields | None = None
    """Where values of documents lie as columns besides."""
    derived: dict[str, Sql] | None = None
    """Values made of inputs, each once, by their names; None: write them out where they stand."""
    stored: dict[str, str] = field(default_factory=dict)
    """Names of inputs that are columns of the events, by column."""
    _paths: dict[str, int] = field(default_factory=dict)
    _wild: dict[str, str] = field(default_factory=dict)
    _columns: bool = False

    def selected(self, selector: Selector) -> Selected:
        """What a selector without wildcard finds, where that is a value."""
        found = self.fields.find(selector.steps) if self.fields is not None else None
        if found is None:
            return Held(self.json(selector), self._derive)
        if found.column is None:
            return Typed(found.kind, None, self._derive)
        if self.derived is None:
            return Typed(found.kind, column(found.column), self._derive)
        name = self.stored.setdefault(found.column, f"{self.prefix}_field_{len(self.stored)}")
        return Typed(found.kind, column(name), self._derive)

    def json(self, selector: Selector) -> Sql:
        """JSON text of what a selector without wildcard finds; NULL where there is nothing."""
        place = self._paths.setdefault(_path(selector), len(self._paths) + 1)
        return cast(fn("list_extract", self._name("json"), number(place)), "VARCHAR")

    def values(self, selector: Selector) -> Sql:
        """A list of JSON texts for one with a wildcard; NULL where there is no JSON."""
        path = _wild_path(selector)
        return self._name(self._wild.setdefault(path, f"wild_{len(self._wild) + 1}"))

    def is_json(self) -> Sql:
        """Something that is NULL unless the message is JSON; of use beside ``json``."""
        return self._name("json")

    def columns(self) -> Sql:
        """The columns of the message, see the macro ``cut_columns``."""
        self._columns = True
        return self._name("columns")

    def all_columns(self) -> Sql:
        """The text of every column, as a list."""
        return each(self.columns(), "part", fn("column_text", column("part")))

    def column(self, place: int) -> Sql:
        """The text of a column, counted from 1 or from the end by -1; NULL where it is not."""
        return self._derive("column_text", fn("list_extract", self.columns(), number(place)))

    def column_number(self, place: int) -> Sql:
        """The number that a column is; NULL where it is none."""
        part = fn("list_extract", self.columns(), number(place))
        return self._derive("number_of", fn("column_text", part))

    def _derive(self, rule: str, value: Sql) -> Sql:
        """What a macro makes of an input, under one name for all uses."""
        made = fn(rule, value.copy())
        if self.derived is None:
            return made
        for name, known in self.derived.items():
            if known == made:
                return column(name)
        name = f"{self.prefix}_{rule}_{len(self.derived)}"
        self.derived[name] = made
        return column(name)

    def _name(self, part: str) -> Sql:
        return column(f"{self.prefix}_{part}")

    def made(self) -> Mapping[str, Sql]:
        """Name and SQL of every input that has been asked for, without the derived ones."""
        made: dict[str, Sql] = {}
        if self._paths:
            paths = fn("list_value", *map(text, self._paths))
            made["json"] = self._guarded(fn("json_extract", self.message.copy(), paths))
        for path, name in self._wild.items():
            made[name] = self._guarded(fn("json_extract", self.message.copy(), text(path)))
        if self._columns:
            made["columns"] = fn("cut_columns", self.message.copy())
        return {f"{self.prefix}_{name}": sql for name, sql in made.items()}

    def _guarded(self, sql: Sql) -> Sql:
        # DuckDB refuses to look into what is no JSON.
        if self.fields is not None:
            return sql
        return case((fn("holds_json", self.message.copy()), sql))


def each(values: Sql, name: str, body: Sql) -> Sql:
    """A list with what ``body`` makes of every element, which it calls ``name``."""
    function = exp.Lambda(this=body, expressions=[exp.to_identifier(name, quoted=True)])
    return fn("list_transform", values, function)


def _path(selector: Selector) -> str:
    """A JSONPath; a pointer where a key has signs that a path cannot hold."""
    if any(isinstance(step, str) and not _is_plain(step) for step in selector.steps):
        return json_pointer(step for step in selector.steps if step is not None)
    return _wild_path(selector)


def _wild_path(selector: Selector) -> str:
    path = "$"
    for step in selector.steps:
        if step is None:
            path += selector.wildcard or ""
        elif isinstance(step, int):
            path += f"[{step}]"
        elif _is_plain(step):
            path += f'."{step}"'
        else:
            raise InvalidPattern(
                f"the key {step!r} cannot stand in a selector with a wildcard",
                hint="name the member or the index",
                span=selector.span,
            )
    return path


def _is_plain(key: str) -> bool:
    return bool(key) and not any(sign in key for sign in '"\\*\0')
