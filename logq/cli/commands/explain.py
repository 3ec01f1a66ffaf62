"""``logq explain``: what a query does and reads."""

from __future__ import annotations

from typing import Annotated

import typer

from logq.cli.apps import command_app
from logq.cli.commands.query import Text, read_text
from logq.cli.options import End, Groups, Since, Start, Zone, time_range
from logq.cli.session import session
from logq.terminal import lines

app = command_app()


@app.command()
def explain(
    context: typer.Context,
    text: Text,
    group: Groups = None,
    since: Since = None,
    start: Start = None,
    end: End = None,
    tz: Zone = "UTC",
    analyze: Annotated[
        bool, typer.Option("--analyze", help="Run it too, and show where the time goes.")
    ] = False,
) -> None:
    """Show the SQL of a query, and which segments and row groups it reads."""
    run = session(context)
    within = time_range(since, start, end, tz, run.now())
    run.query = read_text(text)
    with run.open() as logq:
        explained = str(
            logq.queries.explain(
                run.query,
                groups=group or [],
                start=within.start,
                end=within.end,
                analyze=analyze,
            )
        )
    run.out.write((lines(explained) if run.out.terminal else explained).rstrip("\n") + "\n")
