"""``logq retention``: remove expired events now."""

from __future__ import annotations

import typer

from logq.cli.apps import command_app
from logq.cli.reports import report_line
from logq.cli.session import session

app = command_app("Remove expired events.")


@app.callback()
def retention() -> None:
    """Remove expired events."""


@app.command("run")
def run_now(context: typer.Context) -> None:
    """Remove the files of events that have expired; queries have not seen them since."""
    run = session(context)
    with run.open() as logq:
        report = logq.storage.retention()
    run.say(f"retention: {report_line(report)}")
