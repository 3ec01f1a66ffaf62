"""Quotes that do not close, comments of other languages, signs that only look right."""

from __future__ import annotations

import unicodedata

from logq.errors import QuerySyntaxError, Span
from logq.query.fault import Fault, Rule, start_of

_CURLY = frozenset("\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb")
_ALIKE = {"\u2013": "-", "\u2014": "-", "\u2212": "-", "≥": ">=", "≤": "<=", "≠": "!=", "¦": "|"}
_QUOTED = {'"': "text", "'": "text", "`": "field name"}
_FLAGS = frozenset("gimsux")
_COMPARING = frozenset({"EQUALS", "COMPARISON"})


def look_alike(fault: Fault) -> QuerySyntaxError | None:
    """Typographic quotes, dashes and wide signs, mostly from pasted text."""
    if not fault.found or fault.found.isascii() or fault.word:
        return None
    if fault.found in _CURLY:
        return QuerySyntaxError(f"{fault.found} is not a quote here", hint="write \" or '")
    meant = _ALIKE.get(fault.found) or unicodedata.normalize("NFKC", fault.found)
    if meant == fault.found or not meant.isascii() or not meant.isprintable():
        return None
    return QuerySyntaxError(f"{fault.found} is not the sign {meant}", hint=f"write {meant}")


def comment(fault: Fault) -> QuerySyntaxError | None:
    """``--``, ``//`` and ``/* */``; a ``/*`` that opens a query was read as a regex."""
    last = fault.last()
    block = last.type == "REGEX" and last.startswith("/*") and last.endswith("*/")
    slashes = fault.found[:1] in {"/", "*"} and fault.touches and last.type == "SLASH"
    signs = fault.found in {"/*", "//"} and "REGEX" not in fault.accepts
    signs = signs or fault.found == "--"
    if not (block or slashes or signs):
        return None
    span = fault.since(last) if block or slashes else None
    return QuerySyntaxError("this is not a comment", hint="a comment starts with #", span=span)


def unclosed_text(fault: Fault) -> QuerySyntaxError | None:
    if fault.found in {".", "@", "$"} and fault.rest[:1] == "`" and "`" not in fault.rest[1:]:
        place = Span(fault.span.end, fault.span.end + 1)
        return QuerySyntaxError(
            "this field name has no closing `", hint="add ` where it ends", span=place
        )
    kind = _QUOTED.get(fault.found)
    if kind is None:
        return None
    if fault.touches and fault.last().type == "STRING":
        return _too_early(fault)
    return QuerySyntaxError(
        f"this {kind} has no closing {fault.found}", hint=f"add {fault.found} where it ends"
    )


def unclosed_regex(fault: Fault) -> QuerySyntaxError | None:
    if fault.found[:1] != "/":
        return None
    if "REGEX" in fault.accepts and fault.found == "//":
        return QuerySyntaxError("this regular expression is empty", hint="write /text/")
    if "REGEX" in fault.accepts:
        return QuerySyntaxError(
            "this regular expression has no closing /",
            hint="add / where it ends, and write \\/ for a slash inside",
        )
    if fault.wants_operand and fault.last().type in _COMPARING:
        return QuerySyntaxError(
            "a regular expression cannot be compared",
            hint="write like /regex/, or not like /regex/",
        )
    return None


def text_ends_early(fault: Fault) -> QuerySyntaxError | None:
    """``"say "hi" now"`` and ``'it's'``."""
    goes_on = fault.word or fault.found[:1] in _QUOTED or fault.found == "\\"
    if not fault.touches or fault.last().type != "STRING" or not goes_on:
        return None
    return _too_early(fault)


def regex_ends_early(fault: Fault) -> QuerySyntaxError | None:
    """``/error/i`` and ``/api/users``."""
    if not fault.touches or fault.last().type != "REGEX" or not fault.word:
        return None
    if set(fault.word) - _FLAGS:
        return QuerySyntaxError(
            f"the regular expression ends before {fault.shown}",
            hint="write \\/ for a slash inside",
            span=fault.since(fault.last()),
        )
    return QuerySyntaxError(
        "a regular expression has no flags after its closing /",
        hint=f"write /(?i){fault.last()[1:]} to ignore case",
        span=fault.since(fault.last()),
    )


def _too_early(fault: Fault) -> QuerySyntaxError:
    quote = fault.last()[0]
    return QuerySyntaxError(
        f"the text ends before {fault.shown}",
        hint=f"inside a text write \\{quote} for {quote}, or add the missing quote before",
        span=Span(start_of(fault.last()), fault.span.end),
    )


RULES: tuple[Rule, ...] = (
    look_alike,
    comment,
    unclosed_text,
    unclosed_regex,
    text_ends_early,
    regex_ends_early,
)
