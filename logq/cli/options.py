"""Options that several commands take, and how their values are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from logq.cli.completion import formats, groups
from logq.cli.faults import WrongUsage
from logq.errors import InvalidValue
from logq.units import parse_duration, parse_time, parse_zone

Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        "-g",
        metavar="GROUP",
        help="A log group, or several by a name with *; may be repeated.",
        autocompletion=groups,
    ),
]
Group = Annotated[
    str,
    typer.Option("--group", "-g", metavar="GROUP", help="The log group.", autocompletion=groups),
]
GroupName = Annotated[
    str, typer.Argument(metavar="GROUP", help="The log group.", autocompletion=groups)
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FORMAT",
        help="table, json, ndjson, csv, parquet FILE, arrow, chart or raw; "
        "default: table on a terminal, ndjson in a pipe.",
        autocompletion=formats,
    ),
]
OutputFile = Annotated[
    str | None,
    typer.Argument(metavar="FILE", help="Where '-o parquet' writes.", show_default=False),
]
Since = Annotated[
    str | None, typer.Option(metavar="1h", help="Only what is younger: 90s, 15m, 1h, 2d, 1w.")
]
Start = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="From this time on: ISO 8601, epoch, now, -1h, today, 'yesterday 14:00'.",
    ),
]
End = Annotated[str | None, typer.Option(metavar="TIME", help="Up to and with this time.")]
Zone = Annotated[
    str, typer.Option("--tz", metavar="ZONE", help="Time zone of times in and out; or local.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class Range:
    """A time range in epoch milliseconds, both ends inclusive; None: open."""

    start: int | None
    end: int | None


def time_range(since: str | None, start: str | None, end: str | None, zone: str, now: int) -> Range:
    """The range that the options mean; raises WrongUsage or InvalidValue."""
    if since is not None and start is not None:
        raise WrongUsage("--since and --start both say where to begin", hint="give one of them")
    where = parse_zone(zone)
    first = parse_time(start, now, where) if start is not None else None
    if since is not None:
        first = now - parse_duration(since.removeprefix("-"))
    last = parse_time(end, now, where, end=True) if end is not None else None
    if first is not None and last is not None and first > last:
        raise InvalidValue("the time range ends before it begins", hint="swap --start and --end")
    return Range(first, last)


def chosen_groups(names: list[str] | None) -> list[str]:
    """The names of ``-g``, of which there must be one; raises WrongUsage."""
    if not names:
        raise WrongUsage("no log group is given", hint="name one with -g, or all with -g '*'")
    return names
