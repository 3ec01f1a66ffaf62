"""``logq apply``: make everything as files declare it."""

from __future__ import annotations

import typer

from logq.cli import planning
from logq.cli.apps import command_app
from logq.cli.asking import asking
from logq.cli.options import Yes
from logq.cli.planning import Files, Parameters, Prune, Stack
from logq.cli.session import session

app = command_app()


@app.command()
def apply(
    context: typer.Context,
    files: Files,
    parameter: Parameters = None,
    stack: Stack = "default",
    prune: Prune = False,
    yes: Yes = False,
) -> None:
    """Make everything as files declare it: all of it, or nothing.

    The changes are shown first; applying the same files again changes nothing.
    """
    from logq.cli.commands.groups import confirm

    run = session(context)
    asked = planning.body(files, parameter, stack, prune)
    with asking(run, create=True) as server:
        made = server.call("POST", "/plan", json=asked, patient=True)
        planning.show(run, made)
        count = planning.changes(made)
        if count and not yes:
            confirm(run, f"Make {count} changes?")
        wanted = asked | {"expected": made["id"]}
        server.call("POST", "/apply", json=wanted, patient=True)
    run.say(f"made {count} changes" if count else "everything is as it is declared")
