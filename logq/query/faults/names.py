"""Names that need backticks, aliases, and signs that are no names."""

from __future__ import annotations

import re

from logq.errors import QuerySyntaxError, Span
from logq.query.fault import Fault, Rule, short, start_of
from logq.query.literals import RESERVED, quote_name, string_value

_PATHS = frozenset({"FIELD", "SEGMENT", "_RPAR", "_RBRACKET"})
_SIGNS = {"$": "dollar sign", ".": "dot"}
_NAME = re.compile(r"[\w@.-]+")


def needs_backticks(text: str, start: int) -> QuerySyntaxError:
    """The error for the name that starts at a position of the text."""
    found = _NAME.match(text, start)
    name = found[0] if found else ""
    if name.lower() in RESERVED:
        message = f"{name} is a word of the language and needs backticks as a name"
    elif "-" in name:
        message = "a name with - needs backticks"
    else:
        message = "a name that begins with a digit needs backticks"
    return QuerySyntaxError(
        message, hint=f"write `{short(name)}`", span=Span(start, start + len(name))
    )


def alias(fault: Fault) -> QuerySyntaxError | None:
    """``as "msg"``, ``as by`` and ``as 5xx``."""
    if not fault.follows("_AS"):
        return None
    if fault.found[:1] in {'"', "'"} and len(fault.found) > 1:
        name = quote_name(string_value(fault.found))
        ticked = name if name[0] == "`" else f"{name}, or `{name}`"
        return QuerySyntaxError(
            "an alias is a field name, not a text", hint=f"write as {short(ticked)}"
        )
    if fault.word:
        return needs_backticks(fault.text, fault.span.start)
    return QuerySyntaxError("a name is expected after as", hint="write as name")


def hyphen(fault: Fault) -> QuerySyntaxError | None:
    """``as host-name`` and ``dedup user-id``: where a minus cannot be meant."""
    if fault.found[:1] != "-" or fault.last().type != "FIELD" or not fault.touches:
        return None
    return needs_backticks(fault.text, start_of(fault.last()))


def reserved(fault: Fault) -> QuerySyntaxError | None:
    """``fields in, by``, and operators without what belongs before them."""
    if fault.word not in RESERVED or "FIELD" not in fault.accepts:
        return None
    if fault.word in {"and", "or"} and fault.wants_operand:
        return QuerySyntaxError(
            f"a condition is missing before {fault.found}",
            hint=f"{fault.word} stands between two conditions: a = 1 {fault.word} b = 2",
        )
    operand = re.match(r"\s*(?:[\[(]|[\"'/])", fault.rest)
    if fault.word in {"like", "in"} and fault.wants_operand and operand:
        return QuerySyntaxError(
            f"a field is missing before {fault.found}", hint=f"write @message {fault.to_bar}"
        )
    if fault.word == "by" and len(fault.stage) == 1:
        command = fault.last().lower()
        hint = f"write stats count(*) {fault.to_bar}" if command == "stats" else None
        return QuerySyntaxError(
            f"by cannot directly follow {command}",
            hint=hint or f"write {command} {fault.to_bar[len('by ') :]}",
        )
    return QuerySyntaxError(
        f"{fault.found} is a word of the language",
        hint=f"a field of this name needs backticks: `{fault.found}`",
    )


def star(fault: Fault) -> QuerySyntaxError | None:
    below = re.match(r"\.\s*\*", fault.text[fault.span.start :])
    with_others = fault.found == "," and fault.follows("_FIELDS", "STAR")
    plain = fault.found == "*" and (fault.wants_operand or "FIELD" in fault.accepts)
    if not (below or with_others or plain):
        return None
    return QuerySyntaxError(
        "* cannot stand here" if plain else "* stands alone",
        hint="fields * and count(*) take a star; elsewhere name the fields",
    )


def path_sign(fault: Fault) -> QuerySyntaxError | None:
    """``$.a.b``, ``.a`` and ``a.``."""
    path = re.match(r"\$?\.?([\w@][\w@.]*)", fault.text[fault.span.start :])
    if fault.found in _SIGNS and "FIELD" in fault.accepts and path:
        return QuerySyntaxError(
            f"a field name does not begin with a {_SIGNS[fault.found]}",
            hint=f"write {short(path[1])}",
        )
    if fault.found == "." and fault.touches and fault.last().type in _PATHS:
        return QuerySyntaxError(
            "a name is expected after the dot", hint="write a.b, or a.`b c` for an unusual name"
        )
    if fault.found == "@" and "FIELD" in fault.accepts:
        return QuerySyntaxError(
            "a name is expected directly after @", hint="write @timestamp, @message, @logStream"
        )
    return None


RULES: tuple[Rule, ...] = (alias, hyphen, star, path_sign, reserved)
