"""``logq query``: ask a question."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from logq.cli.apps import command_app
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
from logq.cli.session import session

app = command_app()

Text = Annotated[str, typer.Argument(metavar="TEXT", help="The query; - reads it from stdin.")]
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
) -> None:
    """Run a query over log groups and print its answer."""
    from logq.cli.answers import Asked, ask

    run = session(context)
    asked = Asked(
        read_text(text),
        group or [],
        time_range(since, start, end, tz, run.now()),
        limit,
        output,
        file,
        tz,
        stats,
    )
    with run.open() as logq:
        ask(run, logq, asked)


def read_text(text: str) -> str:
    """The text of a query: as given, or standard input for ``-``."""
    if text != "-":
        return text
    return sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n")
