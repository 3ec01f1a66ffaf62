"""``logq fields``: what fields the events of log groups have."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.options import Groups, Output, Since, Zone, chosen_groups, time_range
from logq.cli.session import session
from logq.units import parse_zone
from logq.values import compact

app = command_app()


@app.command()
def fields(
    context: typer.Context,
    group: Groups = None,
    since: Since = None,
    output: Output = None,
    tz: Zone = "UTC",
) -> None:
    """List the fields found in events: types, share of events that have them, examples."""
    from logq.app import LogQ
    from logq.work.discovery import Discovered, Discovery

    run = session(context)
    groups = chosen_groups(group)
    within = time_range(since, None, None, tz, run.now())
    with run.open() as logq:
        if isinstance(logq, LogQ):
            snapshot = logq.storage.snapshot(groups)
            warnings: Sequence[str] = snapshot.warnings
            found = Discovery(
                logq.queries, snapshot, groups, within.start, within.end, parse_zone(tz)
            ).fields()
        else:
            shown, warnings = logq.fields(groups, within.start, within.end, tz)
            found = [Discovered(**one) for one in shown]
    for warning in warnings:
        run.warn(warning)
    output = output or listing.default_format(run)
    joined = ", ".join if output == "table" else compact
    rows = (
        (each.field, joined(each.types), each.events, each.percent, joined(each.examples))
        for each in found
    )
    listed = "text" if output == "table" else "json"
    described = f"field types:{listed} events:integer percent:number examples:{listed}"
    listing.show(run, output, described, rows, parse_zone(tz))
