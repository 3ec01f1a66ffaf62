"""What a selector finds, asked in the terms of the conditions; NULL stands for false or absent.

``Held`` is the JSON text of a value, ``Typed`` a typed column that holds it. Both answer alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from logq.model import Kind
from logq.query.build import (
    FALSE,
    NULL,
    Sql,
    all_of,
    case,
    cast,
    eq,
    fn,
    member,
    negate,
    not_null,
    number,
    text,
)
from logq.query.patterns.nodes import Number
from logq.query.value import is_exact_only, text_number

Derive = Callable[[str, Sql], Sql]
"""Of a macro's name and its argument, the result, computed once for all who ask."""


class Selected(Protocol):
    """The value at one place of a JSON document."""

    def text(self) -> Sql:
        """Its text; NULL for what is no scalar, and for null."""

    def number(self) -> Sql:
        """Its number, also of text that is one; NULL for anything else."""

    def is_scalar(self) -> Sql:
        """Whether it is there, and a text, a number or a boolean."""

    def is_text(self, value: str) -> Sql:
        """Whether its text is this one."""

    def is_number(self, value: Number) -> Sql:
        """Whether it is this number, or the text that the number is written as."""

    def is_true(self, value: bool) -> Sql:
        """Whether it is this boolean."""


@dataclass(frozen=True, slots=True)
class Held:
    """A value by its JSON text."""

    json: Sql
    derive: Derive

    def text(self) -> Sql:
        return self.derive("scalar_text", self.json.copy())

    def number(self) -> Sql:
        return self.derive("scalar_number", self.json.copy())

    def is_scalar(self) -> Sql:
        first = fn("list_extract", self.json.copy(), number(1))
        return all_of(
            negate(eq(self.json.copy(), text("null"))), negate(member(first, text("{"), text("[")))
        )

    def is_text(self, value: str) -> Sql:
        if _only_text(value):
            return eq(self.json.copy(), text(f'"{value}"'))
        return eq(self.text(), text(value))

    def is_number(self, value: Number) -> Sql:
        as_text = eq(self.text(), text(value.text))
        if is_exact_only(value.value):
            return as_text
        is_text = fn("starts_with", self.json.copy(), text('"'))
        return case((is_text, as_text), otherwise=eq(self.number(), number(value.value)))

    def is_true(self, value: bool) -> Sql:
        return eq(self.json.copy(), text("true" if value else "false"))


def _only_text(value: str) -> bool:
    """Whether only a JSON string can be this text, and is written without escapes."""
    plain = value.isprintable() and '"' not in value and "\\" not in value
    return plain and text_number(value) is None and value not in ("true", "false")


@dataclass(frozen=True, slots=True)
class Typed:
    """A value in a column of one kind; without a column no event has it."""

    kind: Kind
    column: Sql | None
    derive: Derive

    def text(self) -> Sql:
        match self.kind:
            case _ if self.column is None:
                return cast(NULL.copy(), "VARCHAR")
            case Kind.TEXT:
                return self.column.copy()
            case Kind.FLOAT:
                return self.derive("text_of", self.column.copy())
            case Kind.JSON:
                return self._held().text()
            case _:
                return cast(self.column.copy(), "VARCHAR")

    def number(self) -> Sql:
        match self.kind:
            case Kind.INT | Kind.FLOAT if self.column is not None:
                return self.column.copy()
            case Kind.TEXT if self.column is not None:
                return self.derive("number_of", self.column.copy())
            case Kind.JSON if self.column is not None:
                return self._held().number()
            case _:
                return cast(NULL.copy(), "DOUBLE")

    def is_scalar(self) -> Sql:
        return FALSE.copy() if self.column is None else not_null(self.column.copy())

    def is_text(self, value: str) -> Sql:
        if self.column is not None and self.kind in (Kind.INT, Kind.FLOAT) and _only_text(value):
            return FALSE.copy()
        return eq(self.text(), text(value))

    def is_number(self, value: Number) -> Sql:
        if self.column is not None and self.kind is Kind.JSON:
            return self._held().is_number(value)
        if self.kind in (Kind.INT, Kind.FLOAT) and not is_exact_only(value.value):
            return eq(self.number(), number(value.value))
        return eq(self.text(), text(value.text))

    def is_true(self, value: bool) -> Sql:
        match self.kind:
            case Kind.BOOL if self.column is not None:
                return self.column.copy() if value else negate(self.column.copy())
            case Kind.JSON if self.column is not None:
                return self._held().is_true(value)
            case _:
                return FALSE.copy()

    def _held(self) -> Held:
        assert self.column is not None
        return Held(self.column, self.derive)
