"""Where a command is expected and something else stands."""

from __future__ import annotations

import re

from logq.errors import QuerySyntaxError, Span
from logq.query.fault import Fault, Rule, closest, short, span_of
from logq.query.habits import AGGREGATES, FOR_COMMANDS
from logq.query.terminal_words import COMMANDS

_COMMON = ("fields", "filter", "stats", "sort", "limit", "parse", "display", "dedup")
_CONDITION = re.compile(r"\s*(?:[<>=!]|(?:not\s+)?(?:like|in)\b)", re.IGNORECASE)
_COLON = re.compile(r"\s*:\s*(\"[^\"]*\"|'[^']*'|[^\s|]+)")
_BARE_WORDS = re.compile(r"[\w-]+(?:\s+[\w-]+)*\s*")


def empty(fault: Fault) -> QuerySyntaxError | None:
    """``fields a |``, ``| |`` and ``||``."""
    if not fault.wants_command or not (fault.at_end or fault.found[0] == "|"):
        return None
    message = "a command is expected after |"
    if fault.follows("_BAR") and fault.found and fault.touches:
        return QuerySyntaxError(
            message,
            hint="remove one |; to say that either may hold, write or",
            span=Span(fault.span.start - 1, fault.span.start + 1),
        )
    at_end = fault.at_end and fault.before
    return QuerySyntaxError(
        message,
        hint="remove the |, or write a command such as limit 20",
        span=span_of(fault.last()) if at_end else None,
    )


def pattern_of_another_tool(fault: Fault) -> QuerySyntaxError | None:
    """``{ $.level = "ERROR" }`` and ``{app="x"}``."""
    if fault.found != "{":
        return None
    hint = (
        'a filter pattern is not a query; write filter level = "ERROR"'
        if fault.rest.lstrip().startswith("$")
        else 'write source "name" | filter field = "value"'
    )
    return QuerySyntaxError("{ cannot stand here", hint=hint)


def condition(fault: Fault) -> QuerySyntaxError | None:
    """``status = 500`` without ``filter``."""
    if not fault.wants_command or not fault.word or fault.word in FOR_COMMANDS:
        return None
    colon = _COLON.match(fault.rest)
    if colon is not None:
        value = colon[1] if colon[1][0] in "\"'" else f'"{colon[1]}"'
        return _expected(fault, f"write filter {fault.shown} = {short(value)}")
    if _CONDITION.match(fault.rest):
        return _expected(fault, f"write filter {fault.to_bar}")
    return None


def foreign(fault: Fault) -> QuerySyntaxError | None:
    if not fault.wants_command or fault.word not in FOR_COMMANDS:
        return None
    return QuerySyntaxError(f"{fault.shown} is not a command", hint=FOR_COMMANDS[fault.word])


def function(fault: Fault) -> QuerySyntaxError | None:
    """``count(*) by x`` without ``stats``."""
    if not fault.wants_command or not fault.word:
        return None
    called = fault.rest.lstrip().startswith("(")
    aggregate = fault.word.replace("_", "") in AGGREGATES
    if not called and not aggregate:
        return None
    command = "stats" if aggregate else "filter" if fault.word.startswith("is") else "fields"
    rest = fault.to_bar if called else f"{fault.found}(*){fault.to_bar[len(fault.found) :]}"
    return QuerySyntaxError(
        f"{fault.shown} is a function, and a command is expected here",
        hint=f"write {command} {rest}",
        expected=_COMMON,
    )


def late(fault: Fault) -> QuerySyntaxError | None:
    if not fault.wants_command or fault.word not in ("source", "let"):
        return None
    return QuerySyntaxError(
        f"{fault.word} comes before all other commands",
        hint="move it to the beginning of the query",
    )


def misspelt(fault: Fault) -> QuerySyntaxError | None:
    if not fault.wants_command or not fault.word:
        return None
    close = closest(fault.word, [*COMMANDS.values(), "where", "order"])
    if close is None:
        return None
    return QuerySyntaxError(f"{fault.shown} is not a command", hint=f"did you mean {close}?")


def bare_text(fault: Fault) -> QuerySyntaxError | None:
    if not fault.wants_command or fault.found[:1] not in {'"', "'", "/"}:
        return None
    return QuerySyntaxError(
        "a bare text can only be the first stage", hint=f"write search {short(fault.found)}"
    )


def no_command(fault: Fault) -> QuerySyntaxError | None:
    if not fault.wants_command:
        return None
    stage = fault.to_bar
    if not fault.word:
        return _expected(fault, None)
    if _BARE_WORDS.fullmatch(stage):
        return _expected(fault, f'to look for a text, write filter @message like "{stage}"')
    if re.match(r"\s*(?:,|$)", fault.rest.split("|", 1)[0]):
        return _expected(fault, f"write fields {stage}")
    return _expected(fault, None)


def _expected(fault: Fault, hint: str | None) -> QuerySyntaxError:
    message = (
        "a command is expected after |"
        if fault.follows("_BAR")
        else "queries start with a command such as fields, filter, stats"
    )
    return QuerySyntaxError(message, hint=hint, expected=_COMMON)


RULES: tuple[Rule, ...] = (
    empty,
    pattern_of_another_tool,
    condition,
    foreign,
    function,
    late,
    misspelt,
    bare_text,
    no_command,
)
