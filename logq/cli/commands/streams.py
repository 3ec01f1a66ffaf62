"""``logq streams``: list, create and delete the streams of a log group."""

from __future__ import annotations

from typing import Annotated

import typer

from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.completion import streams_of
from logq.cli.options import GroupName, Output, Yes
from logq.cli.session import session

app = command_app("List, create and delete the streams of a log group.")


@app.callback()
def streams() -> None:
    """List, create and delete the streams of a log group."""


@app.command("list")
def list_streams(context: typer.Context, group: GroupName, output: Output = None) -> None:
    """List streams with the times of their first and last event."""
    run = session(context)
    with run.open() as logq:
        found = logq.storage.groups.streams(group)
    described = "stream events:integer first:timestamp last:timestamp last_ingestion:timestamp"
    rows = ((s.name, s.events, s.first, s.last, s.last_ingestion) for s in found)
    listing.show(run, output, described, rows)


@app.command()
def create(
    context: typer.Context,
    group: GroupName,
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="Its name.")],
) -> None:
    """Create an empty stream; events make theirs themselves."""
    run = session(context)
    with run.open() as logq:
        logq.storage.groups.create_stream(group, stream)
    run.say(f"created log stream {stream} of {group}")


@app.command()
def delete(
    context: typer.Context,
    group: GroupName,
    stream: Annotated[
        str, typer.Argument(metavar="STREAM", help="The log stream.", autocompletion=streams_of)
    ],
    yes: Yes = False,
) -> None:
    """Delete a stream and every event in it."""
    from logq.cli.commands.groups import confirm

    run = session(context)
    with run.open() as logq:
        found = {s.name: s.events for s in logq.storage.groups.streams(group)}
        events = found.get(stream, 0)
        if stream in found and not yes:
            confirm(run, f"Delete log stream {stream} of {group} with its {events:,} events?")
        logq.storage.groups.delete_stream(group, stream)
    run.say(f"deleted log stream {stream} of {group} with {events:,} events")
