"""``logq tables``: lookup tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from logq.cli import listing
from logq.cli.acting import administrating
from logq.cli.apps import command_app
from logq.cli.faults import WrongUsage
from logq.cli.options import Output, Yes
from logq.cli.session import session
from logq.values import compact

app = command_app()
Name = Annotated[str, typer.Argument(metavar="TABLE", help="The table.")]


@app.callback(invoke_without_command=True)
def tables(context: typer.Context) -> None:
    """Put, list, show and delete lookup tables; alone it lists them."""
    if context.invoked_subcommand is None:
        list_tables(context)


@app.command()
def put(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TABLE", help="Its name.")],
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="CSV whose first line names the columns; - for stdin."),
    ],
) -> None:
    """Make or replace a table for the commands lookup and cidrlookup."""
    run = session(context)
    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongUsage(
            f"{file} is not UTF-8 text: byte {error.start:,}",
            hint="convert it, for example by iconv",
        ) from None
    with administrating(run, create=True) as admin:
        made = admin.put_table(name, text)
    run.say(f"stored the table {made.name}: {made.rows:,} rows, {len(made.columns):,} columns")


@app.command("list")
def list_tables(context: typer.Context, output: Output = None) -> None:
    """List the tables."""
    run = session(context)
    with administrating(run) as admin:
        found = admin.list_tables()
    output = output or listing.default_format(run)
    joined = ", ".join if output == "table" else compact
    listed = "text" if output == "table" else "json"
    rows = (
        (each.name, joined(each.columns), each.rows, each.bytes, each.updated) for each in found
    )
    described = f"name columns:{listed} rows:integer bytes:integer updated:timestamp"
    listing.show(run, output, described, rows)


@app.command()
def show(context: typer.Context, table: Name) -> None:
    """Print a table as CSV."""
    run = session(context)
    with administrating(run) as admin:
        found = admin.get_table(table)
    run.out.write("".join(f"{run.out.safe(line)}\n" for line in found.csv.splitlines()))


@app.command()
def delete(context: typer.Context, table: Name, yes: Yes = False) -> None:
    """Delete a table; queries that name it fail from then on."""
    from logq.cli.commands.groups import confirm

    run = session(context)
    with administrating(run) as admin:
        found = admin.get_table(table)
        if not yes:
            confirm(run, f"Delete the table {table} with its {found.rows:,} rows?")
        admin.delete_table(table)
    run.say(f"deleted the table {table}")
