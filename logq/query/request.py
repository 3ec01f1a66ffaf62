"""A query as it was asked: its commands, log groups, times and row limit, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from logq.errors import LimitExceeded, QueryError, QuerySyntaxError, Span
from logq.query.command import Command
from logq.query.commands.source import Source
from logq.query.sql import Moment
from logq.query.transform import parse
from logq.settings import Settings
from logq.units import parse_time

_AMOUNT = re.compile(r"\d+(ms|[smhdw])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be run."""

    text: str
    commands: tuple[Command, ...]
    groups: tuple[str, ...]
    """Names and globs."""
    moment: Moment
    limit: int | None
    """The most rows that the caller wants; None: the query decides."""


def read(
    text: str,
    groups: Sequence[str],
    start: int | None,
    end: int | None,
    limit: int | None,
    now: int,
    settings: Settings,
) -> Request:
    """Parse a query and settle what it reads; raises QueryError and LimitExceeded."""
    if len(text) > settings.query_max_chars:
        raise LimitExceeded(
            f"the query has {len(text):,} characters, {settings.query_max_chars:,} are allowed",
            hint="shorten it, or raise the setting query_max_chars",
        )
    commands = parse(text)
    named: list[str] = []
    while commands and isinstance(commands[0], Source):
        source, commands = commands[0], commands[1:]
        source.check()
        if groups:
            raise QueryError(
                "the log groups are named twice: by SOURCE and beside the query",
                hint="name them in one place",
                span=source.span or Span(0, 0),
            )
        named += source.groups
        start = start if source.start is None else _time(source.start, now)
        end = end if source.end is None else _time(source.end, now, end=True)
    wanted = tuple(named or groups)
    if not wanted:
        raise QuerySyntaxError(
            "no log group is named", hint='add -g NAME, or begin with SOURCE "NAME"'
        )
    return Request(text, commands, wanted, Moment(now, start, end), limit)


def _time(text: str, now: int, *, end: bool = False) -> int:
    """``START=-1h``, ``END=0s``, ``now`` or an epoch; without a sign an amount also lies back."""
    if _AMOUNT.fullmatch(text):
        text = "-" + text
    return parse_time(text, now, end=end)
