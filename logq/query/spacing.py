"""Where a blank stands between two tokens of a query."""

from __future__ import annotations

from collections.abc import Sequence

_NONE_BEFORE = frozenset({"_COMMA", "_RPAR", "_RBRACKET", "_RBRACE", "_COLON", "_SEMICOLON"})
_NONE_AFTER = frozenset({"_LPAR", "_LBRACKET", "_LBRACE", "_BANG"})
_CALLED = frozenset({"FUNCTION", "SAVED", "LOG_GROUPS", "DATA_SOURCE", "LOG_GROUP_TAGS"})
_VALUES = frozenset(
    {"FIELD", "INT", "DECIMAL", "STRING", "TRUE", "FALSE", "NULL", "DURATION", "SIZE"}
    | {"_RPAR", "_RBRACKET", "SEGMENT"}
)
"""What ends a value: a minus behind it takes away, any other is a sign."""
_HAS_PARTS = frozenset({"FIELD", "_RPAR", "_RBRACKET", "SEGMENT"})


def spaced(kind: str, before: Sequence[str]) -> str:
    """The blank, if any, between a token and those before it, of which the last counts most."""
    last = before[-1]
    if kind in _NONE_BEFORE or last in _NONE_AFTER or last.endswith("_OPTION"):
        return ""
    if kind == "_LPAR" and last in _CALLED:
        return ""
    if kind == "_LBRACKET" and last in _HAS_PARTS:
        return ""
    if kind == "SEGMENT":  # behind a plain name it would become a part of that
        return " " if last == "FIELD" else ""
    if last == "MINUS" and (len(before) < 2 or before[-2] not in _VALUES):
        return ""
    if "P_OPTION" in before[-3:-1] and "MINUS" in (kind, last):  # as in p=1-3
        return ""
    return " "
