"""``logq audit``: prove that the audit is whole."""

from __future__ import annotations

import typer

from logq.cli.acting import administrating
from logq.cli.apps import command_app
from logq.cli.faults import Failed
from logq.cli.options import End, Start, Zone, time_range
from logq.cli.session import session
from logq.terminal import GREEN, RED

app = command_app("Prove that no record of the audit is missing or changed.")


@app.callback()
def audit() -> None:
    """Prove that no record of the audit is missing or changed."""


@app.command()
def verify(context: typer.Context, start: Start = None, end: End = None, tz: Zone = "UTC") -> None:
    """Check the hash chain and the signed digests; exit code 1 names what is not as written.

    The records are in the log group /logq/audit, which is queried like any other.
    """
    run = session(context)
    within = time_range(None, start, end, tz, run.now())
    with administrating(run) as admin:
        report = admin.verify_audit(within.start, within.end)
    for finding in report.findings:
        run.out.write(f"{run.out.paint(finding.kind, RED)}: {run.out.safe(finding.text)}\n")
    if report.more:
        run.out.write("and more\n")
    state = run.out.paint("all is well", GREEN)
    if report.findings:
        state = f"{len(report.findings)}{' or more' if report.more else ''} findings"
    numbers = f"{report.first:,} to {report.last:,}" if report.first and report.last else "none"
    run.out.write(
        f"{state}: {report.records:,} records ({numbers}), {report.digests:,} digests, "
        f"signed up to record {report.signed:,}\n"
    )
    if report.findings:
        raise Failed("")
