"""``logq tail``: the newest events, and new ones as they come."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from logq import renderer
from logq.cli import following, watching
from logq.cli.apps import command_app
from logq.cli.faults import WrongUsage
from logq.cli.filtering import read_pattern
from logq.cli.options import Groups, Output, Zone, chosen_groups
from logq.cli.session import session
from logq.units import parse_zone

app = command_app()


@app.command()
def tail(
    context: typer.Context,
    group: Groups = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new events.")] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, metavar="N", help="How many to begin with.")
    ] = 50,
    filter: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN", help="Only events that match; see 'logq help filter-pattern'."
        ),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Commands that look at one event: filter, fields, parse."
        ),
    ] = None,
    output: Output = "raw",
    tz: Zone = "UTC",
) -> None:
    """Show the newest events, oldest first; with -f new ones as they come."""
    from logq.app import LogQ
    from logq.query.live import check_row_wise, tail_query

    run = session(context)
    groups = chosen_groups(group)
    several = len(groups) > 1 or "*" in groups[0]
    chosen = renderer.get(output or "raw")
    if not chosen.live:
        raise WrongUsage(f"a tail cannot be shown as {chosen.name}", hint="use 'logq query'")
    text = tail_query(query, several)
    pattern = read_pattern(run, filter) if filter is not None else None
    run.query = text
    options = renderer.Options(parse_zone(tz))
    with run.open() as logq, ExitStack() as stack:
        if query:
            check_row_wise(query)
        if isinstance(logq, LogQ):
            here = following.Newest(run, logq, text, groups, pattern)
            stack.callback(here.close)
            answer = here.answer(lines, follow)
        elif follow:
            answer = watching.following(run, logq, text, groups, lines, filter=filter, query=query)
        else:
            answer = watching.newest(logq, text, groups, lines, pattern)
        renderer.render(chosen.name, answer, run.out, options)
