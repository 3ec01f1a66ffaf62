"""``logq plan``: what applying files would change."""

from __future__ import annotations

from typing import Annotated

import typer

from logq.cli import listing, planning
from logq.cli.apps import command_app
from logq.cli.asking import asking
from logq.cli.options import Output
from logq.cli.planning import Files, Parameters, Prune, Stack
from logq.cli.session import session
from logq.values import compact

app = command_app()


@app.command()
def plan(
    context: typer.Context,
    files: Files,
    parameter: Parameters = None,
    stack: Stack = "default",
    prune: Prune = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 10 if anything would be changed.")
    ] = False,
    output: Output = None,
) -> None:
    """Show what applying files would change, and change nothing.

    Everything is tried and taken back: what would fail fails here, with file and line.
    """
    run = session(context)
    asked = planning.body(files, parameter, stack, prune)
    with asking(run, create=True) as server:
        made = server.call("POST", "/plan", json=asked, patient=True)
    if output is None:
        planning.show(run, made)
    else:
        rows = (
            (c["operation"], c["kind"], c["group"], c["name"], c["at"], compact(c["fields"]))
            for c in made["changes"]
        )
        listing.show(run, output, "operation kind group name at fields:json", rows)
    if exit_code and planning.changes(made):
        raise typer.Exit(10)
