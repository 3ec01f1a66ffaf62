"""``logq alarms``: what watches metrics, log groups and other alarms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from logq.cli import alarm_options as given
from logq.cli import alarm_outcomes as outcomes
from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.asking import asking
from logq.cli.faults import IN_ALARM, WrongUsage
from logq.cli.options import End, Groups, Output, Since, Start, Yes, time_range
from logq.cli.session import Session, session
from logq.errors import InvalidValue
from logq.terminal import GREEN, RED, YELLOW

app = command_app()
Name = Annotated[str, typer.Argument(metavar="ALARM", help="The alarm.")]
_COLORS = {"ALARM": RED, "OK": GREEN, "INSUFFICIENT_DATA": YELLOW}


@app.callback(invoke_without_command=True)
def alarms(context: typer.Context) -> None:
    """Put, list, show, mute and try alarms; alone it lists them."""
    if context.invoked_subcommand is None:
        list_alarms(context)


@app.command()
def put(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ALARM", help="Its name.")],
    file: given.File = None,
    metric: given.Metric = None,
    dimension: given.Dimension = None,
    statistic: given.Statistic = None,
    group: Groups = None,
    query: given.Query = None,
    aggregation: given.Aggregation = None,
    rule: given.Rule = None,
    above: given.Above = None,
    at_least: given.AtLeast = None,
    below: given.Below = None,
    at_most: given.AtMost = None,
    period: given.Period = None,
    periods: given.Periods = None,
    datapoints: given.Datapoints = None,
    missing: given.Missing = None,
    topic: given.Topic = None,
    description: given.Description = None,
    tag: given.Tag = None,
) -> None:
    """Make an alarm, or replace its definition and keep its state.

    From FILE (TOML or JSON), from options, or from both; options go before.
    """
    run = session(context)
    document = given.document(
        file,
        metric=metric,
        dimension=dimension,
        statistic=statistic,
        group=group,
        query=query,
        aggregation=aggregation,
        rule=rule,
        limits={">": above, ">=": at_least, "<": below, "<=": at_most},
        period=period,
        periods=periods,
        datapoints=datapoints,
        missing=missing,
        topic=topic,
        description=description,
        tag=tag,
    )
    with asking(run, create=True) as server:
        made = server.call("PUT", _path(name), json=document)
    run.say(f"stored the {made['type']} alarm {name}: it is {made['state']['value']}")


@app.command("list")
def list_alarms(
    context: typer.Context,
    prefix: Annotated[
        str, typer.Argument(metavar="[PREFIX]", help="Only those whose names begin so.")
    ] = "",
    state: Annotated[
        str | None,
        typer.Option(metavar="STATE", help="Only those that are OK, ALARM or INSUFFICIENT_DATA."),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 10 if any of them is in ALARM.")
    ] = False,
    output: Output = None,
) -> None:
    """List alarms and their states."""
    run = session(context)
    params = {"prefix": prefix, **({"state": state} if state else {})}
    with asking(run) as server:
        found = server.call("GET", "/alarms", params=params)["alarms"]
    rows = (
        (
            each["name"],
            each["state"]["value"],
            each["type"],
            given.summary(each["definition"]),
            each["state"]["transitioned"],
        )
        for each in found
    )
    listing.show(run, output, "name state type watches since:timestamp", rows)
    if exit_code and any(each["state"]["value"] == "ALARM" for each in found):
        raise typer.Exit(IN_ALARM)


@app.command()
def show(
    context: typer.Context,
    alarm: Name,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FORMAT", help="json: everything, for 'put'."),
    ] = None,
) -> None:
    """Show an alarm, why it is in its state, and what it watches."""
    run = session(context)
    with asking(run) as server:
        found = server.call("GET", _path(alarm))
    if output == "json" or (output is None and not run.out.terminal):
        run.out.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return
    if output is not None:
        raise WrongUsage(f"an alarm is not shown as {output!r}", hint="-o json")
    state = found["state"]
    run.out.write(f"{run.out.safe(found['name'])}  {_colored(run, state['value'])}\n")
    lines = [state["reason"], given.summary(found["definition"])]
    lines += [found["definition"]["description"]] if found["definition"]["description"] else []
    lines += [f"evaluation: {state['evaluation']}"] if state["evaluation"] else []
    lines += [f"suppressed by {state['suppressed_by']}"] if state["suppressed_by"] else []
    lines += ["muted: its topics have not heard of this state"] if state["muted"] else []
    if not found["definition"]["actions"]["enabled"]:
        lines.append("its actions are disabled")
    run.out.write("".join(f"  {run.out.safe(line)}\n" for line in lines))


@app.command()
def history(
    context: typer.Context,
    alarm: Name,
    since: Since = None,
    start: Start = None,
    end: End = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, metavar="N")] = 100,
    output: Output = None,
) -> None:
    """Show what an alarm did in the last 30 days, newest first; also one that was deleted."""
    run = session(context)
    within = time_range(since, start, end, "UTC", run.now())
    given_times = {"limit": limit, "start": within.start, "end": within.end}
    params = {name: str(value) for name, value in given_times.items() if value is not None}
    with asking(run) as server:
        found = server.call("GET", f"{_path(alarm)}/history", params=params)["items"]
    rows = ((each["time"], each["type"], each["summary"]) for each in found)
    listing.show(run, output, "time:timestamp type summary", rows)


@app.command()
def delete(context: typer.Context, alarm: Name, yes: Yes = False) -> None:
    """Delete an alarm; its history stays for 30 days."""
    from logq.cli.commands.groups import confirm

    run = session(context)
    with asking(run) as server:
        if not yes:
            server.call("GET", _path(alarm))
            confirm(run, f"Delete the alarm {alarm}?")
        server.call("DELETE", _path(alarm))
    run.say(f"deleted the alarm {alarm}")


@app.command()
def enable(context: typer.Context, alarm: Name) -> None:
    """Let an alarm tell its topics of every change from now on."""
    run = session(context)
    with asking(run) as server:
        server.call("POST", f"{_path(alarm)}/enable")
    run.say(f"the alarm {alarm} tells its topics again")


@app.command()
def disable(context: typer.Context, alarm: Name) -> None:
    """Keep an alarm from telling anybody; it goes on changing."""
    run = session(context)
    with asking(run) as server:
        server.call("POST", f"{_path(alarm)}/disable")
    run.say(f"the alarm {alarm} tells nobody any more")


@app.command("set-state")
def set_state(
    context: typer.Context,
    alarm: Name,
    state: Annotated[str, typer.Argument(metavar="STATE", help="OK, ALARM or INSUFFICIENT_DATA.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "set by hand",
) -> None:
    """Put an alarm into a state until its next evaluation, to try what it does."""
    run = session(context)
    body = {"state": state.upper(), "reason": reason}
    with asking(run) as server:
        server.call("POST", f"{_path(alarm)}/state", json=body)
    run.say(f"the alarm {alarm} is {state.upper()} until its next evaluation")


@app.command()
def mute(
    context: typer.Context,
    alarm: Name,
    duration: Annotated[
        str, typer.Argument(metavar="[DURATION]", help="How long: 30m, 1h, 2d.")
    ] = "1h",
) -> None:
    """Mute an alarm from now on; what it is at the end is told then, if nobody knows it yet."""
    run = session(context)
    with asking(run) as server:
        server.call("POST", f"{_path(alarm)}/mute", json={"duration": duration})
    run.say(f"muted the alarm {alarm} for {duration}")


@app.command()
def backtest(
    context: typer.Context,
    alarm: Annotated[
        str, typer.Argument(metavar="FILE|ALARM", help="A definition as TOML or JSON, or an alarm.")
    ],
    group: Groups = None,
    pattern: Annotated[
        str | None,
        typer.Option("--pattern", metavar="PATTERN", help="With -g: count events that match."),
    ] = None,
    value: Annotated[
        str, typer.Option("--value", metavar="VALUE", help="With --pattern: 1, or $.latency.")
    ] = "1",
    since: Since = None,
    start: Start = None,
    end: End = None,
    output: Output = None,
) -> None:
    """Show every change of state that an alarm would have made; it need not exist.

    Over stored metrics, or with -g over stored events, through the metric filters of the log groups
    or through a pattern. Without a time, over the last 30 days.
    """
    run = session(context)
    within = time_range(since, start, end, "UTC", run.now())
    body: dict[str, Any] = {"groups": group or [], "pattern": pattern, "value": value}
    body |= {"start": within.start} if within.start is not None else {}
    body |= {"end": within.end} if within.end is not None else {}
    if Path(alarm).is_file() or alarm == "-":
        body["definition"] = given.read_file(alarm)
    else:
        body["name"] = alarm
    with asking(run) as server:
        found = server.call("POST", "/alarms/backtest", patient=True, json=body)
    if output is None and run.out.terminal:
        outcomes.draw(run, found)
    rows = (
        (each["time"], each["before"], each["after"], each["reason"]) for each in found["steps"]
    )
    listing.show(run, output, "time:timestamp before after reason", rows)
    run.say(outcomes.summary(found))


@app.command()
def unmute(context: typer.Context, alarm: Name) -> None:
    """Take back 'mute'."""
    run = session(context)
    with asking(run) as server:
        server.call("DELETE", f"{_path(alarm)}/mute")
    run.say(f"the alarm {alarm} is not muted any more")


def _path(name: str) -> str:
    from logq.client.server import segment

    if not name:
        raise InvalidValue("the alarm has no name")
    return f"/alarms/{segment(name)}"


def _colored(run: Session, state: str) -> str:
    return run.out.paint(state, _COLORS[state])
