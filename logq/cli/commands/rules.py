"""``logq rules``: which events are sent on, and where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.asking import asking
from logq.cli.faults import WrongUsage
from logq.cli.options import Output, Yes
from logq.cli.session import session
from logq.values import compact

app = command_app()
Name = Annotated[str, typer.Argument(metavar="RULE", help="The rule.")]
Names = Annotated[list[str] | None, typer.Option(metavar="NAME")]


@app.callback(invoke_without_command=True)
def rules(context: typer.Context) -> None:
    """Put, list, show, try and delete event rules and their targets; alone it lists them."""
    if context.invoked_subcommand is None:
        list_rules(context)


@app.command()
def put(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="RULE", help="Its name.")],
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern", metavar="JSON", help="Which events it is about; @FILE reads a file."
        ),
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            "--schedule", metavar="WHEN", help="rate(5 minutes) or cron(0 9 ? * MON-FRI *), UTC."
        ),
    ] = None,
    description: Annotated[str, typer.Option("--description", metavar="TEXT")] = "",
    disabled: Annotated[
        bool, typer.Option("--disabled", help="It matches nothing until it is enabled.")
    ] = False,
    topic: Annotated[
        list[str] | None, typer.Option("--topic", metavar="TOPIC", help="Send to a topic.")
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", "-g", metavar="GROUP", help="Write to a log group, as JSON."),
    ] = None,
    url: Annotated[
        list[str] | None,
        typer.Option("--url", metavar="URL", help="Post to a web address; it is kept encrypted."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAMESPACE/NAME", help="Count in a metric."),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            metavar="TEMPLATE",
            help='What is sent in place of the event: JSON with <name>, like "is <state>".',
        ),
    ] = None,
    path: Annotated[
        list[str] | None,
        typer.Option("--path", metavar="NAME=$.PATH", help="What a <name> of --text stands for."),
    ] = None,
) -> None:
    """Make or replace a rule; given targets replace all that it had.

    logq rules put errors --pattern '{"source": ["aws.cloudwatch"]}' --topic ops
    """
    from logq.client.server import segment

    run = session(context)
    if pattern is not None and pattern.startswith("@"):
        pattern = Path(pattern[1:]).read_text("utf-8")
    if not pattern and not schedule:
        raise WrongUsage("a rule needs --pattern or --schedule")
    with asking(run, create=True) as server:
        info = server.call("GET", "/info")
        region, account = info["region"], info["account"]
        arns = [_topic(one, region, account) for one in topic or ()]
        arns += [f"arn:aws:logs:{region}:{account}:log-group:{one}" for one in group or ()]
        arns += url or ()
        arns += [f"arn:aws:cloudwatch:{region}:{account}:metric/{one}" for one in metric or ()]
        wanted: dict[str, Any] = {
            "pattern": pattern,
            "schedule": schedule,
            "enabled": not disabled,
            "description": description,
        }
        if arns:
            form = {"template": {"template": text, "paths": _paths(path)}} if text else {}
            wanted["targets"] = [
                {"id": f"target-{number}", "arn": arn, **form} for number, arn in enumerate(arns, 1)
            ]
        made = server.call("PUT", f"/rules/{segment(name)}", json=wanted)
    run.say(f"put the rule {name} with {len(made['targets'])} targets")
    for source in made["withheld"]:
        run.warn(f"the rule sees no events of {source}: you may not read what they tell of")


@app.command("list")
def list_rules(context: typer.Context, output: Output = None) -> None:
    """List the rules."""
    run = session(context)
    with asking(run) as server:
        found = server.call("GET", "/rules")["rules"]
    rows = (
        (
            each["name"],
            "enabled" if each["enabled"] else "disabled",
            each["schedule"] or each["pattern"],
            len(each["targets"]),
            each["updated"],
        )
        for each in found
    )
    listing.show(run, output, "name state matches targets:integer updated:timestamp", rows)


@app.command()
def show(context: typer.Context, rule: Name) -> None:
    """Print a rule with its targets as JSON."""
    run = session(context)
    with asking(run) as server:
        found = server.call("GET", _route(rule))
    run.out.write(run.out.safe(_json(found)) + "\n")


@app.command()
def delete(context: typer.Context, rule: Name, yes: Yes = False) -> None:
    """Delete a rule with its targets."""
    from logq.cli.commands.groups import confirm

    run = session(context)
    with asking(run) as server:
        found = server.call("GET", _route(rule))
        if not yes:
            confirm(run, f"Delete the rule {rule} with its {len(found['targets'])} targets?")
        server.call("DELETE", _route(rule))
    run.say(f"deleted the rule {rule}")


@app.command()
def enable(context: typer.Context, rule: Name) -> None:
    """Let a rule match again."""
    run = session(context)
    with asking(run) as server:
        server.call("POST", _route(rule) + "/enable")
    run.say(f"enabled the rule {rule}")


@app.command()
def disable(context: typer.Context, rule: Name) -> None:
    """Let a rule match nothing until it is enabled."""
    run = session(context)
    with asking(run) as server:
        server.call("POST", _route(rule) + "/disable")
    run.say(f"disabled the rule {rule}")


@app.command()
def targets(context: typer.Context, rule: Name, output: Output = None) -> None:
    """List where a rule sends events."""
    run = session(context)
    with asking(run) as server:
        found = server.call("GET", _route(rule))["targets"]
    rows = (
        (
            each["id"],
            each["arn"],
            each["input"]
            or each["input_path"]
            or (each["template"] and each["template"]["template"])
            or "",
            each["attempts"],
            each["seconds"],
        )
        for each in found
    )
    listing.show(run, output, "id arn sends attempts:integer seconds:integer", rows)


@app.command("test")
def try_pattern(
    context: typer.Context,
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="The event pattern, as JSON; @FILE.")
    ],
    event: Annotated[
        str | None,
        typer.Argument(metavar="EVENT", help="The event with its envelope, as JSON; else stdin."),
    ] = None,
) -> None:
    """Say whether a pattern matches an event; exits with 1 if it does not."""
    run = session(context)
    if pattern.startswith("@"):
        pattern = Path(pattern[1:]).read_text("utf-8")
    text = sys.stdin.read() if event is None else event
    with asking(run, create=True) as server:
        asked = {"pattern": pattern, "event": text}
        found = server.call("POST", "/rules/test", json=asked)["matches"]
    run.out.write("matches\n" if found else "does not match\n")
    if not found:
        raise typer.Exit(1)


def _route(rule: str) -> str:
    from logq.client.server import segment

    return f"/rules/{segment(rule)}"


def _topic(name: str, region: str, account: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:sns:{region}:{account}:{name}"


def _paths(given: list[str] | None) -> dict[str, str]:
    pairs = [one.partition("=") for one in given or ()]
    wrong = next((name for name, sign, _ in pairs if not sign), None)
    if wrong is not None:
        raise WrongUsage(f"--path {wrong} has no path", hint="write --path state=$.detail.state")
    return {name: value for name, _, value in pairs}


def _json(value: Any) -> str:
    return compact(value)
