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
        bool, typer.Option("--once", help="Only print the answers; start no server.")
    ] = False,
) -> None:
    """Load sample logs, answer three questions and serve the logs until Ctrl-C.

    Your own data is not touched.
    """
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
        serve_demo(run, told, data)


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


def serve_demo(run: Session, told: Demo, data: Path) -> None:
    """Serve the data on a free port of this machine until SIGINT or SIGTERM."""
    from logq.app import LogQ
    from logq.server import logs
    from logq.server.running import Binding, Server, serve

    def started(url: str, _: Server) -> None:
        invite(run, told, data, url)

    logs.start(run.verbose, quiet=not run.verbose)
    with LogQ(data) as logq:
        serve(logq, Binding("127.0.0.1", 0), started)


def invite(run: Session, told: Demo, data: Path, url: str) -> None:
    """Say how to go on."""
    program = shlex.join([called(), "--server", url])
    run.out.write(f"\nA server has the logs now: {url}\nAsk it, in another terminal:\n\n")
    for following in told.next:
        run.out.write(f"# {following.title}\n{program} {following.command}\n\n")
    here = shlex.join([called(), "--data", str(data)])
    run.out.write(
        "Clients of CloudWatch find the same logs:\n"
        "AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1 "
        f"aws --endpoint-url {url} logs describe-log-groups\n\n"
        f"Ctrl-C stops the server; the data stays: {here} groups\n"
    )
    run.out.flush()


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
