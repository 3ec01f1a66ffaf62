"""What is said when nothing more particular is known."""

from __future__ import annotations

from logq.errors import QuerySyntaxError
from logq.query.fault import Fault, Rule, closest, short, span_of
from logq.query.terminal_words import KEYWORDS, expected

_ENDS = frozenset({")", "]", "}", "|", ","})
_SIGNS = frozenset({"=", "==", "!=", "<", "<=", ">", ">=", "=~", "+", "/", "%", "^"})
_DIRECTIONS = {"descending": "desc", "decreasing": "desc", "ascending": "asc", "increasing": "asc"}


def misspelt(fault: Fault) -> QuerySyntaxError | None:
    if not fault.word:
        return None
    words = {w.rstrip("="): w for t in fault.accepts for w in KEYWORDS.get(t, "").split(", ") if w}
    direction = _DIRECTIONS.get(fault.word) if "DESC" in fault.accepts else None
    close = direction or words.get(closest(fault.word, sorted(words)) or "")
    if close is None:
        return None
    return QuerySyntaxError(f"{fault.shown} cannot stand here", hint=f"did you mean {close}?")


def missing_value(fault: Fault) -> QuerySyntaxError | None:
    """The text or a part of it ends where a value, a name or a word is due."""
    ends = fault.at_end or fault.found in _ENDS
    if not ends or not fault.before or fault.wants_operator or "_BAR" in fault.accepts:
        return None
    return QuerySyntaxError(
        f"something is missing after {short(fault.last())}",
        expected=expected(fault.accepts),
        span=span_of(fault.last()),
    )


def missing_before(fault: Fault) -> QuerySyntaxError | None:
    """``filter = 5``."""
    if not fault.wants_operand or fault.found not in _SIGNS:
        return None
    return QuerySyntaxError(
        f"something is missing before {fault.found}", expected=expected(fault.accepts)
    )


def two_operands(fault: Fault) -> QuerySyntaxError | None:
    """``fields a b``."""
    starts = fault.word or fault.found[:1] in {'"', "'", "`"}
    if not starts or "_COMMA" not in fault.accepts or not fault.before:
        return None
    last = short(fault.last())
    named = {"_AS", "PLUS"} <= fault.accepts and not fault.last().type.startswith("_")
    return QuerySyntaxError(
        f"something is missing between {last} and {fault.shown}",
        hint=f"write {last}, {fault.shown} for two, or {last} as {fault.shown} to name it"
        if named and fault.word
        else None,
        expected=expected(fault.accepts),
    )


def anything(fault: Fault) -> QuerySyntaxError:
    message = "the query ends too early" if fault.at_end else f"{fault.shown} cannot stand here"
    return QuerySyntaxError(message, expected=expected(fault.accepts))


RULES: tuple[Rule, ...] = (misspelt, missing_value, missing_before, two_operands, anything)
