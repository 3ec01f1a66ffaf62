"""``logq fmt``: lay a query out."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from logq.cli.apps import command_app
from logq.cli.commands.query import Text, read_text
from logq.cli.session import session

app = command_app()


@app.command()
def fmt(
    context: typer.Context,
    text: Text = "-",
    check: Annotated[
        bool, typer.Option("--check", help="Print nothing; exit code 1 if it would change.")
    ] = False,
) -> int:
    """Print a query as people like to read it: one command a line; comments stay.

    Its answer, to the names of its columns, is the same.
    """
    from logq.query.formatting import format_query

    run = session(context)
    if text == "-" and sys.stdin.isatty():
        run.say("reading a query from the terminal; end with Ctrl-D")
    run.query = read_text(text)
    made = format_query(run.query)
    if check:
        return int(made != run.query.rstrip("\n"))
    run.out.write("".join(f"{run.out.safe(line)}\n" for line in made.split("\n")))
    return 0
