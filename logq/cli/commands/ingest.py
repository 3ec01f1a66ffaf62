"""``logq ingest``: read files once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from logq.cli.apps import command_app
from logq.cli.faults import INTERRUPTED, Failed
from logq.cli.options import Group, Zone
from logq.cli.session import Session, session
from logq.units import format_bytes, parse_zone

if TYPE_CHECKING:
    from logq.ingest.report import LoadReport

app = command_app()


@app.command()
def ingest(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Files or globs, also .gz and .zst; - for stdin."),
    ],
    group: Group,
    stream: Annotated[
        str | None,
        typer.Option(
            "--stream", "-s", metavar="STREAM", help="Log stream, may hold {file} {path} {host}."
        ),
    ] = None,
    format: Annotated[
        str, typer.Option(metavar="FORMAT", help="'logq help formats' lists them.")
    ] = "auto",
    again: Annotated[
        bool, typer.Option("--again", help="Read files again that have been read before.")
    ] = False,
    tz: Zone = "UTC",
) -> int:
    """Read files into a log group, which is made if it is not there."""
    from logq.cli.loading import Bar

    run = session(context)
    zone = parse_zone(tz)
    with run.open(create=True) as logq, Bar(run) as bar:
        options = {"stream": stream} if stream else {}
        report = logq.load(files, group, bar.tell, format=format, zone=zone, again=again, **options)
    return tell(run, report, files)


def tell(run: Session, report: LoadReport, files: list[str]) -> int:
    """Report what was read and return the exit code; raises Failed if a file could not be."""
    warn_of_faults(run, report)
    for file in report.files:
        if file.already_ingested:
            run.say(f"{file.path}: nothing new since it was read before (--again reads it again)")
    total = report.total
    facts = [
        f"{total.lines:,} lines",
        f"{total.events:,} events",
        format_bytes(total.bytes),
        f"{total.rejected:,} rejected",
    ]
    for name in ("truncated", "invalid_utf8", "expired"):
        if count := getattr(total, name):
            facts.append(f"{count:,} {name.replace('_', ' ')}")
    run.say(", ".join(facts))
    if report.interrupted:
        again = f"run it again to read on: logq ingest {' '.join(files)} ..."
        stdin = "-" in files
        run.say("interrupted; what is counted here is kept" + ("" if stdin else f"; {again}"))
        return INTERRUPTED
    check_all_read(report)
    return 0


def warn_of_faults(run: Session, report: LoadReport) -> None:
    """Tell which files and lines could not be read."""
    for file in report.files:
        if file.error is not None:
            named = file.path in file.error.message
            run.warn(str(file.error) if named else f"{file.path}: {file.error}")
        for fault in file.faults[:3]:
            run.warn(f"{file.path}, line {fault.line}: {fault.reason}")


def check_all_read(report: LoadReport) -> None:
    """Raise Failed if a file could not be read to its end."""
    if report.failed:
        raise Failed(
            f"{len(report.failed):,} of {len(report.files):,} files could not be read to their end"
        )
