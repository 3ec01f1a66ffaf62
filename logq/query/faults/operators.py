"""Operators of other languages, and what is missing between two parts."""

from __future__ import annotations

import re

from logq.errors import QuerySyntaxError
from logq.query.fault import Fault, Rule, short
from logq.query.habits import FOR_OPERATORS, FOR_WORDS
from logq.query.terminal_words import is_command

_NEXT_CONDITION = re.compile(r"\s*(?:[=<>!]|\()|\s+(?:not\s+)?(?:like|in)\b", re.IGNORECASE)
_SIGNS = frozenset({"=", "==", "!=", "<", "<=", ">", ">=", "=~"})
_TWO_SIGNS = {
    ("COMPARISON", "<", ">"): "<>",
    ("EQUALS", "=", ">"): "=>",
    ("EQUALS", "=", "<"): "=<",
    ("EQUALS", "=", "="): "===",
    ("EQUALS", "==", "="): "===",
    ("COMPARISON", "<=", ">"): "<=>",
    ("COMPARISON", ">", "="): "> =",
    ("COMPARISON", "<", "="): "< =",
}


def null_test(fault: Fault) -> QuerySyntaxError | None:
    """``x not null``."""
    name = fault.last(2) if fault.follows("NOT") else fault.last()
    call = f"ispresent({short(name) if name.type == 'FIELD' else 'field'})"
    if fault.follows("NOT") and fault.word == "null" and not fault.wants_operand:
        return QuerySyntaxError("not null is not a test", hint=f"write {call}")
    return None


def after_not(fault: Fault) -> QuerySyntaxError | None:
    """``x not = 5`` and ``x not equal 5``."""
    if not fault.follows("NOT") or fault.accepts != {"_IN", "_LIKE"}:
        return None
    return QuerySyntaxError(
        f"like or in is expected after {fault.last()}",
        hint="write !=" if fault.found[:1] == "=" or fault.word.startswith("eq") else None,
    )


def between(fault: Fault) -> QuerySyntaxError | None:
    if not fault.wants_operator or fault.word != "between" or fault.last().type != "FIELD":
        return None
    bounds = re.match(r"\s+(\S+)\s+and\s+([^\s|)]+)", fault.rest, re.IGNORECASE)
    low, high = bounds.groups() if bounds else ("1", "5")
    name = fault.last()
    return QuerySyntaxError(
        "there is no operator between",
        hint=f"write {short(f'{name} >= {low} and {name} <= {high}')}",
    )


def negated_like(fault: Fault) -> QuerySyntaxError | None:
    """``x !like "a"`` and ``x ! = 1``."""
    if fault.found != "!" or not fault.wants_operator:
        return None
    if fault.rest.lstrip().startswith("="):
        return QuerySyntaxError("there is no operator ! =", hint=FOR_OPERATORS["! ="])
    return QuerySyntaxError("! cannot stand here", hint="write not like, not in or !=")


def chained(fault: Fault) -> QuerySyntaxError | None:
    """``1 < a < 5``."""
    if "_AND" not in fault.accepts or "EQUALS" in fault.accepts:
        return None
    if fault.found not in _SIGNS and fault.word not in {"like", "in"}:
        return None
    return QuerySyntaxError(
        "comparisons cannot be chained", hint="join two of them with and: a < b and b < c"
    )


def foreign(fault: Fault) -> QuerySyntaxError | None:
    last = fault.last()
    pair = _TWO_SIGNS.get((last.type, str(last), fault.found))
    if pair is not None:
        return QuerySyntaxError(
            f"there is no operator {pair}", hint=FOR_OPERATORS[pair], span=fault.since(last)
        )
    if fault.word and fault.wants_operand:
        return None
    sign = fault.word or fault.found
    if sign in FOR_OPERATORS:
        return QuerySyntaxError(f"there is no operator {fault.shown}", hint=FOR_OPERATORS[sign])
    if sign == "group" and fault.command == "_STATS":
        return QuerySyntaxError("group cannot stand here", hint="write by alone")
    if sign in FOR_WORDS:
        return QuerySyntaxError(f"{fault.shown} cannot stand here", hint=FOR_WORDS[sign])
    return None


def missing_bar(fault: Fault) -> QuerySyntaxError | None:
    if "_BAR" not in fault.accepts or not is_command(fault.word):
        return None
    return QuerySyntaxError(f"a | is missing before {fault.found}", hint=f"write | {fault.to_bar}")


def missing_and(fault: Fault) -> QuerySyntaxError | None:
    """``a = 1 b = 2``."""
    if fault.command != "_FILTER" or "_AND" not in fault.accepts or not fault.word:
        return None
    if not _NEXT_CONDITION.match(fault.rest):
        return None
    return QuerySyntaxError(
        "nothing joins these conditions", hint=f"write and {fault.to_bar}, or use or"
    )


RULES: tuple[Rule, ...] = (
    null_test,
    after_not,
    between,
    negated_like,
    chained,
    foreign,
    missing_bar,
    missing_and,
)
