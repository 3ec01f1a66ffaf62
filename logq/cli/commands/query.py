"""``logq query``: ask a question."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from logq.cli.apps import command_app
from logq.cli.completion import query_text
from logq.cli.faults import INTERRUPTED, WrongUsage
from logq.cli.options import (
    End,
    Groups,
    Output,
    OutputFile,
    Since,
    Start,
    Zone,
    time_range,
)
from logq.cli.session import Session, session
from logq.units import parse_zone

if TYPE_CHECKING:
    from logq.cli.answers import Asked

app = command_app()

Text = Annotated[
    str,
    typer.Argument(
        metavar="TEXT", help="The query; - reads it from stdin.", autocompletion=query_text
    ),
]
Limit = Annotated[
    int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="At most N rows.")
]
Stats = Annotated[
    bool, typer.Option("--stats", help="Say on stderr what was read and how long it took.")
]


@app.command()
def query(
    context: typer.Context,
    text: Text,
    file: OutputFile = None,
    group: Groups = None,
    since: Since = None,
    start: Start = None,
    end: End = None,
    output: Output = None,
    limit: Limit = None,
    tz: Zone = "UTC",
    stats: Stats = False,
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--file",
            "-F",
            metavar="FILE",
            help="Ask a file or glob, also .gz and .zst, - for stdin, without ingesting it; "
            "may be repeated.",
        ),
    ] = None,
    format: Annotated[
        str, typer.Option(metavar="FORMAT", help="Of --file; 'logq help formats' lists them.")
    ] = "auto",
    strict: Annotated[
        bool | None,
        typer.Option("--strict/--lenient", help="Refuse what CloudWatch refuses (setting compat)."),
    ] = None,
) -> int:
    """Run a query over log groups or files and print its answer."""
    from logq.cli.answers import Asked, ask

    run = session(context)
    if text == "-" and "-" in (files or ()):
        raise WrongUsage("query and logs both come from stdin", hint="give the query as TEXT")
    asked = Asked(
        read_text(text),
        group or [],
        time_range(since, start, end, tz, run.now()),
        limit,
        output,
        file,
        tz,
        stats,
        strict,
    )
    if files:
        return _ask_files(run, asked, files, format)
    with run.open() as logq:
        ask(run, logq, asked)
    return 0


def _ask_files(run: Session, asked: Asked, files: list[str], format: str) -> int:
    from logq.cli.answers import ask
    from logq.cli.commands.ingest import check_all_read, warn_of_faults
    from logq.cli.over_files import GROUP, over_files
    from logq.query.transform import parse

    if asked.groups:
        raise WrongUsage("files and log groups are given", hint="leave out --file or -g")
    run.query = asked.text
    parse(asked.text)  # a fault is told before the files are read
    with over_files(run, files, format, parse_zone(asked.zone)) as (logq, report):
        if report.interrupted:
            return INTERRUPTED
        if len(report.failed) == len(report.files) and report.failed[0].error is not None:
            raise report.failed[0].error
        warn_of_faults(run, report)
        ask(run, logq, replace(asked, groups=[GROUP]))
    check_all_read(report)
    return 0


def read_text(text: str) -> str:
    """The text of a query: as given, or standard input for ``-``."""
    if text != "-":
        return text
    return sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n")
