"""``logq queries``: saved queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from logq.cli import listing
from logq.cli.acting import administrating
from logq.cli.apps import command_app
from logq.cli.commands.query import Limit, Stats, Text, read_text
from logq.cli.faults import WrongUsage
from logq.cli.options import (
    End,
    Groups,
    Output,
    OutputFile,
    Since,
    Start,
    Yes,
    Zone,
    time_range,
)
from logq.cli.session import session
from logq.values import compact

app = command_app()
Name = Annotated[str, typer.Argument(metavar="NAME", help="The saved query; / makes folders.")]


@app.callback(invoke_without_command=True)
def queries(context: typer.Context) -> None:
    """Save, list, show, run and delete queries; alone it lists them."""
    if context.invoked_subcommand is None:
        list_queries(context)


@app.command()
def save(
    context: typer.Context,
    name: Name,
    text: Text,
    group: Groups = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME[=DEFAULT]",
            help="A parameter, {{NAME}} in the text, and what it is when nothing is given.",
        ),
    ] = None,
) -> None:
    """Save a query under a name; one that has it already is replaced whole.

    What {{NAME}} stands for is given when it runs: -p NAME=VALUE, or $NAME(...) in a query.
    """
    from logq.query.saved import placeholders

    run = session(context)
    query = read_text(text)
    parameters: dict[str, str | None] = dict.fromkeys(placeholders(query))
    for each in parameter or []:
        known, equals, default = each.partition("=")
        if known not in parameters:
            raise WrongUsage(
                f"the query has no {{{{{known}}}}}", hint="write it where its value belongs"
            )
        parameters[known] = default if equals else None
    with administrating(run, create=True) as admin:
        admin.save_query(name, query, group or [], parameters)
    run.say(f"saved the query {name}")


@app.command("list")
def list_queries(context: typer.Context, output: Output = None) -> None:
    """List the saved queries that you may see."""
    run = session(context)
    with administrating(run) as admin:
        found = admin.list_queries()
    output = output or listing.default_format(run)
    joined = ", ".join if output == "table" else compact
    listed = "text" if output == "table" else "json"
    rows = (
        (
            each.name,
            each.text,
            joined([one.name for one in each.parameters]),
            joined([*each.groups]),
            each.updated,
        )
        for each in found
    )
    described = f"name query parameters:{listed} groups:{listed} updated:timestamp"
    listing.show(run, output, described, rows)


@app.command()
def show(context: typer.Context, name: Name) -> None:
    """Print the text of a saved query."""
    run = session(context)
    with administrating(run) as admin:
        found = admin.get_query(name)
    run.out.write("".join(f"{run.out.safe(line)}\n" for line in found.text.splitlines()))
    for one in found.parameters:
        default = "needed" if one.default is None else f"default {one.default}"
        run.say(f"{{{{{one.name}}}}}: {one.description or default}")
    if found.groups:
        run.say(f"for {', '.join(found.groups)}")


@app.command("run")
def run_saved(
    context: typer.Context,
    name: Name,
    file: OutputFile = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="A text, or a number; a number in quotes is a text.",
        ),
    ] = None,
    group: Groups = None,
    since: Since = None,
    start: Start = None,
    end: End = None,
    output: Output = None,
    limit: Limit = None,
    tz: Zone = "UTC",
    stats: Stats = False,
) -> None:
    """Run a saved query; without -g over the log groups that it was saved for."""
    from logq.cli.answers import Asked, ask
    from logq.query.saved import call

    run = session(context)
    text = call(name, _given(parameter or []))
    times = time_range(since, start, end, tz, run.now())
    with run.open() as logq:
        ask(run, logq, Asked(text, group or [], times, limit, output, file, tz, stats))


@app.command()
def delete(context: typer.Context, name: Name, yes: Yes = False) -> None:
    """Delete a saved query."""
    from logq.cli.commands.groups import confirm

    run = session(context)
    with administrating(run) as admin:
        admin.get_query(name)
        if not yes:
            confirm(run, f"Delete the saved query {name}?")
        admin.delete_query(name)
    run.say(f"deleted the query {name}")


def _given(parameters: Sequence[str]) -> dict[str, str]:
    from logq.query.saved import NAME

    given: dict[str, str] = {}
    for each in parameters:
        name, equals, value = each.partition("=")
        if not equals or not NAME.fullmatch(name):
            raise WrongUsage(f"-p {each} names no value", hint="write -p NAME=VALUE")
        if name in given:
            raise WrongUsage(f"-p {name} is given twice", hint="leave out one of them")
        given[name] = value
    return given
