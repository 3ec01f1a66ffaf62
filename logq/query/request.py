"""A query as it was asked: its commands, log groups, times and row limit, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from logq.errors import LimitExceeded, QueryError, QuerySyntaxError, Span, UnknownLogGroup
from logq.query.command import Command
from logq.query.commands.let import Let
from logq.query.commands.source import Source
from logq.query.environment import Moment
from logq.query.filter_pattern import FilterPattern
from logq.query.known import Known, Select
from logq.query.matching import Matching
from logq.query.saved import Expanded, expand
from logq.query.strictness import check, is_strict
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
    pointers: bool = False
    """Whether rows that are events end with ``@ptr``."""
    known: Known = Known()
    """What it may refer to."""
    expanded: Expanded = Expanded("")
    """The text with its saved queries, which the places of faults are in at first."""
    strict: bool = False
    """Whether everything is as CloudWatch has it."""
    warnings: tuple[str, ...] = ()
    """What CloudWatch would refuse."""


def read(
    text: str,
    groups: Sequence[str],
    start: int | None,
    end: int | None,
    limit: int | None,
    now: int,
    settings: Settings,
    pattern: FilterPattern | None = None,
    known: Known = Known(),  # noqa: B008
    strict: bool | None = None,
) -> Request:
    """Parse a query and settle what it reads; raises QueryError and LimitExceeded.

    Only events that match the pattern reach the query. In strict mode, by the settings unless it
    is given, what CloudWatch would refuse is an error.
    """
    if len(text) > settings.query_max_chars:
        raise LimitExceeded(
            f"the query has {len(text):,} characters, {settings.query_max_chars:,} are allowed",
            hint="shorten it, or raise the setting query_max_chars",
        )
    expanded = expand(text, known.define, settings.query_max_chars)
    with expanded.as_written():
        commands = parse(expanded.text)
        sources = [command for command in commands if isinstance(command, Source)]
        if groups and sources:
            raise QueryError(
                "the log groups are named twice: by SOURCE and beside the query",
                hint="name them in one place",
                span=sources[0].span or Span(0, 0),
            )
        strict = is_strict(settings.compat) if strict is None else strict
        warnings = check(expanded.text, commands, strict=strict)
        named = groups or expanded.groups
        wanted, moment, rest = settle(commands, named, Moment(now, start, end), known.select)
    if not wanted:
        raise QuerySyntaxError(
            "no log group is named", hint='add -g NAME, or begin with SOURCE "NAME"'
        )
    if pattern is not None:
        rest = (Matching(None, pattern), *rest)
    return Request(
        text,
        rest,
        wanted,
        moment,
        limit,
        strict=strict,
        warnings=warnings,
        known=known,
        expanded=expanded,
    )


def settle(
    commands: Sequence[Command], groups: Sequence[str], moment: Moment, select: Select
) -> tuple[tuple[str, ...], Moment, tuple[Command, ...]]:
    """The log groups and times that the SOURCE commands name, and the commands behind them.

    Raises QueryError and UnknownLogGroup.
    """
    named: list[str] = []
    rest = tuple(command for command in commands if not isinstance(command, Let))
    if not (rest and isinstance(rest[0], Source)):
        return tuple(groups), moment, rest
    while rest and isinstance(rest[0], Source):
        source, rest = rest[0], rest[1:]
        named += source.groups
        if source.functions:
            named += select(source.functions)
        if source.start is not None:
            moment = replace(moment, start=_time(source.start, moment.now))
        if source.end is not None:
            moment = replace(moment, end=_time(source.end, moment.now, end=True))
    if not named:
        raise UnknownLogGroup(
            "SOURCE means no log group", hint="'logq groups' lists them; 'logq help source'"
        )
    return tuple(named), moment, rest


def _time(text: str, now: int, *, end: bool = False) -> int:
    """``START=-1h``, ``END=0s``, ``now`` or an epoch; without a sign an amount also lies back."""
    if _AMOUNT.fullmatch(text):
        text = "-" + text
    return parse_time(text, now, end=end)
