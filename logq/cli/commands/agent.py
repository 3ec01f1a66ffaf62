"""``logq agent``: follow files."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.completion import formats, groups
from logq.cli.faults import Failed, WrongUsage
from logq.cli.session import Session, session
from logq.units import format_bytes, format_duration

if TYPE_CHECKING:
    from logq.app import LogQ
    from logq.client.remote import Remote
    from logq.ingest.agent_config import AgentConfig

app = command_app()

STATUS = "status"


@app.command()
def agent(
    context: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH...|status]",
            help="Files or globs to follow; 'status' shows how agents are doing.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            "--group", "-g", metavar="GROUP", help="The log group.", autocompletion=groups
        ),
    ] = None,
    stream: Annotated[
        str | None,
        typer.Option(
            "--stream", "-s", metavar="STREAM", help="Log stream, may hold {file} {path} {host}."
        ),
    ] = None,
    format: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="'logq help formats' lists them.")
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="What to follow: [[agent.source]] tables (TOML)."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Read what is there, make it durable, and exit.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FORMAT", help="Of status.", autocompletion=formats),
    ] = None,
) -> None:
    """Follow files and store what is written to them, exactly once."""
    run = session(context)
    if paths == [STATUS]:
        with run.open() as logq:
            show_status(run, logq, output)
        return
    options = {"stream": stream, "format": format}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if config is not None:
        run.config = Path(config)
    with run.open(create=True) as logq:
        follow(run, logq, chosen_config(logq, paths, group, given), once)


def chosen_config(
    logq: LogQ | Remote, paths: list[str] | None, group: str | None, options: dict[str, Any]
) -> AgentConfig:
    """What to follow: the arguments, else the configuration file; raises WrongUsage."""
    from logq.ingest.agent_config import config_from_arguments, load_config

    if paths:
        if group is None:
            raise WrongUsage("no log group is given", hint="name one with -g")
        return config_from_arguments(paths, group, **options)
    if group is not None or options:
        raise WrongUsage("no path is given", hint="name files or globs to follow")
    if logq.config is None:
        raise WrongUsage(
            "there is nothing to follow", hint="name files and -g GROUP, or --config FILE"
        )
    return load_config(logq.config, logq.options)


def follow(run: Session, logq: LogQ | Remote, config: AgentConfig, once: bool) -> None:
    """Run the agent until SIGINT or SIGTERM; raises Failed if events could not be stored."""
    from logq.ingest.agent import Stop

    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if not once:
        paths = ", ".join(path for source in config.sources for path in source.paths)
        run.say(f"following {paths}; Ctrl-C ends it and nothing is lost")
    report = logq.follow(config, stop, run.say, once=once)
    counters = report.status.counters
    run.say(
        f"{counters['lines']:,} lines, {counters['events']:,} events, "
        f"{format_bytes(counters['bytes'])} from {report.status.files_total:,} files"
    )
    for reason, count in report.status.dropped.items():
        run.warn(f"not stored because {reason}: {count:,}")
    if not report.complete:
        raise Failed(
            "not everything that was read could be stored",
            hint="the files still hold it; the next run goes on there",
        )


def show_status(run: Session, logq: LogQ | Remote, output: str | None) -> None:
    """Every agent on the data directory, and the files it follows."""
    from logq.ingest.agent_status import read_status

    found = read_status(logq.data)
    now = logq.clock()
    for agent in found:
        state = "runs" if agent.alive else "has ended" if agent.finished else "has died"
        heard = format_duration(max(0, now - agent.updated))
        run.say(
            f"agent {agent.pid} {state}, heard of {heard} ago: "
            f"{agent.counters['events']:,} events, {format_bytes(agent.lag_bytes)} behind in "
            f"{agent.files_total:,} files"
        )
        if agent.error:
            run.warn(f"agent {agent.pid}: {agent.error}")
        for reason, count in agent.dropped.items():
            run.warn(f"agent {agent.pid}: not stored because {reason}: {count:,}")
    if not found:
        run.say("no agent has run on this data directory")
    described = (
        "agent:integer path group stream offset:integer size:integer lag_bytes:integer "
        "lag_seconds:number lines:integer events:integer last_event:timestamp error"
    )
    rows = (
        (agent.pid, f.path, f.group, f.stream, f.offset, f.size, f.lag_bytes, f.lag_seconds,
         f.lines, f.events, f.last_event, f.error or None)
        for agent in found
        for f in agent.files
    )  # fmt: skip
    listing.show(run, output, described, rows)
