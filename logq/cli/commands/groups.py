"""``logq groups``: list, show, create, delete and change log groups."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.faults import WrongUsage
from logq.cli.options import GroupName, Output, Yes
from logq.cli.session import Session, session
from logq.model import LogGroup
from logq.units import format_bytes, format_time

app = command_app()
Retention = Annotated[
    int | None, typer.Option(metavar="DAYS", help="Days after which events expire.")
]
Format = Annotated[
    str | None, typer.Option("--format", metavar="FORMAT", help="Format of its lines, or auto.")
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="KEY=VALUE", help="A tag; KEY= removes it; may be repeated."),
]


@app.callback(invoke_without_command=True)
def groups(context: typer.Context) -> None:
    """List, show, create, delete and change log groups; alone it lists them."""
    if context.invoked_subcommand is None:
        list_groups(context)


@app.command("list")
def list_groups(
    context: typer.Context,
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="Only these; * stands for any text.")
    ] = "*",
    output: Output = None,
) -> None:
    """List the log groups."""
    run = session(context)
    with run.open() as logq:
        found = logq.storage.groups.list(pattern)
    described = (
        "name events:integer bytes:integer disk_bytes:integer retention_days:integer "
        "first:timestamp last:timestamp"
    )
    rows = (
        (g.name, g.events, g.stored_bytes, g.disk_bytes, g.retention_days, g.first, g.last)
        for g in found
    )
    listing.show(run, output, described, rows)


@app.command()
def show(context: typer.Context, group: GroupName, output: Output = None) -> None:
    """Show a log group."""
    run = session(context)
    with run.open() as logq:
        found = logq.storage.groups.get(group)
    if output is None and run.out.terminal:
        run.out.write(describe(found, run))
        return
    described = (
        "name events:integer bytes:integer disk_bytes:integer retention_days:integer format "
        "created:timestamp first:timestamp last:timestamp tags:json"
    )
    row = (
        found.name, found.events, found.stored_bytes, found.disk_bytes, found.retention_days,
        found.format, found.created, found.first, found.last, _json(dict(found.tags)),
    )  # fmt: skip
    listing.show(run, output, described, [row])


@app.command()
def create(
    context: typer.Context,
    group: Annotated[str, typer.Argument(metavar="GROUP", help="Its name.")],
    retention: Retention = None,
    format: Format = None,
    tag: Tags = None,
) -> None:
    """Create a log group; 'ingest' and 'agent' make theirs themselves."""
    run = session(context)
    with run.open(create=True) as logq:
        checked = _format(format)
        logq.storage.groups.create(group, retention, checked or "auto", _tags(tag, {}))
    run.say(f"created log group {group}")


@app.command()
def delete(context: typer.Context, group: GroupName, yes: Yes = False) -> None:
    """Delete a log group and every event in it."""
    run = session(context)
    with run.open() as logq:
        found = logq.storage.groups.get(group)
        if not yes:
            confirm(run, f"Delete log group {group} with its {found.events:,} events?")
        logq.storage.groups.delete(group)
    run.say(f"deleted log group {group} with {found.events:,} events")


@app.command("set")
def change(
    context: typer.Context,
    group: GroupName,
    retention: Retention = None,
    no_retention: Annotated[
        bool, typer.Option("--no-retention", help="Keep events for ever.")
    ] = False,
    format: Format = None,
    tag: Tags = None,
    embedded_metrics: Annotated[
        bool | None,
        typer.Option(help="Whether events may name metrics in the embedded metric format."),
    ] = None,
) -> None:
    """Change a log group's retention, format, tags or metrics."""
    run = session(context)
    if retention is not None and no_retention:
        raise WrongUsage("--retention and --no-retention exclude each other")
    changes: dict[str, Any] = {}
    if retention is not None or no_retention:
        changes["retention_days"] = retention
    with run.open() as logq:
        found = logq.storage.groups.get(group)
        if format is not None:
            changes["format"] = _format(format)
        if tag:
            changes["tags"] = _tags(tag, dict(found.tags))
        if embedded_metrics is not None:
            changes["embedded_metrics"] = embedded_metrics
        if not changes:
            raise WrongUsage(
                "nothing to change is given",
                hint="use --retention, --no-retention, --format, --tag, --embedded-metrics",
            )
        logq.storage.groups.set(group, **changes)
    run.say(f"changed log group {group}")


def confirm(run: Session, question: str) -> None:
    """Ask on a terminal; raises WrongUsage where nobody can answer and Abort for no."""
    import sys

    if not (sys.stdin.isatty() and run.err.terminal):
        raise WrongUsage("this cannot be undone and nobody can be asked", hint="add --yes")
    typer.confirm(question, abort=True, err=True)


def describe(group: LogGroup, run: Session) -> str:
    """A log group for people."""
    kept = f"{group.retention_days} days" if group.retention_days else "for ever"
    facts = {
        "log group": group.name,
        "events": f"{group.events:,}",
        "text": format_bytes(group.stored_bytes),
        "on disk": format_bytes(group.disk_bytes),
        "kept": kept,
        "format": group.format,
        "created": format_time(group.created),
        "first event": "" if group.first is None else format_time(group.first),
        "last event": "" if group.last is None else format_time(group.last),
        "metrics": "from events that name them" if group.embedded_metrics else "",
        "tags": ", ".join(f"{key}={value}" for key, value in group.tags.items()),
    }
    return "".join(f"{name:<12} {run.out.safe(text)}\n" for name, text in facts.items() if text)


def _tags(given: list[str] | None, tags: dict[str, str]) -> dict[str, str]:
    for pair in given or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise WrongUsage(f"{pair!r} is not a tag", hint="write --tag key=value")
        tags[key] = value
        if not value:
            del tags[key]
    return tags


def _format(name: str | None) -> str | None:
    """The name, if there is such a format; raises InvalidValue."""
    if name is not None and name != "auto":
        from logq.ingest.format import format_named

        format_named(name)
    return name


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
