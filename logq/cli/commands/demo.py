"""``logq demo``: from nothing to answers in one command."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
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
        bool, typer.Option("--once", help="Keep nothing; only print the answers.")
    ] = False,
) -> None:
    """Load sample logs and answer three questions; your own data is not touched."""
    run = session(context)
    told = read_demo()
    if once and run.data is None:
        with tempfile.TemporaryDirectory(prefix="logq-demo-") as directory:
            play(run, told, Path(directory))
        return
    own = data_directory(None).with_name("logq-demo")
    data = data_directory(run.data) if run.data else own
    play(run, told, data)
    if not once:
        invite(run, told, data)


def play(run: Session, told: Demo, data: Path) -> None:
    """Load the samples into a data directory and answer the queries."""
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
        answer(run, data, number, query)


def invite(run: Session, told: Demo, data: Path) -> None:
    """Say how to go on."""
    program = shlex.join([called(), "--data", str(data)])
    run.out.write("\nThe data stays. Go on:\n\n")
    for following in told.next:
        run.out.write(f"# {following.title}\n{program} {following.command}\n\n")
    run.out.write("A server and a console in the browser come in a later version.\n")


def called() -> str:
    """The program's name as it can be typed here: bare if that finds it."""
    name = "logq"
    found = shutil.which(name)
    here = Path(sys.argv[0])
    if here.name != name or (found and Path(found).resolve() == here.resolve()):
        return name
    return str(here)


def answer(run: Session, data: Path, number: int, query: DemoQuery) -> None:
    """Run a query of the demo and print its answer."""
    from logq.app import LogQ
    from logq.cli.answers import Asked, ask
    from logq.terminal import BOLD

    run.out.write(f"\n{run.out.paint(f'{number}. {query.title}', BOLD)}\n{query.sentence}\n\n")
    run.out.write("".join(f"    {line}\n" for line in query.text.splitlines()) + "\n")
    with LogQ(data) as logq:
        ask(run, logq, Asked(query.text, query.groups, output=query.output))
