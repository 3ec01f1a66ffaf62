"""``logq doctor``: check a data directory."""

from __future__ import annotations

from typing import Annotated

import typer

from logq.cli.apps import command_app
from logq.cli.faults import Failed
from logq.cli.session import session
from logq.terminal import GREEN, RED, YELLOW
from logq.units import format_bytes

app = command_app()


@app.command()
def doctor(
    context: typer.Context,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Rebuild a lost catalog, set damaged segments aside, clean up."
        ),
    ] = False,
) -> None:
    """Check every segment, checksum and orphan, and the catalog; exit code 1 if anything is wrong.

    Nothing is changed without --repair, and no event is thrown away with it.
    """
    run = session(context)

    def progress(done: int, total: int) -> None:
        if run.err.terminal and not run.quiet:
            text = f"{done:,} of {total:,} segments"
            run.err.write(f"\r{text}" if done < total else f"\r{' ' * len(text)}\r")
            run.err.flush()

    report = run.open().doctor(repair, progress)
    for finding in report.findings:
        name = run.out.paint(finding.kind, YELLOW if finding.repair else RED)
        repaired = f" -> {finding.repair}" if finding.repair else ""
        run.out.write(f"{name}: {run.out.safe(finding.text + repaired)}\n")
    state = run.out.paint("all is well", GREEN)
    left = [finding for finding in report.findings if not finding.repair]
    if report.findings:
        found = len(report.findings)
        state = f"{found:,} finding{'' if found == 1 else 's'}, {len(left):,} not repaired"
    run.out.write(
        f"{state}: {report.segments:,} segments with {report.events:,} events in "
        f"{format_bytes(report.bytes)}, {report.journal_events:,} events in the journal\n"
    )
    if left:
        raise Failed("")
