"""Brackets and commas: unpaired, of the wrong kind, with nothing inside."""

from __future__ import annotations

import re

from logq.errors import QuerySyntaxError
from logq.query.fault import Fault, Rule, short, span_of
from logq.query.literals import quote_name, string_value

_OPENING = {")": "(", "]": "[", "}": "{"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_TERMINALS = {"(": "_RPAR", "[": "_RBRACKET", "{": "_RBRACE"}
_VALUES = re.compile(r"\s*(?:(?:\"[^\"]*\"|'[^']*'|[^\s,()|\"']+)\s*(?:,\s*|(?=\)|$)))*")


def unopened(fault: Fault) -> QuerySyntaxError | None:
    opening = _OPENING.get(fault.found)
    if opening is None:
        return None
    if not fault.open_brackets:
        return QuerySyntaxError(
            f"this {fault.found} has no {opening} before it",
            hint=f"remove it, or add {opening} where the part begins",
        )
    inner = fault.open_brackets[-1]
    if inner == opening:
        return None
    return QuerySyntaxError(
        f"this {inner} is closed by {fault.found}",
        hint=f"write {_CLOSING[inner]}",
        span=fault.since(inner),
    )


def unclosed(fault: Fault) -> QuerySyntaxError | None:
    """Seen at the end of a stage, or at a word that no bracket can hold."""
    stops = fault.at_end or fault.found[0] in "|;" or fault.word in {"by", "as"}
    if not fault.open_brackets or not stops:
        return None
    inner = fault.open_brackets[-1]
    if _TERMINALS[inner] not in fault.accepts and fault.found != "|":
        return None
    return QuerySyntaxError(
        f"this {inner} is never closed",
        hint=f"add {_CLOSING[inner]} where the part ends",
        span=span_of(inner),
    )


def list_in_parentheses(fault: Fault) -> QuerySyntaxError | None:
    """``in (1, 2)``: the grammar takes ``(`` for the beginning of a subquery."""
    if not fault.follows("_IN", "_LPAR"):
        return None
    opened = fault.last()
    inside = _VALUES.match(fault.text, fault.span.start)
    listed = inside[0].strip() if inside else ""
    if not listed and fault.found[:1] not in {")", '"', "'"}:
        return None
    values = ", ".join(_as_value(v) for v in listed.split(",") if v.strip()) or '"a", "b"'
    return QuerySyntaxError(
        "a list is written in square brackets",
        hint=f'write [{short(values)}]; parentheses hold a subquery: (source "x" | fields y)',
        span=fault.since(opened),
    )


def list_without_brackets(fault: Fault) -> QuerySyntaxError | None:
    if not fault.follows("_IN"):
        return None
    value = _as_value(fault.found) if fault.word or fault.found[:1] in {'"', "'"} else '"a", "b"'
    return QuerySyntaxError(
        "a list in square brackets, or a subquery, is expected after in",
        hint=f"write in [{short(value)}]",
    )


def inside_list(fault: Fault) -> QuerySyntaxError | None:
    inner = fault.open_brackets[-1] if fault.open_brackets else None
    if inner != "[" or not (fault.word or fault.found[:1] in {'"', "'"}):
        return None
    if "STRING" in fault.accepts:
        return QuerySyntaxError(
            f"{fault.shown} is not a value", hint=f"quote a text: {_as_value(fault.found)}"
        )
    if "_COMMA" in fault.accepts:
        return QuerySyntaxError(
            f"a comma is missing before {fault.shown}", hint="write commas between the values"
        )
    return None


def position(fault: Fault) -> QuerySyntaxError | None:
    """``items["key"]``, ``items[]`` and ``items[-1]``."""
    if not fault.follows("_LBRACKET") or fault.accepts != {"INT"}:
        return None
    if fault.found[:1] in {'"', "'"}:
        key = quote_name(string_value(fault.found))
        return QuerySyntaxError("a key is written with a dot", hint=f"write .{short(key)}")
    return QuerySyntaxError(
        "a position in a list is a whole number from 0", hint="write [0] for the first element"
    )


def after_comma(fault: Fault) -> QuerySyntaxError | None:
    ends = fault.at_end or fault.found in {")", "]", "|", ","} or fault.word in {"by", "as"}
    if not fault.follows("_COMMA") or not ends:
        return None
    return QuerySyntaxError(
        "something is missing after the comma",
        hint="remove the comma, or add what belongs there",
        span=span_of(fault.last()),
    )


def parenthesised_columns(fault: Fault) -> QuerySyntaxError | None:
    """``fields (a, b)``."""
    if fault.found != "," or len(fault.stage) < 2 or fault.stage[1].type != "_LPAR":
        return None
    if fault.open_brackets[-1:] != (fault.stage[1],):
        return None
    return QuerySyntaxError(
        f"{fault.stage[0]} takes its columns without parentheses",
        hint=f"write {fault.stage[0]} {short(str(fault.last()))}, ...",
        span=span_of(fault.stage[1]),
    )


def _as_value(text: str) -> str:
    plain = text.strip()
    quoted = plain[:1] in {'"', "'"} or re.fullmatch(r"-?[0-9.]+|true|false|null", plain)
    return plain if quoted else f'"{plain}"'


RULES: tuple[Rule, ...] = (
    unopened,
    unclosed,
    list_in_parentheses,
    list_without_brackets,
    inside_list,
    position,
    after_comma,
    parenthesised_columns,
)
