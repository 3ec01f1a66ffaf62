"""``logq subscriptions``: who is told what is published to a topic."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from logq.cli import listing
from logq.cli.apps import command_app
from logq.cli.asking import asking
from logq.cli.faults import WrongUsage
from logq.cli.options import Output, Yes
from logq.cli.session import Session, session
from logq.values import compact

app = command_app()
Id = Annotated[str, typer.Argument(metavar="ID", help="The id or ARN of a subscription.")]
_COLUMNS = "id topic protocol address state created:timestamp"


@app.callback(invoke_without_command=True)
def subscriptions(context: typer.Context) -> None:
    """Add, list, show, delete and confirm subscriptions; alone it lists them."""
    if context.invoked_subcommand is None:
        list_subscriptions(context)


@app.command()
def add(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="The topic.")],
    protocol: Annotated[str, typer.Argument(metavar="PROTOCOL", help="See 'logq help notifiers'.")],
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="Where to; - reads it from stdin, out of the shell's history."
        ),
    ],
    no_ok: Annotated[
        bool, typer.Option("--no-ok", help="Do not tell that an alarm is over.")
    ] = False,
    repeat: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Remind so often of what is still an alarm, as 4h."),
    ] = None,
    filter_policy: Annotated[
        str | None,
        typer.Option(
            "--filter", metavar="JSON", help="Only messages whose attributes fit this pattern."
        ),
    ] = None,
    filter_body: Annotated[
        bool, typer.Option("--filter-body", help="The pattern looks at the message itself.")
    ] = False,
    per_second: Annotated[
        float | None, typer.Option("--per-second", metavar="N", help="Messages a second at most.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="sns-http: without its envelope.")] = False,
) -> None:
    """Add a receiver to a topic; prints the secret that signs its messages, once."""
    import sys

    run = session(context)
    options: dict[str, Any] = {
        "send_ok": not no_ok,
        "raw": raw,
        "filter_scope": "MessageBody" if filter_body else "MessageAttributes",
    }
    if repeat:
        options["repeat_seconds"] = _seconds(repeat)
    if filter_policy:
        options["filter_policy"] = _object(filter_policy)
    if per_second is not None:
        options["per_second"] = per_second
    body = {
        "topic": topic,
        "protocol": protocol,
        "endpoint": sys.stdin.readline().strip() if address == "-" else address,
        "options": options,
    }
    with asking(run) as server:
        made = server.call("POST", "/subscriptions", json=body)
    one, secret = made["subscription"], made["secret"]
    if not run.out.terminal:
        shown = {"id": one["id"], "arn": one["arn"]} | ({"secret": secret} if secret else {})
        run.out.write(compact(shown) + "\n")
        return
    run.say(f"{one['protocol']} {one['shown']} is told of {one['topic']}: {one['id']}")
    if secret:
        run.out.write(f"secret (shown this once): {secret}\n")
    if one["pending"]:
        run.say("the receiver has been asked to confirm; 'logq subscriptions confirm' does it too")


@app.command("list")
def list_subscriptions(
    context: typer.Context,
    topic: Annotated[
        str | None, typer.Argument(metavar="[TOPIC]", help="Only those of this topic.")
    ] = None,
    output: Output = None,
) -> None:
    """List the subscriptions; secrets in their addresses are not shown."""
    run = session(context)
    with asking(run) as server:
        params = {"topic": topic} if topic else {}
        found = server.call("GET", "/subscriptions", params=params)["subscriptions"]
    show_all(run, output, found)


@app.command()
def show(context: typer.Context, subscription: Id) -> None:
    """Print a subscription as JSON."""
    run = session(context)
    with asking(run) as server:
        found = server.call("GET", _path(subscription))
    run.out.write(run.out.safe(json.dumps(found, indent=2, ensure_ascii=False)) + "\n")


@app.command()
def delete(context: typer.Context, subscription: Id, yes: Yes = False) -> None:
    """Remove a subscription and what waits for it."""
    from logq.cli.commands.groups import confirm as agree

    run = session(context)
    with asking(run) as server:
        found = server.call("GET", _path(subscription))
        if not yes:
            agree(run, f"Remove {found['protocol']} {found['shown']} from {found['topic']}?")
        server.call("DELETE", _path(subscription))
    run.say(f"removed {found['protocol']} {found['shown']} from {found['topic']}")


@app.command()
def confirm(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="The topic.")],
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The token that a receiver got.")],
) -> None:
    """Confirm a subscription by the token that was sent to its receiver."""
    from logq.client.server import segment

    run = session(context)
    with asking(run) as server:
        path = f"/topics/{segment(topic)}/confirmations"
        found = server.call("POST", path, json={"token": token})
    run.say(f"confirmed {found['protocol']} {found['shown']}")


def show_all(run: Session, output: str | None, found: Sequence[dict[str, Any]]) -> None:
    """Print a list of subscriptions."""
    rows = (
        (one["id"], one["topic"], one["protocol"], one["shown"], _state(one), one["created"])
        for one in found
    )
    listing.show(run, output, _COLUMNS, rows)


def _state(one: dict[str, Any]) -> str:
    if one["disabled"]:
        return f"disabled: {one['disabled']}"
    return "pending" if one["pending"] else "active"


def _path(subscription: str) -> str:
    from logq.client.server import segment

    return f"/subscriptions/{segment(subscription.rpartition(':')[2])}"


def _seconds(text: str) -> int:
    from logq.units import parse_duration

    return parse_duration(text) // 1000


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise WrongUsage("the filter is no JSON object", hint='as \'{"team": ["web"]}\'')
    return found
