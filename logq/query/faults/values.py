"""Values in the wrong shape: patterns, numbers, periods and texts without quotes."""

from __future__ import annotations

import re

from logq.errors import QuerySyntaxError, Span
from logq.query.fault import Fault, Rule, short, start_of
from logq.query.faults.names import needs_backticks
from logq.query.habits import FOR_OPERATORS, FOR_WORDS
from logq.query.terminal_words import is_command
from logq.units import UNIT_NAMES

_NUMBERED = {"_LIMIT": "limit", "ANY": "limit any", "_HEAD": "head", "_TAIL": "tail"}
_PERIODS = {"_TIMESHIFT": "timeshift", "_OFFSET": "offset", "_MAXSPAN": "maxspan"}
_COMPARING = frozenset({"EQUALS", "COMPARISON"})
_UNQUOTED = frozenset({"INT", "DECIMAL", "FIELD", "MINUS", "SLASH"})
_LOOSE = re.compile(r"[^|()\[\]\"'`,]*?(?=\s+(?:and|or)\b|\s*(?:[|()\[\]\"'`,]|$))", re.IGNORECASE)


def pattern(fault: Fault) -> QuerySyntaxError | None:
    """``like foo``, ``like %foo%`` and ``like ["a", "b"]``."""
    if fault.last().type not in {"_LIKE", "_MATCHES"}:
        return None
    if fault.found in {"[", "("}:
        return QuerySyntaxError(
            f"{fault.last()} takes one text or one /regex/",
            hint=f"write {fault.last()} /a|b/ to find either",
        )
    bare = re.match(r"%?([\w@.-]+)%?", fault.text[fault.span.start :])
    return QuerySyntaxError(
        f"quoted text or a /regex/ is expected after {fault.last()}",
        hint=f'write {fault.last()} "{short(bare[1]) if bare else "text"}"',
    )


def row_count(fault: Fault) -> QuerySyntaxError | None:
    """``limit ten``, ``limit 10.5``, ``limit 1,000`` and ``limit 10 offset 20``."""
    command = _NUMBERED.get(fault.last().type)
    if command is not None:
        digits = re.match(r"[-\"']?n?\s*([0-9]+)", fault.text[fault.span.start :])
        number = short(digits[1]) if digits else "20"
        return QuerySyntaxError(f"{command} needs a whole number", hint=f"write {command} {number}")
    command = _NUMBERED.get(fault.last(2).type)
    if command is None or fault.last().type != "INT":
        return None
    if fault.word in {"offset", "skip"}:
        return QuerySyntaxError(
            f"{command} has no {fault.word}",
            hint="move on with a condition, such as filter @timestamp < value",
        )
    if fault.found[:1] in {".", ","} or (fault.touches and fault.word):
        thousands = re.match(r"[0-9]{1,3}(?:[,_][0-9]{3})+\b", fault.text[start_of(fault.last()) :])
        number = re.sub("[,_]", "", thousands[0]) if thousands else short(fault.last())
        return QuerySyntaxError(
            f"{command} needs one whole number",
            hint=f"write {command} {number}",
            span=fault.since(fault.last()),
        )
    return None


def period(fault: Fault) -> QuerySyntaxError | None:
    word = _PERIODS.get(fault.last().type)
    if word is None:
        return None
    amount = f"{fault.found}m" if fault.found.isdecimal() else "1h"
    return QuerySyntaxError(f"{word} needs a period", hint=f"write {word} {short(amount)}")


def unit(fault: Fault) -> QuerySyntaxError | None:
    """``bin(5 min)``, ``bin(5x)``, ``bin(5M)`` and ``now() - 1h``."""
    number = fault.last()
    if number.type not in {"INT", "DECIMAL"} or not re.fullmatch(r"[a-zA-Zµ]+", fault.found):
        return None
    if fault.last(2).type in {"_LPAR", "_COMMA"} and fault.open_brackets:
        return _unit_of_argument(fault)
    if UNIT_NAMES.get(fault.word) is None:
        return None
    called = fault.last(2)
    if called.type == "FIELD":
        return None
    return _unit_of_argument(fault)


def period_without_parentheses(fault: Fault) -> QuerySyntaxError | None:
    """``by bin 5m``."""
    amount = re.fullmatch(r"[0-9]+([a-z]+)", fault.word)
    if amount is None or amount[1] not in UNIT_NAMES or fault.last().type != "FIELD":
        return None
    return QuerySyntaxError(
        "the argument of a function stands in parentheses",
        hint=f"write {short(fault.last())}({fault.found})",
        span=fault.since(fault.last()),
    )


def unquoted(fault: Fault) -> QuerySyntaxError | None:
    """``status = 5xx``, ``ip = 10.0.0.1``, ``time > 2026-01-01T10:00``, ``m = timed out``."""
    stage = fault.stage
    signs = [i for i, token in enumerate(stage) if token.type in _COMPARING]
    if not signs or not fault.wants_operator:
        return None
    value = stage[signs[-1] + 1 :]
    if not value or any(token.type not in _UNQUOTED for token in value):
        return None
    known = fault.word in FOR_OPERATORS or fault.word in FOR_WORDS or is_command(fault.word)
    word = fault.word and not known
    if not word and not (fault.touches and fault.found[:1] in {":", "."}):
        return None
    start = start_of(value[0])
    loose = _LOOSE.match(fault.text, start)
    end = max(loose.end() if loose else 0, fault.span.end)
    return QuerySyntaxError(
        "text needs quotes",
        hint=f'write "{short(fault.text[start:end])}"',
        span=Span(start, end),
    )


def begins_with_digit(fault: Fault) -> QuerySyntaxError | None:
    """``fields 5xx``."""
    if fault.last().type != "INT" or not fault.touches or not fault.word:
        return None
    return needs_backticks(fault.text, start_of(fault.last()))


def _unit_of_argument(fault: Fault) -> QuerySyntaxError:
    number = fault.last()
    known = UNIT_NAMES.get(fault.word)
    if known is None or (fault.touches and fault.found == "M"):
        return QuerySyntaxError(
            f"{fault.shown} is not a unit of time",
            hint="units are ms, s, m, h, d, w, mo, q and y; m is minutes, mo is months",
        )
    if number.type == "DECIMAL":
        return QuerySyntaxError(
            "a period is a whole number of units",
            hint="take a smaller unit: 90s for one and a half minutes",
            span=fault.since(number),
        )
    return QuerySyntaxError(
        "a number and its unit are written together in small letters",
        hint=f"write {short(number)}{known}",
        span=fault.since(number),
    )


RULES: tuple[Rule, ...] = (
    pattern,
    row_count,
    period,
    unit,
    period_without_parentheses,
    unquoted,
    begins_with_digit,
)
