"""Queries that have no end: which commands can follow, and what they ask when nobody says."""

from __future__ import annotations

from logq.errors import InvalidValue
from logq.query.transform import parse

ROW_WISE = frozenset({"fields", "display", "filter", "where", "search", "parse"})
"""Commands that look at one event at a time, so that they can follow."""


def tail_query(text: str | None, several_groups: bool) -> str:
    """The query of a tail: what was asked, or the events as they are."""
    log = "@log, " if several_groups else ""
    return text or f"fields @timestamp, {log}@logStream, @message"


def check_row_wise(text: str) -> None:
    """Raise InvalidValue if a query has commands that need all events at once."""
    for command in parse(text):
        if command.name not in ROW_WISE:
            raise InvalidValue(
                f"'{command.name}' needs all events, and a tail has no end",
                hint=f"use only {', '.join(sorted(ROW_WISE))}, or run 'logq query'",
            )
