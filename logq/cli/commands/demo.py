"""``logq demo``: from nothing to answers in one command."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from logq.cli.apps import command_app
from logq.cli.samples import Demo, DemoQuery, read_demo
from logq.cli.session import Session, data_directory, session

app = command_app()


@app.command()
def demo(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Run three queries, print their answers, and exit.")
    ] = False,
) -> None:
    """Load sample logs and show what can be asked; your own data is not touched."""
    run = session(context)
    told = read_demo()
    if once and run.data is None:
        with tempfile.TemporaryDirectory(prefix="logq-demo-") as directory:
            play(run, told, Path(directory), once)
    else:
        own = data_directory(None).with_name("logq-demo")
        play(run, told, data_directory(run.data) if run.data else own, once)


def play(run: Session, told: Demo, data: Path, once: bool) -> None:
    """Load the samples into a data directory and show or name the queries."""
    from logq.app import LogQ

    with LogQ(data) as logq, tempfile.TemporaryDirectory() as folder:
        events = 0
        for sample in told.samples:
            # Syslog names no year, and the age of its file tells: the samples are of one day.
            path = Path(shutil.copy(sample.path, folder))
            os.utime(path, (told.read_at, told.read_at))
            report = logq.load([str(path)], sample.group, stream=sample.stream)
            events += report.total.events
        groups = logq.storage.groups.list()
    run.say(f"{told.title}\n{events:,} new events in {len(groups):,} log groups: {data}")
    for number, query in enumerate(told.queries, 1):
        if once:
            answer(run, data, number, query)
    if not once:
        run.out.write("Try next:\n\n")
        for query in told.queries:
            run.out.write(f"  {query.command(data)}\n\n")
        run.out.write(
            "  logq help\n\nA server and a console in the browser come in a later version.\n"
        )


def answer(run: Session, data: Path, number: int, query: DemoQuery) -> None:
    """Run a query of the demo and print its answer."""
    from logq.app import LogQ
    from logq.cli.answers import Asked, ask
    from logq.terminal import BOLD

    run.out.write(f"\n{run.out.paint(f'{number}. {query.title}', BOLD)}\n{query.sentence}\n\n")
    run.out.write("".join(f"    {line}\n" for line in query.text.splitlines()) + "\n")
    with LogQ(data) as logq:
        ask(run, logq, Asked(query.text, query.groups, output=query.output))
