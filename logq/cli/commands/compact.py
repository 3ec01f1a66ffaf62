"""``logq compact``: merge small segments now."""

from __future__ import annotations

from typing import Annotated

import typer

from logq.cli.apps import command_app
from logq.cli.completion import groups
from logq.cli.reports import report_line
from logq.cli.session import session

app = command_app()


@app.command()
def compact(
    context: typer.Context,
    group: Annotated[
        str | None,
        typer.Argument(metavar="GROUP", help="Only this log group.", autocompletion=groups),
    ] = None,
) -> None:
    """Seal the journal and merge small segments into large ones."""
    run = session(context)
    with run.open() as logq:
        if group is not None:
            logq.storage.groups.get(group)
        sealed = logq.storage.seal(group)
        merged = logq.storage.compact(group)
    run.say(f"sealed: {report_line(sealed)}")
    run.say(f"compacted: {report_line(merged)}")
