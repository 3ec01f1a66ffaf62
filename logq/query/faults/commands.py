"""Mistakes that belong to one command."""

from __future__ import annotations

import re

from logq.errors import QuerySyntaxError
from logq.query.fault import Fault, Rule, short, start_of

_CHOICES = {
    "_DIFF": ("a window of diff", "previousDay, previousWeek or previousMonth"),
    "TYPE_OPTION": ("a type of join", "inner or left"),
    "ACTION_OPTION": ("an action of outlier", "remove or transform"),
    "START_OPTION": ("a time", "start=-1d, start=now or seconds since 1970"),
    "END_OPTION": ("a time", "end=-1d, end=now or seconds since 1970"),
}


def parse_names(fault: Fault) -> QuerySyntaxError | None:
    """``parse @message "a * b"`` without names, and patterns in the wrong place."""
    if fault.command != "_PARSE":
        return None
    if fault.last().type == "STRING" and {"_AS", "FIELD"} <= fault.accepts:
        stars = re.sub(r"\\.", "", fault.last()).count("*")
        names = ", ".join("abcdefgh"[:stars]) if 0 < stars <= 8 else "name, ..."
        return QuerySyntaxError(
            "names are expected after the pattern, one for each *", hint=f"write as {names}"
        )
    if {"STRING", "REGEX"} <= fault.accepts:
        return QuerySyntaxError(
            "parse needs a pattern in quotes or a /regex/",
            hint='write parse @message "user=* id=*" as user, id',
        )
    if fault.last().lower() == "from" and fault.last().type == "FIELD" and fault.word:
        pattern = fault.stage[1]
        return QuerySyntaxError(
            "the field stands before the pattern",
            hint=f"write parse {short(fault.found)} {short(pattern)} as name",
            span=fault.since(fault.last()),
        )
    return None


def choice(fault: Fault) -> QuerySyntaxError | None:
    kind = _CHOICES.get(fault.last().type)
    if kind is not None:
        return QuerySyntaxError(f"{fault.shown} is not {kind[0]}", hint=f"write {kind[1]}")
    if fault.accepts == {"TRUE", "FALSE"}:
        return QuerySyntaxError(
            f"true or false is expected after {fault.last()}", hint=f"write {fault.last()}true"
        )
    return None


def into(fault: Fault) -> QuerySyntaxError | None:
    if fault.command != "_UNNEST" or "_INTO" not in fault.accepts:
        return None
    so_far = fault.text[start_of(fault.stage[0]) : fault.last().end_pos]
    return QuerySyntaxError("into is expected", hint=f"write {short(so_far)} into item")


def search_text(fault: Fault) -> QuerySyntaxError | None:
    if not fault.follows("_SEARCH"):
        return None
    return QuerySyntaxError(
        "search needs quoted text or a /regex/",
        hint=f'write search "{short(fault.found) if fault.word else "text"}"',
    )


def source_name(fault: Fault) -> QuerySyntaxError | None:
    if fault.command != "_SOURCE":
        return None
    if fault.found == "=" and len(fault.stage) == 1:
        return QuerySyntaxError("source has no =", hint='write source "name"')
    if fault.found == ",":
        return QuerySyntaxError(
            "one source names one log group", hint='write source "a" | source "b"'
        )
    return None


def saved_call(fault: Fault) -> QuerySyntaxError | None:
    if fault.command != "SAVED":
        return None
    if fault.follows("SAVED"):
        return QuerySyntaxError(
            "a saved query is called with parentheses", hint=f"write {short(fault.last())}()"
        )
    if fault.accepts == {"EQUALS"}:
        return QuerySyntaxError(
            "a parameter needs a value", hint=f'write {short(fault.last())} = "value"'
        )
    return None


def distinct(fault: Fault) -> QuerySyntaxError | None:
    """``count(distinct x)``."""
    if fault.last().lower() != "distinct" or not fault.open_brackets or not fault.word:
        return None
    return QuerySyntaxError(
        "distinct is part of the function's name",
        hint=f"write count_distinct({short(fault.found)})",
        span=fault.since(fault.last()),
    )


def direction_first(fault: Fault) -> QuerySyntaxError | None:
    """``sort desc x``."""
    direction = fault.last().lower()
    if fault.command != "_SORT" or direction not in {"asc", "desc"} or not fault.word:
        return None
    if fault.last().type != "FIELD":
        return None
    return QuerySyntaxError(
        "the direction follows the field",
        hint=f"write sort {short(fault.found)} {direction}",
        span=fault.since(fault.last()),
    )


RULES: tuple[Rule, ...] = (
    parse_names,
    choice,
    into,
    search_text,
    source_name,
    saved_call,
    distinct,
    direction_first,
)
