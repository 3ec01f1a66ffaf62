"""``logq streams``: the streams of a log group."""

from __future__ import annotations

import typer

from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.options import GroupName, Output
from logq.cli.session import session

app = command_app("List the streams of a log group.")


@app.callback()
def streams() -> None:
    """List the streams of a log group."""


@app.command("list")
def list_streams(context: typer.Context, group: GroupName, output: Output = None) -> None:
    """List streams with the times of their first and last event."""
    run = session(context)
    with run.open() as logq:
        found = logq.storage.groups.streams(group)
    described = "stream events:integer first:timestamp last:timestamp last_ingestion:timestamp"
    rows = ((s.name, s.events, s.first, s.last, s.last_ingestion) for s in found)
    listing.show(run, output, described, rows)
