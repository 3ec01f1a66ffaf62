"""``logq filters``: try filter patterns."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from logq import renderer
from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.faults import WrongUsage
from logq.cli.filtering import read_pattern
from logq.cli.options import End, Groups, Output, Since, Start, time_range
from logq.cli.session import Session, session

if TYPE_CHECKING:
    from logq.query.filter_pattern import FilterPattern

app = command_app("Try filter patterns.")

BATCH = 1_000


@app.callback()
def filters() -> None:
    """Try filter patterns."""


@app.command("test")
def try_pattern(
    context: typer.Context,
    pattern: Annotated[
        str,
        typer.Argument(metavar="PATTERN", help="The pattern; 'logq help filter-pattern'."),
    ],
    line: Annotated[
        list[str] | None,
        typer.Argument(metavar="LINE", help="Messages to try it on; else lines of stdin, or -g."),
    ] = None,
    group: Groups = None,
    since: Since = None,
    start: Start = None,
    end: End = None,
    limit: Annotated[
        int,
        typer.Option("--limit", "-n", min=1, metavar="N", help="With -g: at most N matches."),
    ] = 50,
    output: Output = None,
) -> None:
    """Show which messages match a pattern, and the values that it extracts.

    Messages are the LINEs, or lines of standard input, or with -g stored events, newest first.
    """
    run = session(context)
    if line and group:
        raise WrongUsage("messages and a log group are given", hint="leave out one of them")
    within = time_range(since, start, end, "UTC", run.now())
    checked = read_pattern(run, pattern)
    renderer.get(output or listing.default_format(run))
    rows: Iterable[renderer.Row]
    if group:
        with run.open() as logq:
            found = logq.queries.run(
                "fields @message",
                groups=group,
                start=within.start,
                end=within.end,
                limit=limit,
                pattern=checked,
            )
            stored = [str(row[0]) for row in found.rows()]
        for warning in found.warnings:
            run.warn(warning)
        rows = _rows(checked, stored)
    else:
        rows = _rows(checked, line or _standard_input(run))
    listing.show(run, output, "eventNumber:integer eventMessage extractedValues:dynamic", rows)


def _rows(pattern: FilterPattern, messages: Iterable[str]) -> Iterator[renderer.Row]:
    from logq.query.filter_pattern import extract

    for first, batch in _batches(messages):
        for match in extract(pattern, batch):
            values = json.dumps(dict(match.extracted), ensure_ascii=False)
            yield first + match.event_number, match.message, values


def _batches(messages: Iterable[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Parts of the messages, and how many come before."""
    rest, first = iter(messages), 0
    while batch := list(islice(rest, BATCH)):
        yield first, batch
        first += len(batch)


def _standard_input(run: Session) -> Iterator[str]:
    if sys.stdin.isatty():
        run.say("reading messages from the terminal, one a line; end with Ctrl-D")
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").rstrip("\r\n")
